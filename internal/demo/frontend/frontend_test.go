package frontend_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/frontend"
	"github.com/pressrun/pressrun/test/democms"
)

const base = democms.Base

func build(t *testing.T, opts frontend.Options) (map[string]string, frontend.Summary) {
	t.Helper()
	summary, err := frontend.Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return democms.Files(t, opts.Out), summary
}

func TestTheSiteHoldsEveryPublishedArticleAndNoDraft(t *testing.T) {
	_, address := democms.Start(t)
	files, summary := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out")})
	var pages []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, "assets/") {
			pages = append(pages, name)
		}
	}
	want := []string{
		"404.html", "articles/borrow-renew-return/index.html", "articles/get-a-library-card/index.html",
		"articles/mobile-library/index.html", "articles/opening-hours/index.html", "articles/story-time/index.html",
		"articles/study-rooms/index.html", "articles/tool-library/index.html", "feed.xml", "index.html", "robots.txt", "sitemap.xml",
	}
	if diff := cmp.Diff(want, pages); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if summary.Articles != 7 || summary.Pages != 9 || summary.Files != 14 || summary.Bytes == 0 {
		t.Errorf("summary %+v", summary)
	}
	hours := files["articles/opening-hours/index.html"]
	for _, text := range []string{"<h1>Opening hours and holidays</h1>", "<h2>Branches</h2>", "<li>Saturday: 10 am to 5 pm</li>", "updated <time"} {
		if !strings.Contains(hours, text) {
			t.Errorf("article page lacks %q", text)
		}
	}
	if !strings.Contains(files["articles/get-a-library-card/index.html"], `<a href="/articles/borrow-renew-return/">what you can borrow</a>`) {
		t.Error("a link of the text is no link on the page")
	}
}

func TestTheSameContentGivesTheSameBytes(t *testing.T) {
	_, address := democms.Start(t)
	first, _ := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "a")})
	second, _ := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "b")})
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second build differs:\n%s", diff)
	}
}

