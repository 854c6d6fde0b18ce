package manifest

import "testing"

func TestServes(t *testing.T) {
	tree := Tree{Files: []File{{Path: "a/index.html"}, {Path: "b.html"}, {Path: "c.pdf"}, {Path: "index.html"}}}
	for path, want := range map[string]bool{
		"": true, "index.html": true, "a": true, "a/": true, "b": true, "b.html": true, "c.pdf": true, "b/": false, "c": false, "d": false,
	} {
		if got := tree.Serves(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
