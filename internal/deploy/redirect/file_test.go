package redirect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

func TestRulesLeftToTheCDNAnswerTheirPaths(t *testing.T) {
	left := LeftToCDN([]byte(`# ours
/moved /new 301
/blog/* /news/:splat 301
/y/:year/x /archive/:year
/app/* /index.html 200
/q id=1 /one
/de/* /deutsch/:splat 302 Language=de
/hidden/* /404.html 404
https://old.example.org/* https://www.example.org/:splat
not a rule at all
`))
	for path, want := range map[string]bool{
		"blog/2024/x": true, "blog/": true, "blog": true, "y/2024/x": true, "y/2024/x/": true, "app/a/b/c": true, "q": true, "de/x": true,
		"moved": false, "new": false, "y/2024": false, "y/2024/5/x": false, "hidden/x": false, "": false, "blogs/x": false, "x/blog/y": false, "/": false, "/blog/x": false,
	} {
		if got := left(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

// TestAHundredThousandRules are read, and asked about, each at the cost of its own: one
// look at all rules for each link would take minutes.
func TestAHundredThousandRules(t *testing.T) {
	const rules, patterns = 100_000, 2_000
	var plain, splats strings.Builder
	for i := range rules {
		fmt.Fprintf(&plain, "/old/page-%d /new/%d 301\n", i, i)
		fmt.Fprintf(&splats, "/old/%d/* /new/:splat 301\n", i)
		if i < patterns {
			fmt.Fprintf(&splats, "/y%d/:year/x /archive/:year\n", i)
		}
	}
	made, undone, err := ParseFile([]byte(plain.String()))
	if err != nil || len(made) != rules || len(undone) != 0 {
		t.Fatalf("%d rules, %d left, %v", len(made), len(undone), err)
	}
	left := LeftToCDN([]byte(splats.String()))
	for i := 0; i < rules; i += 9 {
		if !left(fmt.Sprintf("old/%d/a/b", i)) || !left(fmt.Sprintf("y%d/2024/x", i%patterns)) || left(fmt.Sprintf("new/%d", i)) {
			t.Fatalf("rule %d is not the CDN's", i)
		}
	}
}

func TestALineThatIsTooLongIsNamed(t *testing.T) {
	_, _, err := ParseFile([]byte("/a /b\n\n/" + strings.Repeat("x", maxRedirectsLine) + " /b\n"))
	if err == nil || !strings.Contains(err.Error(), "_redirects line 3 is longer than 8192 bytes") {
		t.Error(err)
	}
}

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
	rules, undone, err := ParseFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rule{
		{Line: 3, From: "home", To: "/", Status: 301},
		{Line: 4, From: "old", Folder: true, To: "/new/?a=b#part", Status: 302},
		{Line: 5, From: "twitch", To: "https://twitch.tv", Status: 301},
		{Line: 6, From: "a b/c.html", To: "/caf%C3%A9%22", Status: 308, Force: true},
		{Line: 16, From: "part", To: "/whole", Status: 301},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
	wantUndone := []Skipped{
		{7, "/home /other", "line 3 has a rule for the same path"},
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
		"a /b":                                  `"a" is not a path`,
		"/a /b soon":                            `"soon" is neither a status nor a condition`,
		"/%zz /b":                               "invalid URL escape",
		"/a/%2e%2e/b /b":                        "is not a path of the site",
		"/a%00 /b":                              "is not a path of the site",
		"/a /" + strings.Repeat("b", 2048):      "longer than 2048 bytes",
		"/" + strings.Repeat("a", 9<<10) + " /": "token too long",
	} {
		if _, _, err := ParseFile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("/a /b 301!\n/c d=e /f 302 Country=us # x\n"))
	f.Add([]byte("/%41 https://x/\"><script>'\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rs, _, err := ParseFile(text)
		if err != nil {
			return
		}
		compiled, err := rules.Rules{}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		made, _ := Resolve(rs, manifest.Tree{}, false)
		checkEnds(t, made)
		for _, r := range made {
			if name := r.Path(); strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") || strings.ContainsAny(name, "\x00\r\n") {
				t.Fatalf("%q is no file of the site", name)
			}
			if !strings.HasPrefix(r.To, "/") && !strings.HasPrefix(r.To, "http") {
				t.Fatalf("leads to %q", r.To)
			}
			page, plain := string(r.Page()), string(Rule{To: "/"}.Page())
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

func TestADotAloneMakesNoFile(t *testing.T) {
	for address, want := range map[string]string{
		"/docs/v1.0/": "docs/v1.0/index.html", "/docs/v1.2": "docs/v1.2/index.html", "/blog/welcome-1.10.1-release": "blog/welcome-1.10.1-release/index.html", "/people/j.smith/": "people/j.smith/index.html",
		"/about.us": "about.us/index.html", "/form.pdf": "form.pdf", "/form.pdf/": "form.pdf/index.html", "/old.html": "old.html", "/old.html/": "old.html/index.html", "/index.php": "index.php", "/Default.aspx": "Default.aspx",
		"/": "index.html", "/a": "a/index.html", "/caf%C3%A9.v2/": "café.v2/index.html", "/feed.xml": "feed.xml", "/10.1000/xyz.123": "10.1000/xyz.123/index.html",
	} {
		rs, undone, err := ParseFile([]byte(address + " /new 301\n"))
		if err != nil || len(rs) != 1 {
			t.Errorf("%s: %v, %v, %v", address, rs, undone, err)
			continue
		}
		if got := rs[0].Path(); got != want {
			t.Errorf("%s is carried out by %s, want %s", address, got, want)
		}
	}
}
