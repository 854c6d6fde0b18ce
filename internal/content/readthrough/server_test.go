package readthrough_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/readthrough"
	"github.com/pressrun/pressrun/internal/content/source"
)

// copied is a copy of posts, as WordPress has them, and of Drupal's articles.
func copied(t testing.TB) (string, *content.Snapshot) {
	t.Helper()
	dir := t.TempDir()
	folder, err := archive.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	pass, err := folder.Begin(archive.Head{At: time.Now()}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := &content.Snapshot{Source: content.Source{Kind: "wordpress", URL: "https://cms.example.gov"}, Watermark: time.Unix(1e9, 0)}
	var bodies [][]byte
	for i := 1; i <= 25; i++ {
		post := fmt.Appendf(nil, `{"id":%d,"slug":"post-%d","date":"2026-01-%02dT00:00:00","categories":[%d]}`, i, i, 1+(i*7)%25, i%3)
		article := fmt.Appendf(nil, `{"type":"node--article","id":"u%02d","attributes":{"title":"t%d"}}`, i, i%2)
		bodies = append(bodies, post, article)
		s.Records = append(s.Records,
			content.Record{Key: content.Key{Type: "posts", ID: fmt.Sprint(i)}, Hash: content.Hash(post)},
			content.Record{Key: content.Key{Type: "node--article", ID: fmt.Sprintf("u%02d", i)}, Hash: content.Hash(article)})
	}
	if err := pass.Keep("all", archive.Answer{Records: s.Records}, bodies); err != nil {
		t.Fatal(err)
	}
	s.Sort()
	if _, err := folder.Commit(pass, nil, s, archive.State{}); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// cms answers what the copy can't.
type cms struct{ asked []string }

// Forward answers.
func (c *cms) Forward(_ context.Context, w http.ResponseWriter, address, _ string) error {
	c.asked = append(c.asked, address)
	if strings.Contains(address, "away") {
		return errors.New("connection refused")
	}
	_, err := w.Write([]byte("from the CMS"))
	return err
}

func serving(t testing.TB, upstream readthrough.Upstream) http.Handler {
	t.Helper()
	dir, s := copied(t)
	var types []content.Type
	for kind, answers := range map[string]map[string]string{
		"wordpress": {"taxonomies": `{"category": {"rest_base": "categories"}}`, "types": `{"post": {"rest_base": "posts"}}`},
		"drupal":    {"/jsonapi": `{"links": {"node--article": {}}}`},
	} {
		k, err := source.Find(kind)
		if err != nil {
			t.Fatal(err)
		}
		recorded := &source.Recording{Answers: map[string]source.Recorded{}}
		for path, body := range answers {
			if kind == "wordpress" {
				path = "/wp-json/wp/v2/" + path
			}
			recorded.Answers["GET https://cms.example.gov"+path] = source.Recorded{Status: 200, Body: body}
		}
		lists, err := k.Lists(t.Context(), recorded, source.Settings{URL: "https://cms.example.gov"})
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, lists...)
	}
	return readthrough.New(readthrough.Options{Dir: dir, Snapshot: s, Types: types, Upstream: upstream})
}

func get(t *testing.T, h http.Handler, address string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	r.Host = "127.0.0.1:8055"
	h.ServeHTTP(w, r)
	return w
}

// ids are those of an answer, in its order.
func ids(body string) string {
	var found []string
	for i, part := range strings.Split(body, `"id":`) {
		if i > 0 {
			found = append(found, strings.Trim(strings.SplitN(part, ",", 2)[0], `"`))
		}
	}
	return strings.Join(found, " ")
}

func TestTheCopySpeaksTheCMSsAddresses(t *testing.T) {
	h := serving(t, nil)
	const posts = "/wp-json/wp/v2/posts"
	for address, want := range map[string]string{
		posts:             "7 14 21 3 10 17 24 6 13 20", // the newest first: the day is 1 + 7 id modulo 25
		posts + "?page=3": "22 4 11 18 25",
		posts + "?per_page=3&orderby=id&order=asc":        "1 2 3",
		posts + "?per_page=3&page=2&orderby=id&order=asc": "4 5 6",
		posts + "?per_page=2&orderby=slug&order=asc":      "1 10",
		posts + "?include=4,9&orderby=id":                 "9 4",
		posts + "?slug=post-12":                           "12",
		posts + "?slug=none":                              "",
		posts + "?categories=0&per_page=100&orderby=id":   "24 21 18 15 12 9 6 3",
		posts + "/5":                                           "5",
		"/jsonapi/node/article?page[limit]=2":                  "u01 u02",
		"/jsonapi/node/article?page[limit]=2&page[offset]=2":   "u03 u04",
		"/jsonapi/node/article?filter[title]=t0&page[limit]=1": "u02",
		"/jsonapi/node/article/u07":                            "u07",
	} {
		w := get(t, h, address)
		if got := ids(w.Body.String()); got != want || w.Code != http.StatusOK || w.Header().Get("X-Pressrun-From") != "copy" {
			t.Errorf("%s: %d, %q, want %q", address, w.Code, got, want)
		}
	}
	w := get(t, h, posts+"?page=2")
	if h := w.Header(); h.Get("X-WP-Total") != "25" || h.Get("X-WP-TotalPages") != "3" || !strings.Contains(strings.Join(h.Values("Link"), " "), `posts?page=3>; rel="next"`) {
		t.Errorf("the header of page 2 is %v", h)
	}
	next := "/jsonapi/node/article?page[limit]=10"
	for n, want := range []string{"u01", "u11", "u21"} {
		body := get(t, h, next).Body.String()
		if got, _, _ := strings.Cut(ids(body), " "); got != want {
			t.Errorf("page %d of articles begins with %s, want %s", n+1, got, want)
		}
		_, after, _ := strings.Cut(body, `"next":{"href":"http://127.0.0.1:8055`)
		next, _, _ = strings.Cut(after, `"`)
		if next = strings.ReplaceAll(next, `\u0026`, "&"); (next == "") != (n == 2) {
			t.Fatalf("page %d leads nowhere: %s", n+1, body)
		}
	}
}

// What the copy can't answer exactly goes through, and is never guessed.
func TestWhatTheCopyDoesNotKnowGoesThrough(t *testing.T) {
	upstream := &cms{}
	h := serving(t, upstream)
	for _, address := range []string{
		"/wp-json/", "/wp-json/wp/v2/posts?search=x", "/wp-json/wp/v2/posts?per_page=101", "/wp-json/wp/v2/posts?page=0", "/wp-json/wp/v2/posts?page=4",
		"/wp-json/wp/v2/posts?orderby=relevance", "/wp-json/wp/v2/posts?slug=a&slug=b", "/wp-json/wp/v2/posts/999", "/wp-json/wp/v2/posts/5?_embed", "/wp-json/wp/v2/posts/5/revisions",
		"/jsonapi/node/article?include=uid", "/wp-json/wp/v2/postsx",
	} {
		if w := get(t, h, address); w.Body.String() != "from the CMS" || w.Header().Get("X-Pressrun-From") != "cms" {
			t.Errorf("%s: %d %s", address, w.Code, w.Body)
		}
		if got := upstream.asked[len(upstream.asked)-1]; got != "https://cms.example.gov"+address {
			t.Errorf("%s asked %s", address, got)
		}
	}
	if w := get(t, h, "/away"); w.Code != http.StatusBadGateway {
		t.Errorf("a CMS that is away: %d", w.Code)
	}
	if w := get(t, serving(t, nil), "/wp-json/"); w.Code != http.StatusNotFound {
		t.Errorf("with nothing behind: %d", w.Code)
	}
}

// A page of another site, in a browser of this machine, does not read the copy.
func TestOnlyProgramsOfThisMachineAreAnswered(t *testing.T) {
	h := serving(t, &cms{})
	for _, c := range []struct {
		method, host string
		want         int
	}{{"GET", "evil.example", 421}, {"GET", "localhost:1", 200}, {"HEAD", "[::1]:1", 200}, {"POST", "127.0.0.1", 405}, {"DELETE", "127.0.0.1", 405}} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/wp-json/wp/v2/posts", http.NoBody)
		r.Host = c.host
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%+v: %d", c, w.Code)
		}
	}
}

func FuzzServe(f *testing.F) {
	f.Add("page=2&per_page=5&slug=a,b")
	f.Add("orderby=-id&order=desc&page=9223372036854775807&per_page=100")
	h := serving(f, nil)
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := url.ParseQuery(query); err != nil {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/wp-json/wp/v2/posts", http.NoBody)
		r.Host, r.URL.RawQuery = "127.0.0.1", query
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
}
