package source_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/content/source"
)

// fakes are the CMSs by the names of their kinds.
var fakes = map[string]func() *fake{
	"wordpress": fakeWordPress, "drupal": fakeDrupal, "rest": fakeREST, "wagtail": fakeWagtail, "ghost": fakeGhost,
	"directus": fakeDirectus, "contentful": fakeContentful, "strapi": fakeStrapi, "graphql": fakeGraphQL,
}

const second = "2006-01-02T15:04:05"

func number(q url.Values, key string, otherwise int) int {
	if n, err := strconv.Atoi(q.Get(key)); err == nil {
		return n
	}
	return otherwise
}

// cut is a page of some records.
func cut(all []record, start, size int) []record {
	return all[min(start, len(all)):min(start+size, len(all))]
}

func only(all []record, keep func(record) bool) (kept []record) {
	for _, r := range all {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

func pages(total, size int) int { return (total + size - 1) / size }

func fakeWordPress() *fake {
	f := &fake{as: "posts"}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"id":%d,"modified":"%s","modified_gmt":"%s","title":{"rendered":"v%d \u2013 <b>"},"author":1,"categories":[7]}`, r.id, r.at.Add(-5*time.Hour).Format(second), r.at.Format(second), r.version)
	}
	f.answer = func(w http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		switch r.URL.Path {
		case "/wp-json/wp/v2/taxonomies":
			return `{"category": {"rest_base": "categories", "rest_namespace": "wp/v2"}, "nav_menu": {"rest_base": "menus"}}`
		case "/wp-json/wp/v2/types":
			return `{"post": {"rest_base": "posts", "rest_namespace": "wp/v2"}, "wp_block": {"rest_base": "blocks"}}`
		case "/wp-json/wp/v2/categories", "/wp-json/wp/v2/users":
			w.Header().Set("X-WP-Total", "1")
			w.Header().Set("X-WP-TotalPages", "1")
			return `[{"id":7,"name":"x"}]`
		case "/wp-json/wp/v2/posts":
		default:
			return ""
		}
		if after, err := time.Parse(second, q.Get("modified_after")); err == nil {
			all = only(all, func(r record) bool { return r.at.Add(-5 * time.Hour).After(after) })
		}
		if ids := q.Get("include"); ids != "" {
			all = only(all, func(r record) bool { return slices.Contains(strings.Split(ids, ","), strconv.Itoa(r.id)) })
		}
		size, page := number(q, "per_page", 10), number(q, "page", 1)
		if size > 100 || page > max(1, pages(len(all), size)) {
			w.WriteHeader(http.StatusBadRequest)
			return `{"code":"rest_post_invalid_page_number"}`
		}
		w.Header().Set("X-WP-Total", strconv.Itoa(len(all)))
		w.Header().Set("X-WP-TotalPages", strconv.Itoa(pages(len(all), size)))
		raw := f.raw
		if q.Get("_fields") == "id,modified_gmt" {
			raw = func(r record) string { return fmt.Sprintf(`{"id":%d,"modified_gmt":"%s"}`, r.id, r.at.Format(second)) }
		}
		return f.join(cut(all, (page-1)*size, size), raw)
	}
	return f
}

func fakeDrupal() *fake {
	f := &fake{as: "node--article"}
	uuid := func(id int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", id) }
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"type":"node--article","id":%q,"attributes":{"drupal_internal__vid":%d,"langcode":"en","changed":%q,"title":"v%d"},"relationships":{"uid":{"data":{"type":"user--user","id":%q}}}}`,
			uuid(r.id), r.id*10+r.version, r.at.Format(time.RFC3339), r.version, uuid(1))
	}
	f.answer = func(_ http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		switch r.URL.Path {
		case "/jsonapi":
			return `{"data":[],"links":{"self":{"href":"x"},"node--article":{"href":"x"},"user--user":{"href":"x"}}}`
		case "/jsonapi/node/article":
		default:
			return ""
		}
		if since := number(q, "filter[since][condition][value]", 0); since > 0 {
			all = only(all, func(r record) bool { return r.at.Unix() >= int64(since) })
		}
		if ids := q["filter[ids][condition][value][]"]; len(ids) > 0 {
			all = only(all, func(r record) bool { return slices.Contains(ids, uuid(r.id)) })
		}
		size, start := min(50, number(q, "page[limit]", 50)), number(q, "page[offset]", 0)
		next := ""
		if start+size < len(all) {
			q.Set("page[offset]", strconv.Itoa(start+size))
			next = fmt.Sprintf(`,"next":{"href":"http://%s%s?%s"}`, r.Host, r.URL.Path, strings.ReplaceAll(q.Encode(), "&", `\u0026`))
		}
		page := cut(all, start, size)
		if next != "" && len(page) > 3 && q.Get("filter[ids][condition][value][]") == "" {
			page = page[:len(page):len(page)] // whoever asks may see all of them
		}
		return `{"jsonapi":{"version":"1.0"},"data":` + f.join(page, f.raw) + `,"links":{"self":{"href":"x"}` + next + `}}`
	}
	return f
}

