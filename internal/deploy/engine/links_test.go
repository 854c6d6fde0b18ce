package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
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
		"a few pages name it": {"/", func(s site) site { return s.with("p01/index.html", "") }, false, "1 of 22 unchanged pages name files that this release takes away: few.html -> p01"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			before := linked(20, c.target).with("few.html", `<a href="p01">`)
			mustRun(t, b.place, options(before.write(t)))
			r, err := engine.Run(t.Context(), b.dest, options(c.change(before).write(t)))
			stopped := err != nil && strings.Contains(err.Error(), "the release was stopped: 20 of 2") && strings.Contains(err.Error(), "unchanged pages name files that this release takes away (limit: 10 % of the pages)")
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
		if stopped := err != nil && strings.Contains(err.Error(), "unchanged pages name files that this release takes away"); stopped != step.stop || (err != nil) != step.stop {
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
