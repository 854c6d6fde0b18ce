package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// linked is a build of so many pages that link to one.
func linked(pages int, target string) site {
	s := site{"index.html": "home", "news/index.html": "news", "assets/old.css": "b{}", "form.pdf": "%PDF"}
	for i := range pages {
		s[fmt.Sprintf("p%02d/index.html", i)] = `<link rel=stylesheet href="/assets/old.css"><p>a page</p><a href="` + target + `">more</a>`
	}
	return s
}

func TestUnchangedPagesThatNameWhatIsTakenAwayStopTheRelease(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		change func(site) site
		stop   bool
		told   string
	}{
		"nothing is taken away":     {"/news/", func(s site) site { return s.with("new.html", "new") }, false, ""},
		"the page they name":        {"/news/", func(s site) site { return s.with("news/index.html", "") }, true, ""},
		"the file they name":        {"../form.pdf", func(s site) site { return s.with("form.pdf", "") }, true, ""},
		"another page":              {"/", func(s site) site { return s.with("news/index.html", "") }, false, ""},
		"moved, by a redirect":      {"/news/", func(s site) site { return s.with("news/index.html", "").with("_redirects", "/news /p01/ 301") }, false, ""},
		"moved, by a rule at a CDN": {"/news/", func(s site) site { return s.with("news/index.html", "").with("_redirects", "/news/* /p01/:splat 301") }, false, "set up at the CDN"},
		"named otherwise":           {"/news", func(s site) site { return s.with("news/index.html", "").with("news.html", "news") }, false, ""},
		"an asset in its grace time": {"/news/", func(s site) site {
			return s.with("assets/old.css", "")
		}, false, ""},
		"a few pages name it": {"/", func(s site) site { return s.with("p01/index.html", "") }, false, "1 of 22 unchanged pages name files that this release removes: few.html -> p01"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			before := linked(20, c.target).with("few.html", `<a href="p01">`)
			mustRun(t, b.place, options(before.write(t)))
			r, err := engine.Run(t.Context(), b.dest, options(c.change(before).write(t)))
			stopped := err != nil && strings.Contains(err.Error(), "the release was stopped: 20 of 2") && strings.Contains(err.Error(), "unchanged pages name files that this release removes (limit: 10 % of the pages)")
			if stopped != c.stop || (err != nil) != c.stop {
				t.Errorf("%v", err)
			}
			told := strings.Join(r.Warnings, "\n")
			if l := r.LostLinks; l != nil {
				told += l.String() + ": " + strings.Join(l.Examples, ", ")
			}
			if !strings.Contains(told, c.told) || (c.told == "" && told != "") {
				t.Errorf("told of %q, want %q", told, c.told)
			}
			violations, err := engine.Check(t.Context(), b.dest, options(c.change(before).write(t)))
			if err != nil || (r.Live && len(violations) > 0) {
				t.Errorf("checked: %+v, %v", violations, err)
			}
			if c.stop {
				o := options(c.change(before).write(t))
				o.Allow = []string{guard.BrokenLinks}
				if r := mustRun(t, b.place, o); len(r.Violations) != 1 {
					t.Errorf("let pass: %+v", r.Violations)
				}
			}
		})
	}
}

// Pages that still name an asset whose grace time ends would break without any
// change of theirs.
func TestAnAssetIsMissedWhenItsGraceTimeEnds(t *testing.T) {
	b := newBucket(t)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	release := func(s site, days int) error {
		o := options(s.write(t))
		o.Now = func() time.Time { return at.AddDate(0, 0, days) }
		o.Grace = &manifest.Grace{Days: 30, Releases: 1}
		_, err := engine.Run(t.Context(), b.dest, o)
		return err
	}
	without := linked(20, "/").with("assets/old.css", "")
	for _, step := range []struct {
		s    site
		days int
		stop bool
	}{{linked(20, "/"), 0, false}, {without, 1, false}, {without.with("new.html", "new"), 30, false}, {without.with("newer.html", "new"), 32, true}} {
		err := release(step.s, step.days)
		if stopped := err != nil && strings.Contains(err.Error(), "unchanged pages name files that this release removes"); stopped != step.stop || (err != nil) != step.stop {
			t.Errorf("day %d: %v", step.days, err)
		}
	}
}

func TestCompressedPagesAreReadForTheirLinks(t *testing.T) {
	b := newBucket(t)
	before := linked(20, "/news/").with("news/index.html", page("news"))
	mustRun(t, b.place, compressed(t, before))
	if _, err := engine.Run(t.Context(), b.dest, compressed(t, before.with("news/index.html", ""))); err == nil || !strings.Contains(err.Error(), "20 of 21 unchanged pages") {
		t.Error(err)
	}
}

// every is a build of nine pages that all have this markup.
func every(markup string) site {
	s := site{"index.html": markup, "style.css": "b{}", "v1.2/index.html": markup, "plain.html": markup}
	for i := range 6 {
		s[fmt.Sprintf("p%d/index.html", i)] = markup
	}
	return s
}

