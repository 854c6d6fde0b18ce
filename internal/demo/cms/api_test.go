package cms

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/content"
)

func TestTheListingHoldsPublishedArticlesOnly(t *testing.T) {
	c := newCMS(t, Options{Site: content.Site{Name: "Library", URL: "https://library.example/"}})
	w := call(t, c, "GET", "/api/articles", "")
	listing, err := content.Decode(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if listing.Total != 7 || listing.Site.URL != "https://library.example/" || strings.Contains(w.Body.String(), "winter-reading") {
		t.Errorf("listing %+v", listing)
	}
	for i := 1; i < len(listing.Articles); i++ {
		if listing.Articles[i].UpdatedAt.After(listing.Articles[i-1].UpdatedAt) {
			t.Error("articles are not newest first")
		}
	}
}

func TestTheListingsETagChangesWithTheContent(t *testing.T) {
	c := newCMS(t, Options{})
	etag := call(t, c, "GET", "/api/articles", "").Header().Get("ETag")
	if w := call(t, c, "GET", "/api/articles", "", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("same content: %d", w.Code)
	}
	must(t)(c.Unpublish("1", "Maya"))
	if w := call(t, c, "GET", "/api/articles", "", "If-None-Match", etag); w.Code != http.StatusOK {
		t.Errorf("other content: %d", w.Code)
	}
}

func TestAnEmptyListingIsAnEmptyList(t *testing.T) {
	c := newCMS(t, Options{Articles: []content.Article{}})
	if got := call(t, c, "GET", "/api/articles", "").Body.String(); !strings.Contains(got, `"articles":[]`) {
		t.Errorf("got %s", got)
	}
}

func TestOneArticleByItsSlug(t *testing.T) {
	c := newCMS(t, Options{})
	for path, want := range map[string]int{"opening-hours": 200, "winter-reading": 404, "nothing": 404, "1": 404} {
		if w := call(t, c, "GET", "/api/articles/"+path, ""); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestHealthSaysReady(t *testing.T) {
	w := call(t, newCMS(t, Options{}), "GET", "/healthz", "")
	if w.Code != 200 || w.Body.String() != `{"status":"ready"}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestTheEditAPIAnswersWithTheChange(t *testing.T) {
	c := newCMS(t, Options{Publisher: &recorder{}})
	created := apiCall(t, c, "POST", "/api/articles", `{"title":"Night bus","summary":"S","body":"B","author":"Maya","actor":"Jonas Lind"}`, 201)
	if created.Change != nil || created.Article.ID != "9" || created.Article.Slug != "night-bus" {
		t.Errorf("created %+v", created)
	}
	published := apiCall(t, c, "POST", "/api/articles/9/publish", `{"actor":"Jonas Lind"}`, 200)
	if published.Change == nil || published.Change.Actor != "Jonas Lind" || published.Change.Action != ActionPublish {
		t.Errorf("published %+v", published)
	}
	updated := apiCall(t, c, "PUT", "/api/articles/9", `{"title":"Night bus 7","slug":"night-bus","summary":"S","body":"B","author":"Maya"}`, 200)
	if updated.Change == nil || updated.Change.Actor != apiActor || updated.Version != published.Version+1 {
		t.Errorf("updated %+v", updated)
	}
	if down := apiCall(t, c, "POST", "/api/articles/9/unpublish", "", 200); down.Change == nil || down.Article.Status != content.Draft {
		t.Errorf("unpublished %+v", down)
	}
	apiCall(t, c, "DELETE", "/api/articles/9", "", 200)
}

func apiCall(t *testing.T, c *CMS, method, path, body string, want int) Result {
	t.Helper()
	w := call(t, c, method, path, body)
	if w.Code != want {
		t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	var result Result
	if err := json.Unmarshal(w.Body.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestBadCallsAreProblemsThatChangeNothing(t *testing.T) {
	full := `{"title":"T","slug":"t","summary":"S","body":"B","author":"A"`
	cases := []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"no JSON", "PUT", "/api/articles/1", "title=x", 400, "body"},
		{"no body", "PUT", "/api/articles/1", "", 400, "body"},
		{"unknown field", "PUT", "/api/articles/1", full + `,"colour":"red"}`, 400, "colour"},
		{"wrong type", "PUT", "/api/articles/1", `{"title":7}`, 400, "title"},
		{"two values", "PUT", "/api/articles/1", full + `}{}`, 400, "more than one"},
		{"missing fields", "PUT", "/api/articles/1", `{"title":"T"}`, 422, "summary"},
		{"old version", "PUT", "/api/articles/1", full + `,"version":7}`, 409, "somebody else"},
		{"slug in use", "PUT", "/api/articles/1", `{"title":"T","slug":"story-time","summary":"S","body":"B","author":"A"}`, 422, "slug"},
		{"unknown article", "PUT", "/api/articles/99", full + "}", 404, "no such article"},
		{"too large", "PUT", "/api/articles/1", `{"body":"` + strings.Repeat("x", maxBody) + `"}`, 413, "too large"},
		{"unknown call", "PATCH", "/api/articles", "{}", 404, "no such call"},
		{"publish with a bad body", "POST", "/api/articles/8/publish", `{"actor":`, 400, "body"},
		{"publish under a bad name", "POST", "/api/articles/8/publish", `{"actor":"a\u0000"}`, 422, "actor"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := newCMS(t, Options{Publisher: &recorder{}})
			before := c.store.read()
			w := call(t, c, test.method, test.path, test.body)
			checkProblem(t, w, test.status, test.detail)
			if diff := cmp.Diff(before, c.store.read()); diff != "" {
				t.Errorf("a refused call changed something:\n%s", diff)
			}
		})
	}
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder, status int, detail string) {
	t.Helper()
	var got problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if w.Code != status || got.Status != status || !strings.Contains(got.Detail, detail) || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s, want %d with %q", w.Code, w.Body, status, detail)
	}
}

func FuzzAPIUpdate(f *testing.F) {
	f.Add(`{"title":"T","slug":"t","summary":"S","body":"B","author":"A","publish":true}`)
	f.Add(`{"actor":"x"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, body string) {
		c := newCMS(t, Options{Publisher: &recorder{}})
		w := call(t, c, "PUT", "/api/articles/1", body)
		if w.Code >= 500 {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if _, err := content.Decode(call(t, c, "GET", "/api/articles", "").Body); err != nil {
			t.Fatalf("%q made the listing unreadable: %v", body, err)
		}
	})
}