func fakeREST() *fake {
	f := &fake{as: "articles", settings: source.Settings{Lists: []source.ListSettings{{
		Name: "articles", Path: "/v1/articles", Items: "/data/items", ID: "/key", Stamp: "/updated", Sparse: map[string]string{"fields": "key,updated"},
		Pages: source.PageSettings{SizeParam: "n", Size: 40, OffsetParam: "from", Total: "/data/total"},
		Since: source.SinceSettings{Param: "since", Format: "unix"}, ByID: source.ByIDSettings{Param: "key", Repeated: true, Batch: 10},
	}}}}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"key": "A-%d", "updated": %d, "v": %d}`, r.id, r.at.Unix(), r.version)
	}
	f.answer = func(_ http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		if r.URL.Path != "/v1/articles" {
			return ""
		}
		if since := number(q, "since", 0); since > 0 {
			all = only(all, func(r record) bool { return r.at.Unix() >= int64(since) })
		}
		if keys := q["key"]; len(keys) > 0 {
			all = only(all, func(r record) bool { return slices.Contains(keys, fmt.Sprint("A-", r.id)) })
		}
		return fmt.Sprintf(`{"data": {"total": %d, "items": %s}}`, len(all), f.join(cut(all, number(q, "from", 0), number(q, "n", 40)), f.raw))
	}
	return f
}

func fakeWagtail() *fake {
	f := &fake{as: "pages"}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"id":%d,"meta":{"type":"news.Page","locale":"en"},"title":"v%d"}`, r.id, r.version)
	}
	f.answer = func(w http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		size := number(q, "limit", 20)
		switch {
		case r.URL.Path != "/api/v2/pages/":
			return ""
		case size > 20:
			w.WriteHeader(http.StatusBadRequest)
			return `{"message":"limit cannot be higher than 20"}`
		}
		return fmt.Sprintf(`{"meta":{"total_count":%d},"items":%s}`, len(all), f.join(cut(all, number(q, "offset", 0), size), f.raw))
	}
	return f
}

func fakeGhost() *fake {
	f := &fake{as: "posts"}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"id":"%024x","title":"v%d","updated_at":"%s.000+00:00","tags":[{"id":"t1"}]}`, r.id, r.version, r.at.Format(second))
	}
	f.answer = func(w http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/ghost/api/content/"), "/")
		switch {
		case r.URL.Path == "/":
			return "Ghost"
		case q.Get("key") != "prs_secret":
			w.WriteHeader(http.StatusForbidden)
			return `{"errors":[{"message":"Unknown Content API Key"}]}`
		case name != "posts":
			return fmt.Sprintf(`{%q:[{"id":"t1"}],"meta":{"pagination":{"page":1,"limit":100,"pages":1,"total":1}}}`, name)
		}
		size, page := min(100, number(q, "limit", 15)), number(q, "page", 1)
		return fmt.Sprintf(`{"posts":%s,"meta":{"pagination":{"page":%d,"limit":%d,"pages":%d,"total":%d}}}`, f.join(cut(all, (page-1)*size, size), f.raw), page, size, pages(len(all), size), len(all))
	}
	return f
}

func fakeDirectus() *fake {
	f := &fake{as: "articles"}
	f.raw = func(r record) string { return fmt.Sprintf(`{"id":"%d-x","title":"v%d"}`, r.id, r.version) }
	f.answer = func(_ http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		switch r.URL.Path {
		case "/collections":
			return `{"data":[{"collection":"articles","schema":{}},{"collection":"folder","schema":null},{"collection":"directus_users","schema":{}}]}`
		case "/items/articles":
			size := number(q, "limit", 100)
			return fmt.Sprintf(`{"data":%s,"meta":{"filter_count":%d}}`, f.join(cut(all, (number(q, "page", 1)-1)*size, size), f.raw), len(all))
		}
		return ""
	}
	return f
}

func fakeStrapi() *fake {
	f := &fake{as: "articles", settings: source.Settings{Types: []string{"articles"}}}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"id":%d,"documentId":"d%d","title":"v%d","updatedAt":"%s.000Z"}`, r.id, r.id, r.version, r.at.Format(second))
	}
	f.answer = func(w http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q := r.URL.Query()
		switch {
		case r.URL.Path != "/api/articles":
			return ""
		case r.Header.Get("Authorization") != "Bearer prs_secret":
			w.WriteHeader(http.StatusForbidden)
			return `{"error":{"message":"Forbidden"}}`
		}
		size, page := min(100, number(q, "pagination[pageSize]", 25)), number(q, "pagination[page]", 1)
		return fmt.Sprintf(`{"data":%s,"meta":{"pagination":{"page":%d,"pageSize":%d,"pageCount":%d,"total":%d}}}`, f.join(cut(all, (page-1)*size, size), f.raw), page, size, pages(len(all), size), len(all))
	}
	return f
}

func fakeGraphQL() *fake {
	f := &fake{as: "articles", settings: source.Settings{Lists: []source.ListSettings{{
		Name: "articles", GraphQL: "query($n: Int, $after: String) { articles(first: $n, after: $after) { nodes { id v } pageInfo { endCursor hasNextPage } } }",
		Variables: map[string]any{"n": 40}, Cursor: "after", Items: "/data/articles/nodes", ID: "/id",
		Pages: source.PageSettings{Next: "/data/articles/pageInfo/endCursor", More: "/data/articles/pageInfo/hasNextPage"},
	}}}}
	f.raw = func(r record) string { return fmt.Sprintf(`{"id":"%d","v":%d}`, r.id, r.version) }
	f.answer = func(_ http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		var asked struct {
			Query     string
			Variables struct {
				N     int
				After string
			}
		}
		if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Query == "" {
			return ""
		}
		start := number(url.Values{"after": {asked.Variables.After}}, "after", 0)
		end := min(start+asked.Variables.N, len(all))
		return fmt.Sprintf(`{"data":{"articles":{"nodes":%s,"pageInfo":{"endCursor":"%d","hasNextPage":%v}}}}`, f.join(all[start:end], f.raw), end, end < len(all))
	}
	return f
}
