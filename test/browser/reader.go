package app

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
)

const (
	editorToken = "an editor's token, long enough"
	cmsToken    = "a content management system's token"
)

// withPeople configures an editor's and a program's token beside the
// operator's, and a second site that the editor may not see.
func withPeople(c *config.Config) {
	c.Tokens = append(c.Tokens,
		config.Token{Name: "newsroom", Role: "editor", SHA256: auth.HashToken(editorToken), Sites: []string{"www"}},
		config.Token{Name: "cms", Role: "cms", SHA256: auth.HashToken(cmsToken)})
	zero := config.Duration(0)
	c.Sites["secret"] = config.Site{Title: "Secret plans", Runner: "local", Quiet: &zero}
}

// reader is somebody with a browser that knows no JavaScript.
type reader struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newReader(t *testing.T, b *bench) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, base: b.url, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func signedInReader(t *testing.T, b *bench, token string) *reader {
	t.Helper()
	r := newReader(t, b)
	r.signIn(token, "/").status(http.StatusSeeOther)
	return r
}

// shownPage is an answer as a reader has it.
type shownPage struct {
	t    *testing.T
	resp *http.Response
	text string
}

func (r *reader) do(req *http.Request) shownPage {
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
	return shownPage{t: r.t, resp: resp, text: string(text)}
}

func (r *reader) get(path string) shownPage {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

func (r *reader) form(path string, values url.Values, headers ...string) shownPage {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return r.do(req)
}

func (r *reader) signIn(token, next string) shownPage {
	r.t.Helper()
	return r.form("/signin", url.Values{"token": {token}, "next": {next}})
}

func (p shownPage) status(want int) shownPage {
	p.t.Helper()
	if p.resp.StatusCode != want {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", p.resp.Request.Method, p.resp.Request.URL.Path, p.resp.StatusCode, want, p.words())
	}
	return p
}

func (p shownPage) location() string { return p.resp.Header.Get("Location") }

var (
	tags   = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// words are what is to be read on the page.
func (p shownPage) words() string {
	words := spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(p.text, " ")), " ")
	return strings.TrimSpace(strings.NewReplacer(" ,", ",", " .", ".").Replace(words))
}

func (p shownPage) says(want ...string) shownPage {
	p.t.Helper()
	words := p.words()
	for _, w := range want {
		if !strings.Contains(words, w) {
			p.t.Errorf("%s does not say %q:\n%s", p.resp.Request.URL.Path, w, words)
		}
	}
	return p
}

func (p shownPage) saysNot(unwanted ...string) shownPage {
	p.t.Helper()
	words := p.words()
	for _, w := range unwanted {
		if strings.Contains(words, w) {
			p.t.Errorf("%s says %q:\n%s", p.resp.Request.URL.Path, w, words)
		}
	}
	return p
}

// field is the value of a hidden field.
func (p shownPage) field(name string) string {
	p.t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.text)
	if m == nil {
		p.t.Fatalf("%s has no hidden field %q", p.resp.Request.URL.Path, name)
	}
	return html.UnescapeString(m[1])
}
