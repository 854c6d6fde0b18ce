package hugosite_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/test/democms"
	"github.com/pressrun/pressrun/test/e2e/hugosite"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// needHugo fails in CI and skips elsewhere: a test that is never run proves
// nothing.
func needHugo(t *testing.T) string {
	t.Helper()
	bin, err := exec.LookPath("hugo")
	if err == nil {
		return bin
	}
	servers.Missing(t, "hugo", "apt-get install hugo")
	return ""
}

// build writes the content into dir and builds it with real Hugo.
func build(t *testing.T, address, dir string) map[string]string {
	t.Helper()
	bin := needHugo(t)
	if err := hugosite.WriteContent(t.Context(), address, dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), eventually.Patience)
	defer cancel()
	out := filepath.Join(t.TempDir(), "public")
	cmd := exec.CommandContext(ctx, bin, "--source", dir, "--destination", out, "--cacheDir", t.TempDir())
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if output, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(output), "WARN") {
		t.Fatalf("hugo: %v\n%s", err, output)
	}
	return democms.Files(t, out)
}

func TestHugoBuildsEveryPublishedArticle(t *testing.T) {
	_, address := democms.Start(t)
	files := build(t, address, filepath.Join(t.TempDir(), "site"))
	for _, slug := range []string{"opening-hours", "get-a-library-card", "borrow-renew-return", "study-rooms", "mobile-library", "story-time", "tool-library"} {
		if files["articles/"+slug+"/index.html"] == "" {
			t.Errorf("no page for %s", slug)
		}
	}
	if _, there := files["articles/winter-reading/index.html"]; there {
		t.Error("the draft has a page")
	}
	for name, texts := range map[string][]string{
		"index.html":                             {`<a href="/articles/opening-hours/">Opening hours and holidays</a>`, `href="/css/site.`, "For everyone."},
		"articles/opening-hours/index.html":      {">Branches</h2>", "<li>Saturday: 10 am to 5 pm</li>", "Maya Okafor · <time datetime=\"2026-01-12T09:30:00Z\">"},
		"articles/get-a-library-card/index.html": {`<a href="/articles/borrow-renew-return/">what you can borrow</a>`},
		"404.html":                               {"Page not found"},
		"sitemap.xml":                            {"https://library.example/articles/tool-library/"},
	} {
		for _, text := range texts {
			if !strings.Contains(files[name], text) {
				t.Errorf("%s lacks %s:\n%s", name, text, files[name])
			}
		}
	}
}

func TestTextThatHugoWouldReadAsItsOwnStaysText(t *testing.T) {
	c, address := democms.Start(t)
	nasty := cms.Edit{
		Title: `{{< ref "x" >}} "quoted" } \ --- <script>alert(1)</script>`, Slug: "index",
		Summary: `+++ {{ .Site }} <b>bold</b> \"`,
		Body: "{{< figure src=\"x\" >}} and {{% note %}} <script>alert(2)</script>\n\n<!--more-->\n\n---\n\n    code?\n\n1. one *two* _three_ `four` www.example.org\n\n" +
			"## {#id} `h`\n\n- # item\n\n[good](https://example.org/a_b_(c)) [mail](mailto:a_b@example.org) [way](https://example.org/a_b?c=d&e=*f*)",
		Author: "O'Neil </time>", Publish: true,
	}
	if _, err := c.Create(nasty, "Maya"); err != nil {
		t.Fatal(err)
	}
	files := build(t, address, filepath.Join(t.TempDir(), "site"))
	page := files["articles/index/index.html"]
	for _, text := range []string{
		"{{&lt; figure src=&quot;x&quot; &gt;}} and {{% note %}} &lt;script&gt;alert(2)&lt;/script&gt;", "<p>&lt;!--more--&gt;</p>", "<p>---</p>", "<p>code?</p>",
		"1. one *two* _three_ `four` www.example.org", "{#id} `h`</h2>", "<li># item</li>",
		`<a href="mailto:a_b@example.org">mail</a>`, `<a href="https://example.org/a_b?c=d&amp;e=*f*">way</a>`,
		"&lt;b&gt;bold&lt;/b&gt;", "&lt;/time&gt;",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("page lacks %s", text)
		}
	}
	for name, text := range files {
		if strings.Contains(text, "<script") {
			t.Errorf("%s holds the script", name)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestUnpublishedArticlesAndOldPagesAreGoneAndTheRestStays(t *testing.T) {
	c, address := democms.Start(t)
	dir := filepath.Join(t.TempDir(), "site")
	before := build(t, address, dir)
	own := filepath.Join(dir, "content", "about.md")
	if err := os.WriteFile(own, []byte("{\"title\": \"About\"}\n\nAbout us.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unpublish("6", "Maya"); err != nil {
		t.Fatal(err)
	}
	after := build(t, address, dir)
	if _, there := after["articles/story-time/index.html"]; there {
		t.Error("the unpublished article still has a page")
	}
	if after["about/index.html"] == "" {
		t.Error("the site's own page is gone")
	}
	if diff := cmp.Diff(before["articles/opening-hours/index.html"], after["articles/opening-hours/index.html"]); diff != "" {
		t.Errorf("an untouched page changed:\n%s", diff)
	}
}

func TestTheSameContentGivesTheSameSource(t *testing.T) {
	_, address := democms.Start(t)
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := hugosite.WriteContent(t.Context(), address, dir); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(democms.Files(t, a), democms.Files(t, b)); diff != "" {
		t.Errorf("second writing differs:\n%s", diff)
	}
}

func TestNothingIsWrittenWithoutContent(t *testing.T) {
	empty, err := cms.New(cms.Options{Articles: []content.Article{}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(empty)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "site")
	if err := hugosite.WriteContent(t.Context(), server.URL, dir); !errors.Is(err, content.ErrIncomplete) {
		t.Errorf("got %v, want ErrIncomplete", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}
