package links

import (
	"bytes"
	"fmt"
	stdhtml "html"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/weburl"
)

var releasedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func treeWith(paths ...string) manifest.Tree {
	var tree manifest.Tree
	for _, p := range slices.Sorted(slices.Values(paths)) {
		tree.Files = append(tree.Files, manifest.File{Path: p, Size: 1})
	}
	return tree
}

func liveWith(paths ...string) *manifest.Manifest {
	m := &manifest.Manifest{Sequence: 1}
	for _, p := range paths {
		m.Entries = append(m.Entries, manifest.Entry{Path: p})
	}
	manifest.SortEntries(m.Entries)
	return m
}

func TestWhatAReleaseTakesAway(t *testing.T) {
	grace := manifest.Grace{Days: 30, Releases: 5}
	retired := func(path string, sequence int64, days int, doomed bool) manifest.Retired {
		return manifest.Retired{Entry: manifest.Entry{Path: path}, Sequence: sequence, At: releasedAt.AddDate(0, 0, -days), Doomed: doomed}
	}
	for name, c := range map[string]struct {
		before  []string
		retired []manifest.Retired
		now     []string
		grace   manifest.Grace
		want    []string
	}{
		"nothing":                                {before: []string{"index.html", "a.html"}, now: []string{"index.html", "a.html", "b.html"}},
		"a page":                                 {before: []string{"a.html"}, want: []string{"a", "a.html"}},
		"a folder's page":                        {before: []string{"a/b/index.html"}, want: []string{"a/b", "a/b/", "a/b/index", "a/b/index.html"}},
		"a document":                             {before: []string{"a.pdf"}, want: []string{"a.pdf"}},
		"the home page":                          {before: []string{"index.html"}, want: []string{"", "index", "index.html"}},
		"a page that moved into a folder":        {before: []string{"a.html"}, now: []string{"a/index.html"}, want: []string{"a.html"}},
		"a folder that became a page":            {before: []string{"a/index.html"}, now: []string{"a.html"}, want: []string{"a/", "a/index", "a/index.html"}},
		"a page that became a file":              {before: []string{"a/index.html"}, now: []string{"a"}, want: []string{"a/", "a/index", "a/index.html"}},
		"a redirect in its place":                {before: []string{"a/index.html"}, now: []string{"a/index.html"}},
		"an asset that stays for its grace time": {before: []string{"a-0a1b2c3d.css"}},
		"an asset without any":                   {before: []string{"a-0a1b2c3d.css"}, grace: manifest.Grace{Releases: -1, Days: -1}, want: []string{"a-0a1b2c3d.css"}},
		"an asset whose grace time ends":         {retired: []manifest.Retired{retired("a.css", 1, 31, false)}, want: []string{"a.css"}},
		"an asset dropped lately":                {retired: []manifest.Retired{retired("a.css", 1, 29, false)}},
		"an asset of the last few releases":      {retired: []manifest.Retired{retired("a.css", 96, 31, false)}},
		"one that is gone already":               {retired: []manifest.Retired{retired("a.css", 1, 31, true), retired("a.html", 99, 0, true)}},
		"one that is back":                       {retired: []manifest.Retired{retired("a.css", 1, 31, false)}, now: []string{"a.css"}},
	} {
		live := liveWith(c.before...)
		live.Retired = c.retired
		if c.grace == (manifest.Grace{}) {
			c.grace = grace
		}
		g := NewRemoved(treeWith(c.now...), live, c.grace, 100, releasedAt)
		var got []string
		for n := range g.names {
			got = append(got, n)
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" || g.Empty() != (len(c.want) == 0) {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if !NewRemoved(treeWith("a.html"), nil, grace, 1, releasedAt).Empty() {
		t.Error("the first release takes something away")
	}
}

// siteOf is a build that takes these away, at a host's root.
func siteOf(tree manifest.Tree, removed *Removed) *Site { return NewSite(tree, Address{}, removed) }

// goneSite is what the pages of TestLinksToWhatIsGone are about.
var goneSite = func() *Site {
	tree := treeWith("index.html", "news/new/index.html", "docs/index.html")
	live := liveWith("news/old/index.html", "news/index.html", "files/a b#c é.pdf", "日本.html")
	return siteOf(tree, NewRemoved(tree, live, manifest.DefaultGrace, 2, releasedAt))
}()

func TestLinksToWhatIsGone(t *testing.T) {
	for _, c := range []struct {
		page, target string
		want         bool
	}{
		{"index.html", "/news/old/", true},
		{"index.html", "/news/old", true},
		{"index.html", "/news/old/index.html", true},
		{"index.html", "news/old/?page=2#top", true},
		{"index.html", "/news/old/?a=1&amp;b=2", true},
		{"index.html", "/news/%6Fld/", true},
		{"news/new/index.html", "../old/", true},
		{"news/new/index.html", "../old", true},
		{"news/new/index.html", "..", true},
		{"news/new/index.html", "../", true},
		{"news/new/index.html", "../../news/", true},
		{"docs/index.html", "../news", true},
		{"docs/index.html", "./../news/.", true},
		{"index.html", "/files/a%20b%23c%20%C3%A9.pdf", true},
		{"index.html", "/files/a b%23c é.pdf", true},
		{"index.html", "/%E6%97%A5%E6%9C%AC.html", true},
		{"index.html", "/日本", true},
		{"index.html", "/news/new/", false},
		{"index.html", "/news/older/", false},
		{"index.html", "/old/", false},
		{"index.html", "https://example.org/news/old/", false},
		{"index.html", "#old", false},
		{"index.html", "?old", false},
		{"index.html", "/news/&#111;ld/", true},
		{"index.html", "/news/o%6Cd/", true},
		{"index.html", "/news&sol;old&sol;", true},
		{"index.html", "\n  /news/old/\t", true},
		{"index.html", `\news\old`, true},
		{"docs/index.html", "old/", false},
		{"docs/index.html", "..", false},
	} {
		for _, html := range []string{`<a href="` + c.target + `">x</a>`, `<p>old</p><img src='` + c.target + `'>`} {
			got := goneSite.Lost(c.page, []byte(html))
			if (len(got) == 1) != c.want {
				t.Errorf("%s in %s: %+v, want %v", html, c.page, got, c.want)
			}
		}
	}
}

func TestTheHomePageIsMissedByWhateverNamesIt(t *testing.T) {
	g := siteOf(treeWith("a/b.html"), NewRemoved(treeWith("a/b.html"), liveWith("index.html"), manifest.DefaultGrace, 2, releasedAt))
	for _, target := range []string{"/", "..", "../index.html", "/index.html", "/?a=1", "../"} {
		if got := g.Lost("a/b.html", []byte(`<a href="`+target+`">`)); len(got) != 1 {
			t.Errorf("%s: %+v", target, got)
		}
	}
}

// However it is found, by a search or by reading every reference, it is what
// reading every reference finds.
func TestTheSearchMissesNothing(t *testing.T) {
	name := rapid.StringMatching(`([a-cé.]{1,2}/){0,2}(index\.html|[a-c é-]{1,3}(\.html|\.pdf|))`)
	target := rapid.Custom(func(t *rapid.T) string {
		to := rapid.OneOf(name, rapid.StringMatching(`(\.\./|\./|/)*([a-cé]{1,2}/?)*(\.\.?/?)?`)).Draw(t, "path")
		if rapid.Bool().Draw(t, "encoded") {
			to = strings.NewReplacer("é", "%C3%A9", " ", "%20", "a", "%61", "-", "&#45;", ".", "&period;", "b", "&#x0062;").Replace(to)
		}
		return to + rapid.SampledFrom([]string{"", "?q", "#x", "&amp;"}).Draw(t, "rest")
	})
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(name, 0, 25).Draw(t, "before")
		now := treeWith(rapid.SliceOfN(name, 0, 5).Draw(t, "now")...)
		slices.Sort(before)
		g := siteOf(now, NewRemoved(now, liveWith(slices.Compact(before)...), manifest.DefaultGrace, 2, releasedAt))
		page := rapid.StringMatching(`([a-cé]/){0,3}p\.html`).Draw(t, "page")
		base := rapid.SampledFrom([]string{"", "", "/", "/a/", "../", "b/c"}).Draw(t, "base")
		var html strings.Builder
		if base != "" {
			fmt.Fprintf(&html, "<base href=%q>\n", base)
		}
		var want []string
		for _, to := range rapid.SliceOfN(target, 0, 5).Draw(t, "targets") {
			fmt.Fprintf(&html, "<a href=\"%s\">x</a>\n", to)
			if full := meaning(Address{}, page, base, stdhtml.UnescapeString(to)); g.removed.names[strings.TrimPrefix(full, "/")] {
				want = append(want, weburl.Trim(stdhtml.UnescapeString(to)))
			}
		}
		var got []string
		for _, l := range g.Lost(page, []byte(html.String())) {
			got = append(got, l.Target)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("in %s\n%s\n%s", page, html.String(), diff)
		}
	})
}

