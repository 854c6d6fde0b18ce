package browser

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Reader is somebody with a browser that knows no JavaScript.
type Reader struct {
	t      *testing.T
	base   string
	client *http.Client
}

// NewReader is a reader of the pages of a server, who keeps cookies and follows
// no redirect.
func NewReader(t *testing.T, base string) *Reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Reader{t: t, base: base, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Page is an answer as a reader has it.
type Page struct {
	t    *testing.T
	Resp *http.Response
	Text string
}

// Do makes a call.
func (r *Reader) Do(req *http.Request) Page {
	r.t.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return Page{t: r.t, Resp: resp, Text: string(text)}
}

// Get reads a page.
func (r *Reader) Get(path string) Page {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.Do(req)
}

// Form sends a form, with headers as pairs of name and value.
func (r *Reader) Form(path string, values url.Values, headers ...string) Page {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return r.Do(req)
}

// SignIn sends the form of the sign-in page.
func (r *Reader) SignIn(token, next string) Page {
	r.t.Helper()
	return r.Form("/signin", url.Values{"token": {token}, "next": {next}})
}

// Status ends the test if the answer has another status.
func (p Page) Status(want int) Page {
	p.t.Helper()
	if p.Resp.StatusCode != want {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", p.Resp.Request.Method, p.Resp.Request.URL.Path, p.Resp.StatusCode, want, p.Words())
	}
	return p
}

// Location is where the answer leads.
func (p Page) Location() string { return p.Resp.Header.Get("Location") }

var (
	tags   = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// Words are what is to be read on the page.
func (p Page) Words() string {
	words := spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(p.Text, " ")), " ")
	return strings.TrimSpace(strings.NewReplacer(" ,", ",", " .", ".").Replace(words))
}

// Says wants texts on the page.
func (p Page) Says(want ...string) Page {
	p.t.Helper()
	words := p.Words()
	for _, w := range want {
		if !strings.Contains(words, w) {
			p.t.Errorf("%s does not say %q:\n%s", p.Resp.Request.URL.Path, w, words)
		}
	}
	return p
}

// SaysNot wants texts not to be on the page.
func (p Page) SaysNot(unwanted ...string) Page {
	p.t.Helper()
	words := p.Words()
	for _, w := range unwanted {
		if strings.Contains(words, w) {
			p.t.Errorf("%s says %q:\n%s", p.Resp.Request.URL.Path, w, words)
		}
	}
	return p
}

// Field is the value of a hidden field.
func (p Page) Field(name string) string {
	p.t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.Text)
	if m == nil {
		p.t.Fatalf("%s has no hidden field %q", p.Resp.Request.URL.Path, name)
	}
	return html.UnescapeString(m[1])
}
