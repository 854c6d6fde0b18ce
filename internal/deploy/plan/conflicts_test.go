package plan

import (
	"path"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// drawNested draws a build of names that are files in one and folders in another.
func drawNested(t *rapid.T) map[string]string {
	build := map[string]string{}
	for _, p := range []string{"a", "a/b", "a/b/c.css", "a/index.html", "b.js", "b.js/x.css", "b.js/y/feed.xml", "c/d.pdf", "c", "index.html"} {
		if v := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, p); v != "" && !fileAbove(build, p) {
			build[p] = contentOf(p, v)
		}
	}
	for p := range build {
		if fileAbove(build, p) {
			delete(build, p)
		}
	}
	return build
}

func fileAbove(build map[string]string, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if build[dir] != "" {
			return true
		}
	}
	return false
}

// TestNothingIsWrittenWhileSomethingIsInItsWay, whatever was released before and
// wherever that died; and the last deploy leaves what the build has.
func TestNothingIsWrittenWhileSomethingIsInItsWay(t *testing.T) {
	plain, _ := rules.Rules{}.Compile()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{objects: map[string]object{}, now: time.Unix(1e9, 0).UTC(), base: Known{Swept: true}, nestless: true}
		for range rapid.IntRange(1, 6).Draw(t, "deploys that may die") {
			m.deploy(t, drawNested(t), plain, rapid.IntRange(0, 12).Draw(t, "budget"))
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
		}
		build := drawNested(t)
		plan, done := m.deploy(t, build, plain, 1000)
		if !done {
			t.Fatal("unfinished")
		}
		for name, content := range build {
			if m.objects[name].content != content {
				t.Fatalf("%s holds %q", name, m.objects[name].content)
			}
		}
		before := plan.Digest()
		if plan.ClearConflicts(); plan.Digest() != before {
			t.Fatal("given way once more, the plan is another")
		}
		if again, _ := m.deploy(t, build, plain, 1000); len(again.EarlyDeletes()) > 0 || again.Counts().New > 0 {
			t.Fatalf("the same build again: %+v", again.Counts())
		}
	})
}
