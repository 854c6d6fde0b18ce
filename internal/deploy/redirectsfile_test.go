package deploy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRulesOfRedirectsAreReadAsNetlifyAndCloudflareReadThem(t *testing.T) {
	text := "\ufeff# moved in 2024\n\n" +
		"/home /\n" +
		"/old/ /new/?a=b#part 302 # for now\n" +
		"/twitch https://twitch.tv\r\n" +
		"/a%20b/c.html \t /caf\u00e9\" 308!\n" +
		"/home /other\n" +
		"/blog/* /news/:splat\n" +
		"/news/:year/:slug /archive/:slug 301\n" +
		"/store id=:id page=:page /products/:id 301\n" +
		"/shop?id=1 /products/1\n" +
		"/ /de 302 Language=de\n" +
		"/api /index.html 200\n" +
		"/gone /404.html 404\n" +
		"https://example.org/x /y\n" +
		"/part#frag /whole\n"
	rules, undone, err := ParseRedirectsFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Redirect{
		{Line: 3, From: "home", To: "/", Status: 301},
		{Line: 4, From: "old", To: "/new/?a=b#part", Status: 302},
		{Line: 5, From: "twitch", To: "https://twitch.tv", Status: 301},
		{Line: 6, From: "a b/c.html", To: "/caf%C3%A9%22", Status: 308, Force: true},
		{Line: 16, From: "part", To: "/whole", Status: 301},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
	wantUndone := []Undone{
		{7, "/home /other", "line 3 already says where it leads"},
		{8, "/blog/* /news/:splat", "it has a splat (*)"},
		{9, "/news/:year/:slug /archive/:slug 301", "it has a placeholder (:NAME)"},
		{10, "/store id=:id page=:page", "it depends on the query"},
		{11, "/shop?id=1 /products/1", "it depends on the query"},
		{12, "/ /de 302", "it depends on who asks"},
		{13, "/api /index.html 200", "it is a rewrite and no redirect"},
		{14, "/gone /404.html 404", "404 is no redirect"},
		{15, "https://example.org/x /y", "it depends on the host"},
	}
	if diff := cmp.Diff(wantUndone, undone); diff != "" {
		t.Error(diff)
	}
}

func TestABadRedirectNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"\n/a\n":                                `line 2: "/a" leads nowhere`,
		"/a 301":                                `"301" is no address`,
		"/a b":                                  `"b" is no address`,
		"/a javascript:alert(1)":                "is no address",
		"/a //evil.example":                     "is no address",
		"/a https:///x":                         "is no address",
		"a /b":                                  `"a" is no path`,
		"/a /b soon":                            `"soon" is neither a status nor a condition`,
		"/%zz /b":                               "invalid URL escape",
		"/a/%2e%2e/b /b":                        "is no path of the site",
		"/a%00 /b":                              "is no path of the site",
		"/a /" + strings.Repeat("b", 2048):      "longer than 2048 bytes",
		"/" + strings.Repeat("a", 9<<10) + " /": "token too long",
	} {
		if _, _, err := ParseRedirectsFile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestRedirectsGiveWayToFilesOfTheBuild(t *testing.T) {
	tree := Tree{Files: []File{{Path: "about.html"}, {Path: "data"}, {Path: "new/index.html"}}}
	rules := []Redirect{
		{Line: 1, From: "about", To: "/x", Status: 301},
		{Line: 2, From: "new", To: "/x", Status: 301},
		{Line: 3, From: "new", To: "/y", Status: 301, Force: true},
		{Line: 4, From: "data/1", To: "/x", Status: 301},
		{Line: 5, From: "form.pdf", To: "/x", Status: 301},
		{Line: 6, From: "pressrun-release.json", To: "/x", Status: 301},
		{Line: 7, From: "old", To: "/x", Status: 301},
	}
	lines := func(folder bool) (made, undone []int) {
		m, u := Redirects(rules, tree, folder)
		for _, r := range m {
			made = append(made, r.Line)
		}
		for _, r := range u {
			undone = append(undone, r.Line)
		}
		return made, undone
	}
	made, undone := lines(false)
	if diff := cmp.Diff([][]int{{3, 5, 7}, {1, 2, 4, 6}}, [][]int{made, undone}); diff != "" {
		t.Error("a bucket:", diff)
	}
	made, undone = lines(true)
	if diff := cmp.Diff([][]int{{3, 7}, {1, 2, 4, 5, 6}}, [][]int{made, undone}); diff != "" {
		t.Error("a folder:", diff)
	}
}

func TestARedirectIsNeverCachedLikeTheFileItReplaces(t *testing.T) {
	rules, err := Rules{Headers: []HeaderRule{{Match: "ruled.html", Set: map[string]string{"cache-control": "no-store"}}}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Redirect
		want map[string]string
	}{
		{Redirect{From: "old", To: "/new", Status: 301}, map[string]string{"cache-control": CachePage, redirectHeader: "/new"}},
		{Redirect{From: "app-BxK3a9_z.js", To: "/new.js", Status: 308}, map[string]string{"cache-control": CachePage, redirectHeader: "/new.js", statusHeader: "308"}},
		{Redirect{From: "ruled.html", To: "/new", Status: 302}, map[string]string{"cache-control": "no-store", statusHeader: "302", locationHeader: "/new"}},
		{Redirect{From: "far", To: "/" + strings.Repeat("n", maxMetadata), Status: 302}, map[string]string{"cache-control": CachePage, statusHeader: "302"}},
	} {
		ruled, err := rules.HeadersFor(c.r.Path())
		if err != nil {
			t.Fatal(err)
		}
		headers, err := c.r.Headers(ruled)
		if err != nil || !LeadsOn(headers) {
			t.Fatal(headers, err)
		}
		c.want["content-type"] = "text/html; charset=utf-8"
		got := map[string]string{}
		for name, value := range headers.All() {
			got[name] = value
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", c.r.From, diff)
		}
	}
}

// checkEnds: whoever follows redirects comes to an end.
func checkEnds(t *testing.T, made []Redirect) {
	t.Helper()
	at := map[string]Redirect{}
	for _, r := range made {
		at[r.Path()] = r
	}
	for _, r := range made {
		here, ok := r, true
		for range len(made) + 1 {
			target, _ := TargetFile(here.To, func(name string) bool { _, ok := at[name]; return ok })
			if here, ok = at[target]; !ok {
				break
			}
		}
		if ok {
			t.Fatalf("%+v leads in a circle", r)
		}
	}
}

func FuzzParseRedirectsFile(f *testing.F) {
	f.Add([]byte("/a /b 301!\n/c d=e /f 302 Country=us # x\n"))
	f.Add([]byte("/%41 https://x/\"><script>'\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, _, err := ParseRedirectsFile(text)
		if err != nil {
			return
		}
		compiled, err := Rules{}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		made, _ := Redirects(rules, Tree{}, false)
		checkEnds(t, made)
		for _, r := range made {
			if name := r.Path(); strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") || strings.ContainsAny(name, "\x00\r\n") {
				t.Fatalf("%q is no file of the site", name)
			}
			if !strings.HasPrefix(r.To, "/") && !strings.HasPrefix(r.To, "http") {
				t.Fatalf("leads to %q", r.To)
			}
			page, plain := string(r.Page()), string(Redirect{To: "/"}.Page())
			if strings.Count(page, "<") != strings.Count(plain, "<") || strings.Count(page, `"`) != strings.Count(plain, `"`) {
				t.Fatalf("an address breaks out of its page:\n%s", page)
			}
			ruled, err := compiled.HeadersFor(r.Path())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Headers(ruled); err != nil {
				t.Fatal(err)
			}
		}
	})
}
