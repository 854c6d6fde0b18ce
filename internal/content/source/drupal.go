package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/content"
)

// drupal is read by JSON:API, which is part of its core:
// https://www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module
var drupal = Kind{
	Name: "drupal", Title: "Drupal (JSON:API)",
	Lists: drupalLists, Credential: basicOrBearer,
}

// drupalContent are the entity types that pages are made of.
var drupalContent = []string{"node", "taxonomy_term", "media", "file", "block_content", "menu_link_content", "paragraph"}

// drupalStamped are the entity types with the field "changed".
var drupalStamped = []string{"node", "taxonomy_term", "media", "file", "block_content", "menu_link_content"}

const (
	// drupalPage is the most that a page may have, fixed on purpose; a page may have
	// fewer and is not the last (drupal.org issue 2793233).
	drupalPage = 50
	// drupalBatch keeps the address of a request by ids well below 8 kB.
	drupalBatch = 25
)

func drupalLists(ctx context.Context, ask Asker, s Settings) ([]content.Type, error) {
	entry, err := askJSON(ctx, ask, s.URL+"/jsonapi")
	if err != nil {
		return nil, fmt.Errorf("ask Drupal for its resources: %w", err)
	}
	var links map[string]json.RawMessage
	if err := json.Unmarshal(entry["links"], &links); err != nil {
		return nil, fmt.Errorf("ask Drupal for its resources: /jsonapi has no links; enable the module JSON:API")
	}
	var lists []content.Type
	for _, name := range slices.Sorted(maps.Keys(links)) {
		entity, bundle, ok := strings.Cut(name, "--")
		if wanted := slices.Contains(s.Types, name) || len(s.Types) == 0 && slices.Contains(drupalContent, entity); ok && wanted {
			lists = append(lists, drupalList(name, entity, bundle))
		}
	}
	return chosen(lists, s.Types)
}

func drupalList(name, entity, bundle string) content.Type {
	t := content.Type{
		Name: name, Path: "/jsonapi/" + entity + "/" + bundle, Items: "/data", ID: "/id", Language: "/attributes/langcode",
		Pager:     content.Pager{SizeParam: "page[limit]", Size: drupalPage, Next: "/links/next/href"},
		ByID:      drupalByID,
		Batch:     drupalBatch,
		Query:     url.Values{"sort": {"id"}},
		Referring: drupalReferences,
		ValidID:   uuid.MatchString,
		Serves: &content.Serving{
			DefaultSize: drupalPage, MostSize: drupalPage, OffsetParam: "page[offset]", Order: "id", OrderParam: "sort",
			Orders:      map[string]content.Pointer{"id": "/id", "title": "/attributes/title", "created": "/attributes/created", "changed": "/attributes/changed", "name": "/attributes/name"},
			Filters:     map[string]content.Pointer{"filter[id]": "/id", "filter[title]": "/attributes/title", "filter[name]": "/attributes/name", "filter[langcode]": "/attributes/langcode"},
			Envelope:    drupalEnvelope,
			One:         drupalOne,
			ContentType: "application/vnd.api+json",
		},
	}
	if !slices.Contains(drupalStamped, entity) {
		return t
	}
	fields := "changed,langcode"
	t.Stamp = "/attributes/changed"
	if entity == "node" || entity == "media" || entity == "block_content" || entity == "taxonomy_term" || entity == "menu_link_content" {
		// The revision shows changes that leave "changed" as it was.
		fields, t.Revision = fields+",drupal_internal__"+drupalRevision(entity), content.Pointer("/attributes/drupal_internal__"+drupalRevision(entity))
	}
	t.Sparse = url.Values{"fields[" + name + "]": {fields}}
	t.Since = func(at time.Time) url.Values {
		return url.Values{
			"filter[since][condition][path]": {"changed"}, "filter[since][condition][operator]": {">="},
			"filter[since][condition][value]": {strconv.FormatInt(at.Unix(), 10)}, "sort": {"changed,id"},
		}
	}
	return t
}

// drupalRevision is the name of an entity type's revision number.
func drupalRevision(entity string) string {
	if entity == "node" || entity == "media" {
		return "vid"
	}
	return "revision_id"
}

func drupalByID(ids []string) url.Values {
	return url.Values{
		"filter[ids][condition][path]": {"id"}, "filter[ids][condition][operator]": {"IN"},
		"filter[ids][condition][value][]": ids,
	}
}

// drupalReferences are the references in all relationships of a resource.
func drupalReferences(o content.Object) []string {
	var relationships map[string]struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(o["relationships"], &relationships) != nil {
		return nil
	}
	var found []string
	for _, r := range relationships {
		var many []drupalIdentifier
		if json.Unmarshal(r.Data, &many) != nil {
			var one drupalIdentifier
			if json.Unmarshal(r.Data, &one) != nil {
				continue
			}
			many = append(many, one)
		}
		for _, to := range many {
			if to.ID != "" && to.ID != "virtual" && to.ID != "missing" { // JSON:API's words for none
				found = append(found, to.Type+"/"+to.ID)
			}
		}
	}
	return found
}

// uuid matches the ids of JSON:API; requests for a release often name a node's number.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// drupalIdentifier is a resource identifier of JSON:API 1.1.
type drupalIdentifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// drupalVersion is the member with the version of JSON:API in all answers of Drupal.
const drupalVersion = `"jsonapi":{"version":"1.0","meta":{"links":{"self":{"href":"http://jsonapi.org/format/1.0/"}}}}`

func drupalEnvelope(p content.ServedPage) ([]byte, error) {
	links := map[string]map[string]string{"self": {"href": p.Self}}
	if p.Number+1 < p.Pages {
		links["next"] = map[string]string{"href": p.At(p.Number + 1)}
	}
	if p.Number > 0 {
		links["prev"] = map[string]string{"href": p.At(p.Number - 1)}
	}
	text, err := json.Marshal(links)
	return fmt.Appendf(nil, `{%s,"data":[%s],"links":%s}`, drupalVersion, bytes.Join(p.Items, []byte(",")), text), err
}

func drupalOne(raw []byte, address string) ([]byte, error) {
	self, err := json.Marshal(address)
	return fmt.Appendf(nil, `{%s,"data":%s,"links":{"self":{"href":%s}}}`, drupalVersion, raw, self), err
}
