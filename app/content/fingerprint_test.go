package content

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/outbound"
)

// reading is what a site's fingerprint is, and how often the CMS was asked.
func reading(t *testing.T, pointer string, w world) (string, error) {
	t.Helper()
	f, err := NewFingerprints(Options{
		Log: slog.New(slog.DiscardHandler), Transport: w,
		Config: &config.Config{Sites: map[string]config.Site{"www": {Fingerprint: config.Fingerprint{URL: "https://cms.example.org/changes", Pointer: pointer}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f.Fingerprint(t.Context(), "www")
}

func TestEqualFingerprintsAreOfTheSameContent(t *testing.T) {
	for name, c := range map[string]struct {
		pointer       string
		first, second string
		tags          [2]string
		same          bool
	}{
		"the same body":               {first: "<ul>", second: "<ul>", same: true},
		"another body":                {first: "<ul>", second: "<ol>"},
		"the same tag":                {first: "1", second: "2", tags: [2]string{`"a"`, `"a"`}, same: true},
		"another tag":                 {first: "1", second: "1", tags: [2]string{`"a"`, `"b"`}},
		"a weak tag says nothing":     {first: "1", second: "2", tags: [2]string{`W/"a"`, `W/"a"`}},
		"the part that counts":        {pointer: "/data/0", first: `{"data": [{"a": 1, "b": 2}], "now": 1}`, second: `{"now": 2, "data":[{"b":2,"a":1}]}`, same: true},
		"another part":                {pointer: "/data/0", first: `{"data": [1]}`, second: `{"data": [2]}`},
		"large numbers":               {pointer: "/v", first: `{"v": 9007199254740993}`, second: `{"v": 9007199254740992}`},
		"a tag is not asked of parts": {pointer: "/v", first: `{"v": 1}`, second: `{"v": 2}`, tags: [2]string{`"a"`, `"a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got [2]string
			for i, body := range []string{c.first, c.second} {
				var err error
				got[i], err = reading(t, c.pointer, func(r *http.Request) (*http.Response, error) {
					answer, err := says(http.StatusOK, body)
					if c.tags[i] != "" {
						answer.Header.Set("ETag", c.tags[i])
					}
					return answer, err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if (got[0] == got[1]) != c.same {
				t.Errorf("%q and %q", got[0], got[1])
			}
		})
	}
}

func TestAFingerprintThatCantBeReadIsTriedTwiceAndSaysWhy(t *testing.T) {
	for want, w := range map[string]func(string) (*http.Response, error){
		"connection refused": func(string) (*http.Response, error) { return nil, errors.New("connection refused") },
		"answered 503":       func(string) (*http.Response, error) { return says(503, "sorry") },
		"answered 304":       func(string) (*http.Response, error) { return says(304, "") },
		"answered nothing":   func(string) (*http.Response, error) { return says(200, "") },
		"more than 8 MB":     func(string) (*http.Response, error) { return says(200, strings.Repeat("x", mostContent+1)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			gets := 0
			got, err := reading(t, "", func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodHead {
					return says(405, "")
				}
				gets++
				return w("")
			})
			if got != "" || err == nil || !strings.Contains(err.Error(), want) || gets != 2 {
				t.Errorf("got %q (%v) in %d tries, want %q", got, err, gets, want)
			}
		})
	}
	for body, want := range map[string]string{
		`{"v": null}`: "has null at /v", `{"v": ""}`: `has "" at /v`, `{"v": []}`: "has [] at /v", `{"v": {}}`: "has {} at /v", `{"v": true}`: "has true at /v",
		`[]`: "nothing at /v", `<html>`: "with JSON",
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, err := reading(t, "/v", func(*http.Request) (*http.Response, error) { return says(200, body) }); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", body, err, want)
			}
		})
	}
}

func FuzzPart(f *testing.F) {
	f.Add("/a/0", []byte(`{"a": [1]}`))
	f.Add("/~1/~0", []byte(`{"/": {"~": null}}`))
	f.Fuzz(func(t *testing.T, pointer string, body []byte) {
		one := fingerprint{Fingerprint: config.Fingerprint{URL: "https://cms.example.org", Pointer: pointer}}
		if value, err := one.part(outbound.Answer{Body: body, Whole: true}); (value == "") != (err != nil) {
			t.Errorf("%q, %v", value, err)
		}
	})
}

// An address that fails for ever with 200 would say for ever that nothing has changed.
func TestAnAnswerThatIsAboutNoContentIsNoFingerprint(t *testing.T) {
	const page, document = "text/html; charset=utf-8", "application/vnd.api+json"
	for name, c := range map[string]struct {
		kind, body, age, pointer string
		want                     string // "" for a fingerprint
	}{
		"a page":                       {kind: page, body: "<title>Changes</title><p>7"},
		"a page that speaks of errors": {kind: page, body: "<title>Changes</title><p>404 Not Found"},
		"a list":                       {kind: document, body: `[{"error": "in a title"}]`},
		"no error":                     {kind: document, body: `{"errors": [], "error": null, "data": 1}`},
		"text":                         {kind: "text/plain", body: "error"},
		"a fresh copy":                 {kind: "text/plain", body: "7", age: "60"},

		"an error page":          {kind: page, body: "<title>\n 503 Service Temporarily Unavailable</title>", want: "503 Service"},
		"another one":            {kind: page, body: "<!doctype html><TITLE>Error | Drupal</TITLE>", want: "tells of no content"},
		"in other words":         {kind: page, body: "<title>Site under maintenance</title>", want: "tells of no content"},
		"a challenge":            {kind: page, body: "<title>Just a moment...</title>", want: "tells of no content"},
		"a page to sign in":      {kind: page, body: "<title>CMS</title><form><input name=p type=PASSWORD>", want: "asks for a password"},
		"GraphQL's failure":      {kind: "application/json", body: `{"data": null, "errors": [{"message": "no"}]}`, want: "tells of a failure"},
		"a failure beside parts": {kind: document, body: `{"data": 1, "error": "no"}`, pointer: "/data", want: "tells of a failure"},
		"half a document":        {kind: document, body: `{"data": [1, 2`, want: "says that it answers with JSON"},
		"a picture":              {kind: "image/png", body: "\x89PNG", want: "image/png"},
		"blanks":                 {kind: "text/plain", body: " \n", want: "answered nothing"},
		"an old copy":            {kind: "text/plain", body: "7", age: "61", want: "61 seconds old"},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, err := reading(t, c.pointer, func(r *http.Request) (*http.Response, error) {
				answer, err := says(http.StatusOK, c.body)
				answer.Header.Set("Content-Type", c.kind)
				answer.Header.Set("ETag", `"the same for ever"`)
				if r.Method == http.MethodHead && strings.TrimSpace(c.body) == "" {
					answer.Header.Set("Content-Length", "0")
				}
				if c.age != "" {
					answer.Header.Set("Age", c.age)
				}
				return answer, err
			})
			if c.want == "" && (got == "" || err != nil) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
			}
		})
	}
}
