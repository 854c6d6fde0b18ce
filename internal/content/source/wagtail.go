package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// wagtail is read by its API, version 2:
// https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html
var wagtail = Kind{Name: "wagtail", Title: "Wagtail (API v2)", Lists: wagtailLists, Credential: bearer}

// wagtailPage is the most that a page may have, unless WAGTAILAPI_LIMIT_MAX says more.
const wagtailPage = 20

// wagtailLists are the lists of the usual endpoints. A project names its own, so that one
// may be missing. Lists have no stamp: last_published_at is not
// among the fields unless the project puts it there.
func wagtailLists(ctx context.Context, ask Asker, s Settings) ([]content.Type, error) {
	var lists []content.Type
	for _, name := range []string{"pages", "images", "documents", "redirects", "snippets"} {
		t := content.Type{
			Name: name, Path: "/api/v2/" + name + "/", Items: "/items", ID: "/id", Language: "/meta/locale",
			Query:  url.Values{"fields": {"*"}, "order": {"id"}},
			Pager:  content.Pager{SizeParam: "limit", Size: wagtailPage, OffsetParam: "offset", Total: "/meta/total_count"},
			Serves: wagtailServes(),
		}
		err := ask.Ask(ctx, t.Request(s.URL, content.Want{}, ""), func(fetch.Answer) error { return nil })
		if refused, ok := errors.AsType[*fetch.StatusError](err); ok && refused.Status == http.StatusNotFound && name != "pages" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("ask Wagtail for its %s: %w", name, err)
		}
		lists = append(lists, t)
	}
	return chosen(lists, s.Types)
}

func wagtailServes() *content.Serving {
	return &content.Serving{
		DefaultSize: wagtailPage, MostSize: wagtailPage, OrderParam: "order", Order: "id",
		Orders:  map[string]content.Pointer{"id": "/id", "title": "/title", "slug": "/meta/slug", "first_published_at": "/meta/first_published_at"},
		Filters: map[string]content.Pointer{"type": "/meta/type", "slug": "/meta/slug", "locale": "/meta/locale", "title": "/title"},
		Envelope: func(p content.ServedPage) ([]byte, error) {
			return fmt.Appendf(nil, `{"meta":{"total_count":%d},"items":[%s]}`, p.Total, bytes.Join(p.Items, []byte(","))), nil
		},
	}
}
