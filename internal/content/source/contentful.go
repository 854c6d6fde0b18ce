package source

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/content"
)

// contentful is read by its Sync API, which reports deletions and goes on from a token:
// https://www.contentful.com/developers/docs/references/content-delivery-api/#/reference/synchronization
var contentful = Kind{Name: "contentful", Title: "Contentful (sync)", Lists: contentfulLists, Credential: bearer}

// contentfulLists is one list of entries and assets together: asked for one type alone,
// Contentful leaves deletions out.
func contentfulLists(_ context.Context, _ Asker, s Settings) ([]content.Type, error) {
	if s.Space.Space == "" {
		return nil, errors.New("the space is missing; expected a file of settings with contentful: {space: ..., environment: master}")
	}
	environment := s.Space.Environment
	if environment == "" {
		environment = "master"
	}
	return chosen([]content.Type{{
		Name: "content", Path: "/spaces/" + url.PathEscape(s.Space.Space) + "/environments/" + url.PathEscape(environment) + "/sync",
		Query: url.Values{"initial": {"true"}, "limit": {"1000"}}, Items: "/items", ID: "/sys/id", Stamp: "/sys/updatedAt", Revision: "/sys/revision",
		Pager: content.Pager{Next: "/nextPageUrl"}, Resume: "/nextSyncUrl",
		Deleted:   func(o content.Object) bool { return strings.HasPrefix(o.Text("/sys/type"), "Deleted") },
		Prefix:    contentfulPrefix,
		Referring: func(o content.Object) []string { return contentfulLinks(o["fields"], nil) },
	}}, s.Types)
}

// contentfulPrefix keeps entries and assets apart, which may have the same id.
func contentfulPrefix(o content.Object) string {
	return strings.ToLower(strings.TrimPrefix(o.Text("/sys/type"), "Deleted")) + "-"
}

// contentfulLinks are the links anywhere in fields.
func contentfulLinks(fields json.RawMessage, found []string) []string {
	var value any
	if json.Unmarshal(fields, &value) != nil {
		return found
	}
	return linksWithin(value, found)
}

func linksWithin(value any, found []string) []string {
	switch v := value.(type) {
	case []any:
		for _, inner := range v {
			found = linksWithin(inner, found)
		}
	case map[string]any:
		if sys, ok := v["sys"].(map[string]any); ok && sys["type"] == "Link" {
			kind, _ := sys["linkType"].(string)
			id, _ := sys["id"].(string)
			if kind == "Entry" || kind == "Asset" {
				return append(found, "content/"+strings.ToLower(kind)+"-"+id)
			}
		}
		for _, inner := range v {
			found = linksWithin(inner, found)
		}
	}
	return found
}
