package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// directus is read by its REST API: https://directus.io/docs/api
var directus = Kind{Name: "directus", Title: "Directus (REST API)", Lists: directusLists, Credential: bearer}

// directusLists are the collections that the credential may read. They are read whole:
// whether one has a stamp, and its name, are up to the project; for one that has, use the
// kind rest.
func directusLists(ctx context.Context, ask Asker, s Settings) ([]content.Type, error) {
	names := s.Types
	if len(names) == 0 {
		var err error
		if names, err = directusCollections(ctx, ask, s.URL); err != nil {
			return nil, err
		}
	}
	var lists []content.Type
	for _, name := range names {
		lists = append(lists, content.Type{
			Name: name, Path: "/items/" + url.PathEscape(name), Items: "/data", ID: "/id",
			Query: url.Values{"fields": {"*"}, "sort": {"id"}, "meta": {"filter_count"}},
			Pager: content.Pager{SizeParam: "limit", Size: 100, NumberParam: "page", First: 1, Total: "/meta/filter_count"},
			Serves: &content.Serving{
				DefaultSize: 100, MostSize: 100_000, OffsetParam: "offset", Order: "id", Orders: map[string]content.Pointer{"id": "/id"}, OrderParam: "sort",
				Envelope: func(p content.ServedPage) ([]byte, error) {
					return fmt.Appendf(nil, `{"data":[%s],"meta":{"filter_count":%d,"total_count":%d}}`, bytes.Join(p.Items, []byte(",")), p.Total, p.Total), nil
				},
				One: func(raw []byte, _ string) ([]byte, error) { return fmt.Appendf(nil, `{"data":%s}`, raw), nil },
			},
		})
	}
	return chosen(lists, s.Types)
}

func directusCollections(ctx context.Context, ask Asker, base string) (names []string, err error) {
	answer, err := askJSON(ctx, ask, base+"/collections")
	if refused, ok := errors.AsType[*fetch.StatusError](err); ok && (refused.Status == http.StatusForbidden || refused.Status == http.StatusUnauthorized) {
		return nil, fmt.Errorf("ask Directus for its collections: %w; or name them: --types articles,pages", err)
	}
	if err != nil {
		return nil, fmt.Errorf("ask Directus for its collections: %w", err)
	}
	var all []struct {
		Collection string          `json:"collection"`
		Schema     json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(answer["data"], &all); err != nil {
		return nil, errors.New("ask Directus for its collections: its answer has none at /data")
	}
	for _, c := range all {
		folder := len(c.Schema) == 0 || string(c.Schema) == "null" // groups have no table
		if c.Collection != "" && !folder && !strings.HasPrefix(c.Collection, "directus_") {
			names = append(names, c.Collection)
		}
	}
	slices.Sort(names)
	return names, nil
}