func TestARebuildShowsTheEditAndDropsWhatIsUnpublished(t *testing.T) {
	c, address := democms.Start(t)
	out := filepath.Join(t.TempDir(), "out")
	before, _ := build(t, frontend.Options{CMS: address, Out: out})
	edit := cms.Edit{Title: "Opening hours", Slug: "opening-hours", Summary: "S", Body: "Open all night.", Author: "Maya"}
	if _, err := c.Update("1", edit, "Maya"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unpublish("6", "Maya"); err != nil {
		t.Fatal(err)
	}
	after, _ := build(t, frontend.Options{CMS: address, Out: out})
	if !strings.Contains(after["articles/opening-hours/index.html"], "Open all night.") {
		t.Error("the edit is not on the page")
	}
	if _, there := after["articles/story-time/index.html"]; there {
		t.Error("the unpublished article is still there")
	}
	for _, name := range []string{"articles/study-rooms/index.html", "404.html"} {
		if before[name] != after[name] {
			t.Errorf("%s changed without need", name)
		}
	}
}

func TestAFailedBuildLeavesTheSiteAsItWas(t *testing.T) {
	_, address := democms.Start(t)
	out := filepath.Join(t.TempDir(), "out")
	before, _ := build(t, frontend.Options{CMS: address, Out: out})
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"site":{"name":"L","url":"https://l.example"},"total":2,"articles":[]}`))
	}))
	defer broken.Close()
	if _, err := frontend.Build(t.Context(), frontend.Options{CMS: broken.URL, Out: out}); !errors.Is(err, content.ErrIncomplete) {
		t.Errorf("got %v, want ErrIncomplete", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := frontend.Build(cancelled, frontend.Options{CMS: address, Out: out}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if diff := cmp.Diff(before, democms.Files(t, out)); diff != "" {
		t.Errorf("the site changed:\n%s", diff)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	_, address := democms.Start(t)
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("years"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	cases := []struct {
		name string
		opts frontend.Options
		want string
	}{
		{"no CMS", frontend.Options{Out: out}, "set CMS_URL"},
		{"no folder", frontend.Options{CMS: address}, "no output folder"},
		{"somebody's folder", frontend.Options{CMS: address, Out: foreign}, "choose another"},
		{"analytics id with markup", frontend.Options{CMS: address, Out: out, AnalyticsID: `"><script>`}, "ANALYTICS_ID"},
		{"environment with markup", frontend.Options{CMS: address, Out: out, DeployEnv: "<b>"}, "DEPLOY_ENV"},
		{"public address that is none", frontend.Options{CMS: address, Out: out, BaseURL: "library"}, "public address"},
		{"public address with a path", frontend.Options{CMS: address, Out: out, BaseURL: "https://a.example/sub/"}, "/sub"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := frontend.Build(t.Context(), c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused build wrote something: %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(foreign, "thesis.txt")); err != nil || string(data) != "years" {
		t.Error("somebody's folder was touched")
	}
}

func TestNoPublicAddressIsAnError(t *testing.T) {
	listing := content.Listing{Site: content.Site{Name: "L"}}
	if _, err := frontend.Render(listing, frontend.Options{}); err == nil || !strings.Contains(err.Error(), "SITE_URL") {
		t.Errorf("got %v", err)
	}
}

func TestTheBuildProfileIsHonoured(t *testing.T) {
	_, address := democms.Start(t)
	env := map[string]string{"CMS_URL": address, "SITE_URL": "http://staging.example", "ANALYTICS_ID": "G-12345", "DEPLOY_ENV": "staging"}
	opts := frontend.OptionsFromEnv(func(key string) string { return env[key] })
	opts.Out = filepath.Join(t.TempDir(), "staging")
	staging, _ := build(t, opts)
	for name, page := range staging {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, want := range []string{`content="G-12345"`, `<meta name="robots" content="noindex">`, "This is the staging site"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
	}
	if !strings.Contains(staging["robots.txt"], "Disallow: /") || !strings.Contains(staging["sitemap.xml"], "<loc>http://staging.example/</loc>") {
		t.Error("robots.txt or sitemap.xml don't know the profile")
	}
	opts = frontend.Options{CMS: address, DeployEnv: "production", Out: filepath.Join(t.TempDir(), "production")}
	production, _ := build(t, opts)
	if page := production["index.html"]; strings.Contains(page, "noindex") || strings.Contains(page, "analytics") || strings.Contains(page, "not the public one") {
		t.Error("the production site has traces of another profile")
	}
}

func TestFeedAndSitemapAreValidXMLWithEveryArticle(t *testing.T) {
	_, address := democms.Start(t)
	files, _ := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out")})
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Updated string   `xml:"updated"`
		Entries []struct {
			ID     string `xml:"id"`
			Author string `xml:"author>name"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(files["feed.xml"]), &feed); err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != 7 || feed.Updated != "2026-01-25T15:30:00Z" || feed.Entries[0].ID != base+"/articles/tool-library/" || feed.Entries[0].Author != "Jonas Lind" {
		t.Errorf("feed %+v", feed)
	}
	var sitemap struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Locs    []string `xml:"url>loc"`
	}
	if err := xml.Unmarshal([]byte(files["sitemap.xml"]), &sitemap); err != nil {
		t.Fatal(err)
	}
	if len(sitemap.Locs) != 8 || sitemap.Locs[0] != base+"/" {
		t.Errorf("sitemap %+v", sitemap)
	}
}

var ownLink = regexp.MustCompile(`(?:href|src)="(/[^"]*)"`)

func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	_, address := democms.Start(t)
	files, _ := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out")})
	links := 0
	for name, page := range files {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, m := range ownLink.FindAllStringSubmatch(page, -1) {
			links++
			target := strings.TrimPrefix(m[1], "/")
			if target == "" || strings.HasSuffix(target, "/") {
				target += "index.html"
			}
			if _, ok := files[target]; !ok {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		if strings.Contains(page, `src="http`) || strings.Contains(page, `stylesheet" href="http`) {
			t.Errorf("%s loads something from elsewhere", name)
		}
	}
	if links < 50 {
		t.Errorf("only %d links found", links)
	}
}

func TestNoTextOfTheCMSBecomesMarkup(t *testing.T) {
	const evil = `</title><script>alert("1")</script>`
	c, address := democms.Start(t)
	edit := cms.Edit{Title: evil, Slug: "evil", Summary: evil, Body: evil + "\n\n## " + evil + "\n\n- " + evil + "\n\n[x](javascript:alert)", Author: evil, Publish: true}
	if _, err := c.Create(edit, "Maya"); err != nil {
		t.Fatal(err)
	}
	files, _ := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out")})
	for name, text := range files {
		if strings.Contains(text, "<script") || strings.Contains(text, `href="javascript`) {
			t.Errorf("%s holds the script", name)
		}
	}
	if !strings.Contains(files["articles/evil/index.html"], "&lt;script&gt;") {
		t.Error("the text is not on its page")
	}
}

func TestServedRequestsAreToldInPlainText(t *testing.T) {
	_, address := democms.Start(t)
	file := filepath.Join(t.TempDir(), "requests.json")
	cases := []struct {
		name, text string
		want       []string
		warnings   int
	}{
		{"a list", `[{"title":"Opening hours","entity":"article/1","action":"update","actor":"Maya","more":1}]`, []string{"update article/1 Opening hours by Maya"}, 0},
		{"an object", `{"release":7,"requests":[{"title":"Opening hours"},{}]}`, []string{"Opening hours", "a request without details"}, 0},
		{"terminal codes", `[{"title":"a\u001b[2Jb\nc\u202ed"}]`, []string{"ab cd"}, 0},
		{"none", `{"requests":[]}`, nil, 0},
		{"broken", `{"requests":7}`, nil, 1},
		{"cut", `[{"title":`, nil, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, summary := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out"), RequestsFile: file})
			if fmt.Sprint(summary.Changed) != fmt.Sprint(c.want) || len(summary.Warnings) != c.warnings {
				t.Errorf("changed %q, warnings %q; want %q and %d", summary.Changed, summary.Warnings, c.want, c.warnings)
			}
		})
	}
	_, summary := build(t, frontend.Options{CMS: address, Out: filepath.Join(t.TempDir(), "out"), RequestsFile: file + ".missing"})
	if len(summary.Warnings) != 1 || summary.Articles != 7 {
		t.Errorf("missing file: %+v, want a warning and a whole site", summary)
	}
}
