package discover

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatGhostLists(t *testing.T) {
	api := Ghost("0123456789abcdef0123456789")
	lists := api.Lists()
	if len(lists) != 4 || !strings.Contains(lists[0], "key=0123456789abcdef0123456789&fields=url") {
		t.Fatalf("%q", lists)
	}
	pages, next, err := api.Page(lists[0], []byte(`{"posts":[{"url":"https://cms.example.gov/a/"},{"url":"https://cms.example.gov/b/"}],"meta":{"pagination":{"page":1,"pages":2,"next":2}}}`))
	if err != nil || !slices.Equal(pages, []string{"https://cms.example.gov/a/", "https://cms.example.gov/b/"}) || !strings.Contains(next, "page=2") || !strings.HasPrefix(next, "/ghost/api/content/posts/?") {
		t.Errorf("%q, %q (%v)", pages, next, err)
	}
	if _, next, err = api.Page(next, []byte(`{"posts":[],"meta":{"pagination":{"page":2,"next":null}}}`)); err != nil || next != "" {
		t.Errorf("%q (%v)", next, err)
	}
}

func TestWhatWagtailLists(t *testing.T) {
	api := Wagtail()
	at := api.Lists()[0]
	pages, next, err := api.Page(at, []byte(`{"meta":{"total_count":3},"items":[{"meta":{"html_url":"http://cms.example.gov/a/"}},{"meta":{"html_url":null}}]}`))
	if err != nil || len(pages) != 1 || next != "/api/v2/pages/?limit=20&offset=2" {
		t.Errorf("%q, %q (%v)", pages, next, err)
	}
	if _, next, err = api.Page(next, []byte(`{"meta":{"total_count":3},"items":[{"meta":{"html_url":"http://cms.example.gov/c/"}}]}`)); err != nil || next != "" {
		t.Errorf("%q (%v)", next, err)
	}
	for _, none := range []string{`<html>`, `{}`, `[]`, `{"detail":"not found"}`} {
		if _, _, err := api.Page(at, []byte(none)); err == nil {
			t.Errorf("%s is a list", none)
		}
	}
	// A list that says that there is more, and gives nothing, ends.
	if _, next, err := api.Page(at, []byte(`{"meta":{"total_count":3},"items":[]}`)); err != nil || next != "" {
		t.Errorf("%q (%v)", next, err)
	}
}

func TestWhatDrupalLists(t *testing.T) {
	api := Drupal()
	lists, err := api.Index([]byte(`{"links":{"node--article":{"href":"https://cms.example.gov/jsonapi/node/article"},"user--user":{"href":"https://cms.example.gov/jsonapi/user/user"}}}`))
	if err != nil || len(lists) != 1 || !strings.HasPrefix(lists[0], "https://cms.example.gov/jsonapi/node/article?fields%5Bnode--article%5D=path") {
		t.Fatalf("%q (%v)", lists, err)
	}
	pages, next, err := api.Page(lists[0], []byte(`{"data":[{"attributes":{"drupal_internal__nid":7,"path":{"alias":"/hours"}}},{"attributes":{"drupal_internal__nid":8,"path":{"alias":null}}},{"attributes":{"drupal_internal__tid":3}}],"links":{"next":{"href":"https://cms.example.gov/jsonapi/node/article?page%5Boffset%5D=50"}}}`))
	if err != nil || !slices.Equal(pages, []string{"/hours", "/node/8", "/taxonomy/term/3"}) || !strings.HasSuffix(next, "=50") {
		t.Errorf("%q, %q (%v)", pages, next, err)
	}
}

func FuzzAPIs(f *testing.F) {
	f.Add([]byte(`{"posts":[{"url":"/a/"}],"meta":{"pagination":{"next":2}}}`))
	f.Add([]byte(`{"meta":{"total_count":3},"items":[{"meta":{"html_url":"http://a/"}}]}`))
	f.Add([]byte(`{"data":[{"attributes":{"path":{"alias":"/a"}}}],"links":{"next":{"href":"/b"}}}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		for _, api := range []API{Ghost("k"), Wagtail(), Drupal()} {
			_, _, _ = api.Page(api.Lists()[0], text) // none panics, whatever comes
			if api.Index != nil {
				_, _ = api.Index(text)
			}
		}
	})
}
