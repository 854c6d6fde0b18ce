package cms

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/demo/content"
)

func TestAnEditorWritesPublishesAndTakesDownByForms(t *testing.T) {
	c := newCMS(t, Options{Publisher: &recorder{}})
	steps := []struct {
		path   string
		form   url.Values
		done   string
		status content.Status
	}{
		{"/articles", formOf(edit(), "save"), "created", content.Draft},
		{"/articles/9/publish", nil, "published", content.Published},
		{"/articles/9", formOf(Edit{Title: "Night bus", Slug: "night-bus", Summary: "S", Body: "New.", Author: "M"}, "save"), "published", content.Published},
		{"/articles/9/unpublish", nil, "unpublished", content.Draft},
		{"/articles/9", formOf(Edit{Title: "Night bus", Slug: "night-bus", Summary: "S", Body: "Newer.", Author: "M"}, "publish"), "published", content.Published},
	}
	for _, step := range steps {
		w := submit(t, c, step.path, step.form)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?done="+step.done {
			t.Fatalf("%s: %d to %q, want %s\n%s", step.path, w.Code, w.Header().Get("Location"), step.done, w.Body)
		}
		if got := article(t, c, "9").Status; got != step.status {
			t.Errorf("%s: %s, want %s", step.path, got, step.status)
		}
	}
	if page := call(t, c, "GET", "/articles/9/delete", "").Body.String(); !strings.Contains(page, "Delete “Night bus”?") {
		t.Error("deleting does not ask first")
	}
	if w := submit(t, c, "/articles/9/delete", nil); w.Header().Get("Location") != "/?done=deleted" {
		t.Errorf("delete: %d", w.Code)
	}
	if w := call(t, c, "GET", "/articles/9", ""); w.Code != http.StatusNotFound {
		t.Errorf("deleted article: %d", w.Code)
	}
}

func TestARefusedFormKeepsTheAuthorsText(t *testing.T) {
	c := newCMS(t, Options{})
	form := formOf(Edit{Title: "", Slug: "story-time", Summary: "S", Body: "My long <b>text</b>", Author: "A"}, "save")
	w := submit(t, c, "/articles/1", form)
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", w.Code)
	}
	for _, want := range []string{
		"My long &lt;b&gt;text&lt;/b&gt;", `<title>Error: `, `href="#title"`, `aria-invalid="true"`, `aria-describedby="slug-hint slug-error"`,
		"is already the address of",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q", want)
		}
	}
}

func TestTwoEditorsDontOverwriteEachOther(t *testing.T) {
	c := newCMS(t, Options{})
	form := formOf(edit(), "save")
	form.Set("version", "1")
	if w := submit(t, c, "/articles/1", form); w.Code != http.StatusSeeOther {
		t.Fatalf("first save: %d", w.Code)
	}
	form.Set("body", "The other text.")
	w := submit(t, c, "/articles/1", form)
	page := w.Body.String()
	if w.Code != http.StatusConflict || !strings.Contains(page, "The other text.") || !strings.Contains(page, `name="version" value="2"`) {
		t.Fatalf("second save: %d, want the text kept and a way to save it knowingly", w.Code)
	}
	form.Set("version", "2")
	if w := submit(t, c, "/articles/1", form); w.Code != http.StatusSeeOther || article(t, c, "1").Body != "The other text." {
		t.Errorf("third save: %d", w.Code)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	c := newCMS(t, Options{})
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		for _, path := range []string{"/articles/1/unpublish", "/api/articles/1/unpublish", "/articles/1/delete"} {
			if w := call(t, c, "POST", path, "", headers...); w.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d, want 403", path, headers, w.Code)
			}
		}
	}
	if len(publishedSlugs(c)) != 7 {
		t.Error("a forged form changed something")
	}
}

func TestForeignHostNamesAreRefused(t *testing.T) {
	c := newCMS(t, Options{URL: "http://cms.internal:8080"})
	cases := map[string]int{
		"127.0.0.1:8080": 200, "localhost": 200, "[::1]:99": 200, "cms.internal:8080": 200, "CMS.internal": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.7": 421,
	}
	for host, want := range cases {
		if w := callHost(t, c, host); w != want {
			t.Errorf("%s: %d, want %d", host, w, want)
		}
	}
	if got := callHost(t, newCMS(t, Options{}), "evil.example"); got != 421 {
		t.Errorf("without an address of its own: %d", got)
	}
}

func TestBadFormsAreRefused(t *testing.T) {
	c := newCMS(t, Options{})
	bad := formOf(edit(), "save")
	bad.Set("version", "x")
	long := formOf(edit(), "save")
	long.Set("body", strings.Repeat("x", maxBody))
	cases := []struct {
		path string
		form url.Values
		want int
	}{
		{"/articles/1", bad, 400},
		{"/articles/1", long, 413},
		{"/articles/99", formOf(edit(), "save"), 404},
		{"/articles/99/publish", nil, 404},
		{"/editor", url.Values{"editor": {"Mallory"}}, 400},
	}
	for _, test := range cases {
		if w := submit(t, c, test.path, test.form); w.Code != test.want {
			t.Errorf("%s: %d, want %d", test.path, w.Code, test.want)
		}
	}
}

func TestTheChosenEditorMakesTheChange(t *testing.T) {
	p := &recorder{}
	c := newCMS(t, Options{Publisher: p})
	w := submit(t, c, "/editor", url.Values{"editor": {"Priya Raman"}})
	cookie := w.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie %v", cookie)
	}
	call(t, c, "POST", "/articles/8/publish", "", "Cookie", cookie.String())
	call(t, c, "POST", "/articles/1/unpublish", "", "Cookie", "editor=77")
	s := c.store.read()
	if s.Changes[0].Actor != "Priya Raman" || s.Changes[1].Actor != editors[0] {
		t.Errorf("actors %q and %q", s.Changes[0].Actor, s.Changes[1].Actor)
	}
}

func TestNoTextOfAnEditorBecomesMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	status := &recorder{fallback: answer{state: StateWaiting, text: evil}}
	c := newCMS(t, Options{Publisher: status, Status: status, Site: content.Site{Name: evil, URL: "https://a.example"}})
	e := Edit{Title: evil, Slug: "evil", Summary: evil, Body: evil, Author: evil, Publish: true}
	id := must(t)(c.Create(e, evil)).Article.ID
	c.deliverDue(t.Context())
	for _, path := range []string{"/", "/articles/" + id, "/articles/" + id + "/delete", "/?done=" + url.QueryEscape(evil)} {
		page := call(t, c, "GET", path, "").Body.String()
		if strings.Contains(page, "<script>alert") {
			t.Errorf("%s holds the script", path)
		}
		if !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s does not show the text", path)
		}
	}
}

func TestPagesCanBeUsedByEverybody(t *testing.T) {
	status := &recorder{fallback: answer{state: StateWaiting, text: "In release #3."}}
	c := newCMS(t, Options{
		Publisher: status, Status: status, AnnounceSeed: true,
		Site: content.Site{Name: "Library", URL: "https://library.example/"}, ReleasesURL: "http://127.0.0.1:1/sites/www",
	})
	for _, path := range []string{"/", "/articles/new", "/articles/1", "/articles/1/delete", "/nothing"} {
		w := call(t, c, "GET", path, "")
		page := w.Body.String()
		for _, want := range []string{
			`<html lang="en">`, `<main id="main"`, `<nav aria-label="Main">`, "<header", "<footer", `class="skip" href="#main"`,
			`href="https://library.example/"`, `href="http://127.0.0.1:1/sites/www"`, `name="viewport"`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
		if got := strings.Count(page, "<h1"); got != 1 {
			t.Errorf("%s has %d h1", path, got)
		}
		checkLabels(t, path, page)
		checkIDs(t, path, page)
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no content security policy", path)
		}
	}
}

var (
	controlTag = regexp.MustCompile(`<(?:input|textarea|select)[^>]*>`)
	idPart     = regexp.MustCompile(`\bid="([^"]+)"`)
)

// checkLabels holds WCAG 1.3.1 and 4.1.2 for form fields: each has a label.
func checkLabels(t *testing.T, path, page string) {
	t.Helper()
	for _, tag := range controlTag.FindAllString(page, -1) {
		if strings.Contains(tag, `type="hidden"`) {
			continue
		}
		id := idPart.FindStringSubmatch(tag)
		if id == nil || !strings.Contains(page, `<label for="`+id[1]+`"`) {
			t.Errorf("%s: no label for %s", path, tag)
		}
	}
}

func checkIDs(t *testing.T, path, page string) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range idPart.FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("%s: id %q is used twice", path, m[1])
		}
		seen[m[1]] = true
	}
}

func TestBadgesTellTheTruth(t *testing.T) {
	p := &recorder{fallback: answer{state: StateWaiting, text: "In release #3, live in a minute."}}
	c := newCMS(t, Options{Publisher: p, Status: p})
	expect := func(when, kind, label, text string) {
		t.Helper()
		got := c.overview(t.Context()).article(article(t, c, "8"))
		if got.Kind != kind || got.Label != label || !strings.Contains(got.Text, text) {
			t.Errorf("%s: %+v, want %s %q %q", when, got, kind, label, text)
		}
	}
	expect("draft", "draft", "Draft", "Not on the public site")
	change := must(t)(c.Publish("8", "Maya")).Change
	expect("queued", "waiting", "Waiting to go live", "Being handed")
	p.set(func() { p.down = true })
	c.deliverDue(t.Context())
	expect("not delivered", "delayed", "Waiting to go live", "could not be reached")
	p.set(func() { p.down = false })
	if err := c.store.note(func(s *state) { s.delivered(change.ID, true) }); err != nil {
		t.Fatal(err)
	}
	expect("delivered", "waiting", "Waiting to go live", "In release #3")
	p.set(func() { p.states = map[string]answer{change.ID: {err: errors.New("down")}} })
	expect("no answer", "waiting", "Waiting to go live", "does not answer")
	p.set(func() { p.states[change.ID] = answer{state: StateFailed, text: "Trying again at 10:40."} })
	expect("failed", "delayed", "Delayed", "Trying again at 10:40.")
	p.set(func() { p.states[change.ID] = answer{state: StateLive, text: "Live since 10:41."} })
	expect("live", "live", "Live", "Live since 10:41.")
	p.set(func() { p.states[change.ID] = answer{state: StateWaiting} })
	asked := p.asked
	expect("once live, always live", "live", "Live", "Live since 10:41.")
	if p.asked != asked {
		t.Error("asked again about a change that is live")
	}
	must(t)(c.Unpublish("8", "Maya"))
	expect("unpublished", "waiting", "Waiting to be taken down", "")
	c.deliverDue(t.Context())
	p.set(func() { p.states, p.fallback = nil, answer{state: StateLive} })
	expect("taken down", "draft", "Draft", "Not on the public site")
}

func TestNothingIsCalledLiveWithoutAStatusSource(t *testing.T) {
	c := newCMS(t, Options{Publisher: &recorder{}})
	must(t)(c.Publish("8", "Maya"))
	c.deliverDue(t.Context())
	if page := call(t, c, "GET", "/", "").Body.String(); strings.Contains(page, `class="badge live"`) {
		t.Error("a page claims that something is live")
	}
}
