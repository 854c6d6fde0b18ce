package cdn

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy"
)

func manifest(tags map[string]string) *deploy.Manifest {
	m := &deploy.Manifest{}
	for path, tag := range tags {
		e := deploy.Entry{Path: path}
		if tag != "" {
			e.Headers = deploy.Headers("x-amz-meta-cache-tag: " + tag + "\n")
		}
		m.Entries = append(m.Entries, e)
	}
	slices.SortFunc(m.Entries, func(a, b deploy.Entry) int { return strings.Compare(a.Path, b.Path) })
	return m
}

func changed(m *deploy.Manifest, paths ...string) []deploy.Difference {
	var out []deploy.Difference
	for _, p := range paths {
		d := deploy.Difference{Path: p, Reason: deploy.ReasonNew}
		if e, ok := m.Find(p); ok {
			d.Reason, d.Old = deploy.ReasonContent, &e
		}
		out = append(out, d)
	}
	return out
}

func TestOnlyWhatChangedIsPurged(t *testing.T) {
	site := manifest(map[string]string{
		"index.html": "home", "about/index.html": "about", "news/index.html": "news, list", "news/a.html": "news", "news/b.html": "news",
		"news/c.html": "news", "style.css": "", "x/1.html": "", "x/2.html": "", "y/1.html": "",
	})
	tagged := Abilities{TagHeader: "x-amz-meta-cache-tag", Paths: 3, Prefixes: 2}
	plain := Abilities{Paths: 4, Prefixes: 2}
	for _, c := range []struct {
		name    string
		changed []string
		can     Abilities
		want    Purge
	}{
		{"nothing", nil, plain, Purge{}},
		{"one page", []string{"news/a.html"}, plain, Purge{Paths: []string{"/news/a", "/news/a.html"}}},
		{"the home page", []string{"index.html"}, plain, Purge{Paths: []string{"/", "/index.html"}}},
		{"a folder's page", []string{"about/index.html"}, plain, Purge{Paths: []string{"/about", "/about/", "/about/index.html"}}},
		{"a new page, which may be cached as not found", []string{"new.html"}, plain, Purge{Paths: []string{"/new", "/new.html"}}},
		{"a new asset, which nobody asked for", []string{"new.css"}, plain, Purge{}},
		{"many pages of two folders", []string{"x/1.html", "x/2.html", "y/1.html"}, plain, Purge{Prefixes: []string{"/x/", "/y/"}}},
		{"many pages of three folders", []string{"x/1.html", "y/1.html", "news/a.html"}, plain, Purge{All: true}},
		{"many pages, and no folders known", []string{"x/1.html", "x/2.html", "y/1.html"}, Abilities{Paths: 2}, Purge{All: true}},
		{"most of a tag", []string{"news/a.html", "news/b.html"}, tagged, Purge{Tags: []string{"news"}}},
		{"little of a tag", []string{"news/a.html"}, tagged, Purge{Paths: []string{"/news/a", "/news/a.html"}}},
		{"a tag and a file without one", []string{"about/index.html", "style.css"}, tagged, Purge{Tags: []string{"about"}, Paths: []string{"/style.css"}}},
		{"a tag of another page is left out", []string{"news/index.html"}, tagged, Purge{Tags: []string{"list"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Choose(changed(site, c.changed...), site, c.can)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// covers tells whether a purge drops an address of a file.
func covers(p Purge, d deploy.Difference, address string) bool {
	if p.All || slices.Contains(p.Paths, address) {
		return true
	}
	for _, prefix := range p.Prefixes {
		if strings.HasPrefix(address, prefix) || address == strings.TrimSuffix(prefix, "/") {
			return true
		}
	}
	if d.Old != nil {
		for _, tag := range Tags(d.Old.Headers, "x-amz-meta-cache-tag") {
			if slices.Contains(p.Tags, tag) {
				return true
			}
		}
	}
	return false
}

func TestEveryChangedAddressIsPurgedWithinTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tags := map[string]string{}
		for range rapid.IntRange(1, 30).Draw(t, "files") {
			path := rapid.StringMatching(`([ab]/){0,3}(index|[cd])\.(html|css)`).Draw(t, "path")
			tags[path] = rapid.SampledFrom([]string{"", "p", "q", "p, q"}).Draw(t, "tag")
		}
		site := manifest(tags)
		var paths []string
		for _, e := range site.Entries {
			if rapid.Bool().Draw(t, "changed") {
				paths = append(paths, e.Path)
			}
		}
		can := Abilities{Paths: rapid.IntRange(0, 20).Draw(t, "paths"), Prefixes: rapid.IntRange(0, 5).Draw(t, "prefixes")}
		if rapid.Bool().Draw(t, "tags") {
			can.TagHeader = "x-amz-meta-cache-tag"
		}
		diffs := changed(site, paths...)
		p := Choose(diffs, site, can)
		if len(p.Paths) > can.Paths || len(p.Prefixes) > can.Prefixes {
			t.Fatalf("beyond the limits: %+v", p)
		}
		for _, d := range diffs {
			for _, address := range addresses(d.Path) {
				if !covers(p, d, address) {
					t.Fatalf("%s is not purged by %+v", address, p)
				}
			}
		}
		if len(diffs) == 0 && !p.Empty() {
			t.Fatalf("nothing changed: %+v", p)
		}
	})
}

func ExampleChoose() {
	before := &deploy.Manifest{Entries: []deploy.Entry{{Path: "about/index.html", Sum: deploy.Sum{1}}}}
	after := &deploy.Manifest{Entries: []deploy.Entry{{Path: "about/index.html", Sum: deploy.Sum{2}}}}
	p := Choose(deploy.Diff(before, after), before, Abilities{Paths: 1000, Prefixes: 15})
	fmt.Println(p.Paths)
	// Output: [/about /about/ /about/index.html]
}
