package engine_test

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/test/fakes3"
)

func TestANameThatDoesNotFollowItsContentIsNoLongerCachedForEver(t *testing.T) {
	dest := fake(t, &fakes3.Server{})
	const name = "assets/app.3f9c2b71.js"
	run := func(content string) (deploy.Result, string) {
		t.Helper()
		o := options(small().with(name, content).write(t))
		o.Rules = rules.Rules{Compress: []rules.CompressRule{{Match: "**", Encoding: rules.EncodingGzip}}}
		r, err := engine.Run(t.Context(), dest, o)
		if err != nil {
			t.Fatal(err)
		}
		info, err := dest.Site.Stat(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return r, info.Headers.Get("cache-control")
	}
	const first, second = "one", "two"
	for i, step := range []struct {
		content, cache string
		told           bool
	}{
		{first, rules.CacheHashed, false},
		{first, rules.CacheHashed, false},
		{second, rules.CacheAsset, true},
		{second, rules.CacheAsset, false},
		{first, rules.CacheAsset, false},
	} {
		r, cache := run(step.content)
		told := strings.Contains(strings.Join(r.Warnings, "\n"), name)
		if cache != step.cache || told != step.told {
			t.Errorf("deploy %d: %q, told %v (%q)", i+1, cache, told, r.Warnings)
		}
	}
}

func TestJunkIsLeftOutAndTold(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		built := small().with(".DS_Store", "names").with("img/Thumbs.db", "db").with("about/index.html~", "old").with(".env", "SECRET=1").
			with(".well-known/unheard-of", "?").with("drafts/a.html", "draft")
		o := options(built.write(t))
		o.Rules = rules.Rules{Exclude: []string{"drafts/"}}
		r, err := engine.Run(t.Context(), p.dest, o)
		if err != nil {
			t.Fatal(err)
		}
		got := p.read(t)
		for _, name := range []string{".DS_Store", "img/Thumbs.db", "about/index.html~", ".env", "drafts/a.html"} {
			if _, there := got[name]; there {
				t.Errorf("%s was published", name)
			}
		}
		told := strings.Join(r.Warnings, "\n")
		for _, want := range []string{"since they may hold secrets (1): .env", "(3): .DS_Store; about/index.html~; img/Thumbs.db", "(1): .well-known/unheard-of"} {
			if !strings.Contains(told, want) {
				t.Errorf("warned of %q, not of %q", told, want)
			}
		}
	})
}
