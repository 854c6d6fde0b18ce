package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/pressrun/pressrun/internal/content"
)

// strapi is read by its REST API, of versions 4 and 5:
// https://docs.strapi.io/cms/api/rest
var strapi = Kind{Name: "strapi", Title: "Strapi (REST API)", Lists: strapiLists, Credential: bearer}

// strapiLists are the lists of the named types, since the API does not list its types. They
// are read whole: with populate, a record has others within it, whose changes leave its stamp as
// it was.
func strapiLists(ctx context.Context, ask Asker, s Settings) ([]content.Type, error) {
	if len(s.Types) == 0 {
		return nil, errors.New("Strapi does not tell which types it has: name them by their plural, --types articles,authors") //nolint:staticcheck // ST1005: a name
	}
	var lists []content.Type
	for _, name := range s.Types {
		t := content.Type{
			Name: name, Path: "/api/" + url.PathEscape(name), Items: "/data", ID: "/documentId", Language: "/locale", Stamp: "/updatedAt",
			Query: url.Values{"populate": {"*"}, "sort": {"id"}},
			Pager: content.Pager{SizeParam: "pagination[pageSize]", Size: 100, NumberParam: "pagination[page]", First: 1, Total: "/meta/pagination/total", Pages: "/meta/pagination/pageCount"},
		}
		four, err := isStrapi4(ctx, ask, t.Request(s.URL, content.Want{}, "").URL)
		if err != nil {
			return nil, fmt.Errorf("ask Strapi for its %s: %w", name, err)
		}
		if four {
			t.ID, t.Language, t.Stamp = "/id", "/attributes/locale", "/attributes/updatedAt"
		}
		t.Serves = strapiServes()
		lists = append(lists, t)
	}
	return lists, nil
}

// isStrapi4 says whether records are as in version 4, which has their fields below
// attributes and no documentId.
func isStrapi4(ctx context.Context, ask Asker, address string) (bool, error) {
	answer, err := askJSON(ctx, ask, address)
	return answer.At("/data/0/id") != nil && answer.At("/data/0/documentId") == nil, err
}

func strapiServes() *content.Serving {
	return &content.Serving{
		DefaultSize: 25, MostSize: 100, Order: "id", Orders: map[string]content.Pointer{"id": "/id"}, OrderParam: "sort",
		Envelope: func(p content.ServedPage) ([]byte, error) {
			meta, err := json.Marshal(map[string]any{"pagination": map[string]any{"page": p.Number + 1, "pageSize": p.Size, "pageCount": p.Pages, "total": p.Total}})
			return fmt.Appendf(nil, `{"data":[%s],"meta":%s}`, bytes.Join(p.Items, []byte(",")), meta), err
		},
		One: func(raw []byte, _ string) ([]byte, error) { return fmt.Appendf(nil, `{"data":%s,"meta":{}}`, raw), nil },
	}
}