func TestLinksToWhatIsGoneStopOnlyWhenThereAreMany(t *testing.T) {
	links := func(pages int) []Link {
		var out []Link
		for i := range pages {
			out = append(out, Link{Page: fmt.Sprintf("%03d.html", i), Target: "/gone"}, Link{Page: fmt.Sprintf("%03d.html", i), Target: "/gone2"})
		}
		return out
	}
	for _, c := range []struct {
		broken, unchanged int
		limits            guard.Limits
		stop              bool
		note              string
	}{
		{0, 10, guard.Limits{}, false, ""},
		{1, 10, guard.Limits{}, false, "1 of 10 unchanged pages name files that this release removes: 000.html -> /gone"},
		{5, 5, guard.Limits{}, false, "5 of 5"},
		{6, 6, guard.Limits{}, true, ""},
		{10, 100, guard.Limits{}, false, "10 of 100"},
		{11, 100, guard.Limits{}, true, ""},
		{50, 100, guard.Limits{MaxBrokenShare: 0.5}, false, "50 of 100"},
		{100, 100, guard.Limits{MaxBrokenShare: 1}, false, "100 of 100"},
	} {
		stop, few := ToRemoved(links(c.broken), c.unchanged, c.limits)
		note := ""
		if few != nil {
			note = few.String() + ": " + strings.Join(few.Examples, ", ")
		}
		if (stop != nil) != c.stop || !strings.HasPrefix(note, c.note) || (note == "") != (c.note == "") {
			t.Errorf("%d of %d: %+v, %q", c.broken, c.unchanged, stop, note)
		}
		if stop != nil && (stop.Name != guard.BrokenLinks || len(stop.Paths) == 0) {
			t.Errorf("%+v", stop)
		}
	}
}