// underPrefix is a bucket's folder.
func underPrefix(t *testing.T, prefix string) store.Destination {
	t.Helper()
	server := &fakes3.Server{}
	server.Bucket("b", nil)
	st, err := s3.Open(t.Context(), "b", prefix, s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server})
	if err != nil {
		t.Fatal(err)
	}
	return store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
}

// Good sites go out, and what a browser would miss stops a release.
func TestLinksAreThoseThatABrowserFinds(t *testing.T) {
	const lost = `<a href="/lost/">x</a>`
	for name, c := range map[string]struct {
		to, public string // the site's place in the store, and the public address
		markup     string
		stop       bool
	}{
		"a base":                               {markup: `<base href="/"><link rel=stylesheet href="style.css"><a href="p1/">`},
		"a base that leads elsewhere":          {markup: `<base href="https://cdn.example.net/"><img src="photo.png">`},
		"a base, and what is not there":        {markup: `<base href="/assets/"><link rel=stylesheet href="style.css">`, stop: true},
		"a sample of code":                     {markup: `<pre><code>&lt;link rel="stylesheet" href="style.css"&gt; &lt;img src="photo.png"&gt;</code></pre>`},
		"a script":                             {markup: `<script>s = '<img src="photo.png">'</script><textarea><img src="photo.png"></textarea><template><img src="{{photo}}"></template>`},
		"what comes after a script":            {markup: `<script>s = '<img src="photo.png">'</script>` + lost, stop: true},
		"pictures for each width":              {markup: `<img srcset="/style.css 1x, /lost.png 2x">`, stop: true},
		"a script's placeholder":               {markup: `<a href="/{{ page }}/"><a href="/${page}/"><a href="/%7B%7B page %7D%7D/">`},
		"clean addresses":                      {markup: `<a href="/plain"><a href="/v1.2"><a href="/v1.2/"><a href="/v1.2/index.html"><a href="/p1/?a=1&amp;b#c">`},
		"the destination's path":               {to: "preview/acme/main", markup: `<link rel="stylesheet" href="/preview/acme/main/style.css"><a href="/preview/acme/main/p1/"><a href="/preview/acme/main">`},
		"a part of the destination's path":     {to: "www/preview/main", markup: `<link rel="stylesheet" href="/preview/main/style.css"><a href="/preview/main/p1/">`},
		"a neighbour at the host":              {to: "preview/main", markup: `<link rel="stylesheet" href="/preview/main/style.css"><a href="/preview/other/">`},
		"what is not there below that path":    {to: "preview/main", markup: `<link rel="stylesheet" href="/preview/main/style.css"><a href="/preview/main/lost/">`, stop: true},
		"a path that visitors do not see":      {to: "sites/www", markup: `<link rel="stylesheet" href="/style.css">` + lost, stop: true},
		"the public path":                      {public: "https://x.example/docs/", markup: `<link rel="stylesheet" href="/docs/style.css"><a href="/docs"><a href="/elsewhere/">`},
		"the public path, and the destination": {to: "www", public: "https://x.example", markup: `<a href="/www/p1/">`, stop: true},
		"what is not there at the public path": {public: "https://x.example/docs", markup: `<a href="/docs/lost/">`, stop: true},
		"the public address":                   {public: "https://x.example/", markup: `<a href="https://x.example/p1/"><a href="//X.example/"><a href="https://y.example/lost/">`},
		"what is not at the public address":    {public: "https://x.example/", markup: `<a href="https://x.example/lost/">`, stop: true},
		"the same, where it is not known":      {markup: `<a href="https://x.example/lost/">`},
		"programs behind forms":                {markup: `<form action="/api/search"><button formaction="/api/other"></form><a href="/p1/" ping="/api/ping">`},
		"Pressrun's marker":                    {markup: `<a href="/pressrun-release.json">`},
	} {
		t.Run(name, func(t *testing.T) {
			dest := underPrefix(t, c.to)
			o := options(every(c.markup).write(t))
			o.PublicURL = c.public
			_, err := engine.Run(t.Context(), dest, o)
			if stopped := err != nil && strings.Contains(err.Error(), "9 of 9 changed pages name files that the build does not have"); stopped != c.stop || (err != nil) != c.stop {
				t.Errorf("%v", err)
			}
		})
	}
}

// Feeds and forms' pages that were files are missed when they go.
func TestWhatPagesMerelyNameIsMissedOnlyWhenItGoes(t *testing.T) {
	dest := underPrefix(t, "sites/www")
	before := every(`<link rel=alternate href="/sites/www/feed.xml"><link rel=stylesheet href="/sites/www/style.css"><form action="/api/x">`).with("feed.xml", "<feed/>")
	mustRun(t, place{dest: dest}, options(before.write(t)))
	for name, after := range map[string]site{
		"unchanged pages": before.with("feed.xml", ""),
		"changed pages":   every(before["index.html"] + "<p>more</p>"),
	} {
		if _, err := engine.Run(t.Context(), dest, options(after.write(t))); err == nil || !strings.Contains(err.Error(), "index.html -> /sites/www/feed.xml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
