package source

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/content"
)

// wordPress is read by its REST API, version 2:
// https://developer.wordpress.org/rest-api/reference/
var wordPress = Kind{
	Name: "wordpress", Title: "WordPress (REST API)",
	Lists: wordPressLists, Credential: basicOrBearer,
}

// wordPressInner are types of WordPress's own parts, which anonymous visitors may not
// list and no page is made of.
var wordPressInner = []string{
	"nav_menu_item", "wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation", "wp_font_family", "wp_font_face",
	"nav_menu", "wp_pattern_category",
}

// wordPressPage is the most records that a page may have.
const wordPressPage = 100

func wordPressLists(ctx context.Context, ask Asker, s Settings) ([]content.Type, error) {
	taxonomies, err := askJSON(ctx, ask, s.URL+"/wp-json/wp/v2/taxonomies")
	if err != nil {
		return nil, fmt.Errorf("ask WordPress for its taxonomies: %w", err)
	}
	types, err := askJSON(ctx, ask, s.URL+"/wp-json/wp/v2/types")
	if err != nil {
		return nil, fmt.Errorf("ask WordPress for its types: %w", err)
	}
	terms := map[content.Pointer]string{}
	var lists []content.Type
	for _, name := range slices.Sorted(maps.Keys(taxonomies)) {
		if base, path := wordPressBase(name, taxonomies); base != "" {
			terms[content.Pointer("/"+base)] = base
			lists = append(lists, wordPressTerms(base, path))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if base, path := wordPressBase(name, types); base != "" {
			lists = append(lists, wordPressPosts(base, path, terms))
		}
	}
	lists = append(lists, wordPressTerms("users", "/wp-json/wp/v2/users"))
	return chosen(lists, s.Types)
}

// wordPressBase is the name under which the API has a type or a taxonomy, and its path.
func wordPressBase(name string, all content.Object) (base, path string) {
	var one struct {
		Base      string `json:"rest_base"`
		Namespace string `json:"rest_namespace"`
	}
	if slices.Contains(wordPressInner, name) || json.Unmarshal(all[name], &one) != nil || one.Base == "" {
		return "", ""
	}
	if one.Namespace == "" { // before 5.9
		one.Namespace = "wp/v2"
	}
	return one.Base, "/wp-json/" + one.Namespace + "/" + one.Base
}

func wordPressPager() content.Pager {
	return content.Pager{SizeParam: "per_page", Size: wordPressPage, NumberParam: "page", First: 1, TotalHeader: "X-WP-Total", PagesHeader: "X-WP-TotalPages"}
}

// wordPressPosts is a list of posts of some type. modified_gmt, for modified is in the
// site's own time zone; the parameter modified_after (since 5.7) compares with modified,
// in that zone, so that a day is taken off: a record that is read again has the same
// hash.
func wordPressPosts(base, path string, terms map[content.Pointer]string) content.Type {
	references := map[content.Pointer]string{"/author": "users", "/featured_media": "media", "/parent": base}
	maps.Copy(references, terms)
	t := wordPressTerms(base, path)
	t.Query = url.Values{"orderby": {"id"}, "order": {"asc"}}
	t.Stamp = "/modified_gmt"
	t.Sparse = url.Values{"_fields": {"id,modified_gmt"}}
	t.Since = func(at time.Time) url.Values {
		return url.Values{"modified_after": {at.Add(-24 * time.Hour).UTC().Format("2006-01-02T15:04:05")}}
	}
	t.References = references
	serves := *t.Serves
	serves.Orders = map[string]content.Pointer{"date": "/date", "id": "/id", "modified": "/modified", "slug": "/slug"}
	serves.Order = "-date"
	serves.Filters = map[string]content.Pointer{"slug": "/slug", "author": "/author", "parent": "/parent"}
	for at, name := range terms {
		serves.Filters[name] = at
	}
	t.Serves = &serves
	return t
}

// wordPressTerms is a list of terms, or of users: they have no stamp.
func wordPressTerms(base, path string) content.Type {
	return content.Type{
		Name: base, Path: path, ID: "/id", Pager: wordPressPager(),
		ByID: listed("include"), Batch: wordPressPage,
		Query:      url.Values{"orderby": {"id"}, "order": {"asc"}},
		References: map[content.Pointer]string{"/parent": base},
		Serves: &content.Serving{
			DefaultSize: 10, MostSize: wordPressPage, IDs: "include", Filters: map[string]content.Pointer{"slug": "/slug", "parent": "/parent"},
			OrderParam: "orderby", DirectionParam: "order", Orders: map[string]content.Pointer{"id": "/id", "name": "/name", "slug": "/slug"}, Order: "name",
			Ignored: []string{"_locale"},
			Header: func(p content.ServedPage, h http.Header) {
				h.Set("X-WP-Total", strconv.Itoa(p.Total))
				h.Set("X-WP-TotalPages", strconv.Itoa(p.Pages))
				h.Set("Access-Control-Expose-Headers", "X-WP-Total, X-WP-TotalPages, Link")
				if p.Number > 0 {
					h.Add("Link", `<`+p.At(p.Number-1)+`>; rel="prev"`)
				}
				if p.Number+1 < p.Pages {
					h.Add("Link", `<`+p.At(p.Number+1)+`>; rel="next"`)
				}
			},
		},
	}
}
