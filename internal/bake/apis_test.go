package bake

import (
	"fmt"
	"strings"
	"testing"
)

// Pages that nothing links to are known from the CMS's own API.
func TestPagesThatOnlyTheAPIKnowsAreBaked(t *testing.T) {
	const key = "0123456789abcdef0123456789"
	for name, prepare := range map[string]func(c *fakeCMS){
		"Ghost": func(c *fakeCMS) {
			c.put("/", page("Home", `<script data-key="`+key+`" data-api="%[1]s/ghost/api/content/"></script>`))
			for _, kind := range []string{"posts", "pages", "tags", "authors"} {
				first := fmt.Sprintf(`{%q:[],"meta":{"pagination":{"next":null}}}`, kind)
				if kind == "posts" {
					first = `{"posts":[{"url":"%[1]s/about"}],"meta":{"pagination":{"next":2}}}`
				}
				c.put("/ghost/api/content/"+kind+"/?key="+key+"&fields=url&limit=100&page=1", answer{media: "application/json", body: first})
			}
			c.put("/ghost/api/content/posts/?fields=url&key="+key+"&limit=100&page=2", answer{media: "application/json", body: `{"posts":[{"url":"%[1]s/only-api/"}],"meta":{"pagination":{"next":null}}}`})
		},
		"Wagtail": func(c *fakeCMS) {
			c.put("/api/v2/pages/?limit=20&offset=0", answer{media: "application/json", body: `{"meta":{"total_count":2},"items":[{"meta":{"html_url":"%[1]s/about"}}]}`})
			c.put("/api/v2/pages/?limit=20&offset=1", answer{media: "application/json", body: `{"meta":{"total_count":2},"items":[{"meta":{"html_url":"%[1]s/only-api/"}}]}`})
		},
		"Drupal": func(c *fakeCMS) {
			home := page("Home", `home`)
			home.header = map[string]string{"X-Generator": "Drupal 11 (https://www.drupal.org)"}
			c.put("/", home)
			c.put("/jsonapi", answer{media: "application/vnd.api+json", body: `{"links":{"node--page":{"href":"%[1]s/jsonapi/node/page"}}}`})
			c.put("/jsonapi/node/page?fields%5Bnode--page%5D=path%2Clangcode%2Cdrupal_internal__nid%2Cdrupal_internal__tid", answer{media: "application/vnd.api+json", body: `{"data":[{"attributes":{"drupal_internal__nid":1,"path":{"alias":"/only-api/"}}}]}`})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCMS(t)
			prepare(c)
			c.put("/only-api/", page("Only", "known from the API alone"))
			o := options(t, c)
			a := mustBake(t, o)
			if !strings.Contains(contents(t, o.Dir)["only-api/index.html"], "known from the API alone") {
				t.Errorf("it was not baked; notes: %q", a.Notes)
			}
		})
	}
}
