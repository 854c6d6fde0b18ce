package account

import (
	"net/url"
	"strings"
	"testing"
)

func TestTheWayBackStaysHere(t *testing.T) {
	for next, want := range map[string]string{
		"":                         "/",
		"/":                        "/",
		"/sites/www":               "/sites/www",
		"/sites/www?still=1":       "/sites/www?still=1",
		"/sites/a%20b":             "/sites/a%20b",
		"/requests/req_1#x":        "/requests/req_1",
		"https://evil.example":     "/",
		"//evil.example":           "/",
		"///evil.example":          "/",
		"/\\evil.example":          "/",
		"\\/evil.example":          "/",
		"/%5Cevil.example":         "/",
		"/%2F/evil.example":        "/",
		"/%2Fevil.example":         "/",
		"/\t/evil.example":         "/",
		"/\n/evil.example":         "/",
		"javascript:alert(1)":      "/",
		"data:text/html,x":         "/",
		"evil.example":             "/",
		"/.//evil.example":         "/",
		"/..//evil.example":        "/",
		"/a/..//evil.example":      "/",
		"/signin?next=/":           "/",
		"/v1/backup":               "/",
		"http:/evil.example":       "/",
		"http:evil.example":        "/",
		"/%zz":                     "/",
		"//user@evil.example/site": "/",
	} {
		if got := safeReturn(next); got != want {
			t.Errorf("safeReturn(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzTheWayBack(f *testing.F) {
	for _, seed := range []string{"/sites/www", "//evil.example", "/\\evil", "/%2F/evil", "/a?b=//c"} {
		f.Add(seed)
	}
	here, err := url.Parse("https://pressrun.example.gov/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := safeReturn(next)
		to, err := here.Parse(got)
		if err != nil || to.Host != here.Host || to.Scheme != "https" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Fatalf("safeReturn(%q) = %q leads to %v (%v)", next, got, to, err)
		}
	})
}
