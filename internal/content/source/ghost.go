package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// ghost is read by its Content API: https://ghost.org/docs/content-api/
var ghost = Kind{Name: "ghost", Title: "Ghost (Content API)", Lists: ghostLists, Credential: ghostKey}

// ghostPage is the most that a page may have; Ghost 6 removed limit=all.
const ghostPage = 100

// ghostKey sends a key of the Content API, which has no other place than the address.
func ghostKey(key string) fetch.Credential { return fetch.Credential{Query: url.Values{"key": {key}}} }

// ghostLists are read whole: posts have their tags and authors within them, whose
// changes leave the post's stamp as it was.
func ghostLists(_ context.Context, _ Asker, s Settings) ([]content.Type, error) {
	var lists []content.Type
	for _, name := range []string{"posts", "pages", "tags", "authors", "tiers"} {
		t := content.Type{
			Name: name, Path: "/ghost/api/content/" + name + "/", Items: content.Pointer("/" + name), ID: "/id",
			Query: url.Values{"order": {"id ASC"}},
			Pager: content.Pager{SizeParam: "limit", Size: ghostPage, NumberParam: "page", First: 1, Total: "/meta/pagination/total", Pages: "/meta/pagination/pages"},
		}
		switch name {
		case "posts", "pages":
			t.Query.Set("include", "tags,authors")
			t.Stamp = "/updated_at"
			t.Referring = func(o content.Object) []string {
				return append(embedded(o, "/tags", "tags"), embedded(o, "/authors", "authors")...)
			}
		case "tags", "authors":
			t.Query.Set("include", "count.posts")
		}
		t.Serves = ghostServes(name)
		lists = append(lists, t)
	}
	return chosen(lists, s.Types)
}

// embedded are the references of a list of objects with ids.
func embedded(o content.Object, at content.Pointer, to string) (found []string) {
	var list []struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(o.At(at), &list) != nil {
		return nil
	}
	for _, one := range list {
		if one.ID != "" {
			found = append(found, to+"/"+one.ID)
		}
	}
	return found
}

func ghostServes(name string) *content.Serving {
	return &content.Serving{
		DefaultSize: 15, MostSize: ghostPage, Order: "-published_at", Ignored: []string{"key"},
		Orders: map[string]content.Pointer{"published_at": "/published_at", "id": "/id"},
		Envelope: func(p content.ServedPage) ([]byte, error) {
			next, prev := any(nil), any(nil)
			if p.Number+1 < p.Pages {
				next = p.Number + 2
			}
			if p.Number > 0 {
				prev = p.Number
			}
			meta, err := json.Marshal(map[string]any{"pagination": map[string]any{"page": p.Number + 1, "limit": p.Size, "pages": p.Pages, "total": p.Total, "next": next, "prev": prev}})
			return fmt.Appendf(nil, `{%q:[%s],"meta":%s}`, name, bytes.Join(p.Items, []byte(",")), meta), err
		},
		One: func(raw []byte, _ string) ([]byte, error) { return fmt.Appendf(nil, `{%q:[%s]}`, name, raw), nil },
	}
}
