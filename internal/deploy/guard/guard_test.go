package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

func treeOf(sizes map[string]int64) manifest.Tree {
	var tree manifest.Tree
	for path, size := range sizes {
		tree.Files = append(tree.Files, manifest.File{Path: path, Size: size})
	}
	slices.SortFunc(tree.Files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return tree
}

func released(sizes map[string]int64) *manifest.Manifest {
	m := &manifest.Manifest{Site: "www", Sequence: 1}
	for _, f := range treeOf(sizes).Files {
		m.Entries = append(m.Entries, manifest.Entry{Path: f.Path, Size: f.Size})
	}
	return m
}

// pages is an index page and n-1 others of a size.
func pages(n int, size int64) map[string]int64 {
	m := map[string]int64{"index.html": size}
	for i := range n - 1 {
		m[fmt.Sprintf("p%d/index.html", i)] = size
	}
	return m
}

func with(m map[string]int64, path string, size int64) map[string]int64 {
	m[path] = size
	return m
}

// documents are three pages and n documents; feeds and assets likewise.
func documents(n int) map[string]int64 { return files(n, "files/%d.pdf") }

func feeds(n int) map[string]int64 { return files(n, "%d/feed.xml") }

func assets(n int) map[string]int64 { return files(n, "img/%d.png") }

func files(n int, name string) map[string]int64 {
	m := pages(3, 9)
	for i := range n {
		m[fmt.Sprintf(name, i)] = 9
	}
	return m
}

func renamed(m map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for path, size := range m {
		if !rules.IsPage(path) {
			path = "new-" + path
		}
		out[path] = size
	}
	return out
}

func TestGuards(t *testing.T) {
	for _, c := range []struct {
		name     string
		build    map[string]int64
		refused  []manifest.Refused
		previous *manifest.Manifest
		limits   Limits
		want     []string
	}{
		{name: "a good first build", build: pages(3, 9)},
		{name: "a good second build", build: pages(3, 9), previous: released(pages(3, 9))},
		{name: "no files", want: []string{EmptyOutput}},
		{name: "no index page", build: map[string]int64{"a.html": 1}, want: []string{MissingIndex}},
		{name: "a site that has none", build: map[string]int64{"a.html": 1}, limits: Limits{NoIndex: true}},
		{name: "an index page elsewhere", build: map[string]int64{"a/index.html": 1}, want: []string{MissingIndex}},
		{name: "the 404 page went", build: pages(2, 9), previous: released(with(pages(2, 9), "404.html", 5)), want: []string{Missing404}},
		{name: "all of .well-known went", build: pages(2, 9), previous: released(with(with(pages(2, 9), ".well-known/security.txt", 5), ".well-known/apple-app-site-association", 5)), want: []string{MissingWellKnown}},
		{name: "its only file went", build: with(pages(2, 9), ".nojekyll", 0), previous: released(with(pages(2, 9), ".well-known/acme/a", 5)), want: []string{MissingWellKnown}},
		{name: "some of .well-known went", build: with(pages(2, 9), ".well-known/security.txt", 5), previous: released(with(with(pages(2, 9), ".well-known/security.txt", 5), ".well-known/assetlinks.json", 5))},
		{name: "another file of .well-known came", build: with(pages(2, 9), ".well-known/a", 5), previous: released(with(pages(2, 9), ".well-known/b", 5))},
		{name: "there never was a .well-known", build: pages(2, 9), previous: released(with(pages(2, 9), "docs/.well-known/a", 5))},
		{name: "an empty page", build: with(pages(3, 9), "z.html", 0), want: []string{ZeroBytePages}},
		{name: "an empty page within the limit", build: with(pages(3, 9), "z.html", 0), limits: Limits{MaxZeroBytePages: 1}},
		{name: "an empty file that is no page", build: with(pages(3, 9), "z.txt", 0)},
		{name: "five pages of six went", build: pages(1, 9), previous: released(pages(6, 9))},
		{name: "six pages of seven went", build: pages(1, 9), previous: released(pages(7, 9)), want: []string{VanishedPages}},
		{name: "half of a small site went", build: pages(50, 9), previous: released(pages(100, 9))},
		{name: "more than half of a small site went", build: pages(49, 9), previous: released(pages(100, 9)), want: []string{VanishedPages}},
		{name: "a third of a middling site went", build: pages(600, 9), previous: released(pages(900, 9)), want: []string{VanishedPages}},
		{name: "a fifth of a large site went", build: pages(1600, 9), previous: released(pages(2000, 9))},
		{name: "more than a fifth of a large site went", build: pages(1599, 9), previous: released(pages(2000, 9)), want: []string{VanishedPages}},
		{name: "within the operator's limit", build: pages(100, 9), previous: released(pages(1000, 9)), limits: Limits{MaxVanishedShare: 0.9}},
		{name: "beyond the operator's limit", build: pages(89, 9), previous: released(pages(100, 9)), limits: Limits{MaxVanishedShare: 0.1}, want: []string{VanishedPages}},
		{name: "all documents of a site went", build: pages(3, 9), previous: released(documents(6)), want: []string{VanishedFiles}},
		{name: "five documents went", build: pages(3, 9), previous: released(documents(5))},
		{name: "half of the documents went", build: documents(10), previous: released(documents(20))},
		{name: "more than half of the documents went", build: documents(9), previous: released(documents(20)), want: []string{VanishedFiles}},
		{name: "documents went, within the operator's limit", build: documents(9), previous: released(documents(20)), limits: Limits{MaxVanishedShare: 0.9}},
		{name: "all documents have new names, as a bundler's data do", build: with(pages(3, 9), "a.json", 9), previous: released(documents(1))},
		{name: "many documents have new names", build: renamed(documents(40)), previous: released(documents(40))},
		{name: "feeds and sitemaps went", build: pages(3, 9), previous: released(feeds(6)), want: []string{VanishedFiles}},
		{name: "assets went, which stay for their grace time", build: pages(3, 9), previous: released(assets(40))},
		{name: "pages shrank to an error page", build: pages(30, 100), previous: released(pages(30, 500)), want: []string{ShrunkPages}},
		{name: "pages shrank a little", build: pages(30, 101), previous: released(pages(30, 500))},
		{name: "secrets", build: with(with(pages(1, 9), "a/.env", 3), ".git/config", 3), want: []string{SecretFiles}},
		{name: "no secrets", build: with(with(pages(1, 9), "environment.html", 3), "monkey.txt", 3)},
		{name: "a key", build: with(pages(1, 9), "tls/site.KEY", 3), want: []string{SecretFiles}},
		{name: "a link out of the tree", build: pages(1, 9), refused: []manifest.Refused{{Path: "x", Reason: "a link that leaves the build"}}, want: []string{RefusedFiles}},
		{name: "our own names", build: with(with(pages(1, 9), manifest.MarkerPath, 3), ".pressrun/head", 3), limits: Limits{StatePrefix: ".pressrun/"}, want: []string{ReservedNames}},
		{
			name: "several at once", build: map[string]int64{"a.html": 0, ".env": 1},
			want: []string{MissingIndex, ZeroBytePages, SecretFiles},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := treeOf(c.build)
			tree.Refused = c.refused
			violations := Check(tree, c.previous, c.limits)
			var names []string
			for _, v := range violations {
				names = append(names, v.Name)
			}
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Fatalf("(-want +got):\n%s\n%+v", diff, violations)
			}
			if err := Stop(violations, c.want); err != nil {
				t.Fatalf("all let pass by name, yet: %v", err)
			}
			err := Stop(violations, []string{"something-else"})
			var guard *Error
			if got := errors.As(err, &guard); got != (len(c.want) > 0) {
				t.Fatalf("Stop: %v", err)
			}
			for _, name := range c.want {
				if !strings.Contains(err.Error(), "--allow "+name) {
					t.Errorf("%q does not name the way out of %s", err, name)
				}
			}
		})
	}
}