func FuzzRemovedLinks(f *testing.F) {
	f.Add([]byte(`<a href="../old/">`), "news/new/index.html", []byte("/a/* /b"))
	f.Fuzz(func(_ *testing.T, html []byte, page string, rules []byte) {
		left := redirect.LeftToCDN(rules)
		for _, l := range goneSite.Lost(page, html) {
			left(l.Target)
		}
	})
}

// BenchmarkGone is the speed at which unchanged pages are looked through, for a few
// files that are gone and for many.
func BenchmarkGone(b *testing.B) {
	var page bytes.Buffer
	for i := range 150 {
		fmt.Fprintf(&page, "<p class=\"text\">Some words of a page, and a <a class=\"link\" href=\"/section-%d/article-%d/\">link</a>, and on it goes for a while.</p>\n", i%7, i)
	}
	for _, gone := range []int{1, 1000} {
		var before []string
		for i := range gone {
			before = append(before, fmt.Sprintf("old/gone-%d/index.html", i))
		}
		g := siteOf(treeWith("index.html"), NewRemoved(treeWith("index.html"), liveWith(before...), manifest.DefaultGrace, 2, releasedAt))
		b.Run(fmt.Sprint(gone), func(b *testing.B) {
			b.SetBytes(int64(page.Len()))
			for b.Loop() {
				if got := g.Lost("section/page/index.html", page.Bytes()); len(got) > 0 {
					b.Fatal(got)
				}
			}
		})
	}
	b.Run("every reference", func(b *testing.B) {
		g := siteOf(treeWith("index.html"), &Removed{})
		b.SetBytes(int64(page.Len()))
		for b.Loop() {
			g.Dead("section/page/index.html", page.Bytes())
		}
	})
}
