package redirect

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

var storeLimits = Limits{Key: 20, Value: 60, Total: 1000, Batch: 3}

// releaseOf is a release with these redirects: address -> where it leads.
func releaseOf(site string, to map[string]string) *manifest.Manifest {
	m := &manifest.Manifest{Site: site, Entries: []manifest.Entry{{Path: "index.html", Headers: "content-type: text/html\n"}}}
	for from, target := range to {
		r := Rule{From: strings.TrimPrefix(from, "/"), To: target, Status: 301}
		headers, err := r.Headers("")
		if err != nil {
			panic(err)
		}
		m.Entries = append(m.Entries, manifest.Entry{Path: r.Path(), Headers: headers})
	}
	manifest.SortEntries(m.Entries)
	return m
}

func TestOnlyTheSitesOwnKeysAreTouched(t *testing.T) {
	held := map[string]string{
		"/same": "301 /to pressrun:www", "/other": "302 /to pressrun:www", "/gone": "301 /to pressrun:www",
		"/theirs": "301 /x", "/blog": "301 /x pressrun:blog", "/taken": "301 /x pressrun:blog", "/odd": "",
	}
	next := releaseOf("www", map[string]string{"/same": "/to", "/other": "/to", "/new": "/to", "/taken": "/to", "/" + strings.Repeat("l", 20): "/to", "/far": "/" + strings.Repeat("t", 60)})
	got := NewPlan(next, held, storeLimits)
	want := Plan{
		Put: []string{"/new", "/other"}, Delete: []string{"/gone"}, Foreign: []string{"/taken"}, Long: []string{"/far", "/" + strings.Repeat("l", 20)},
		Want: map[string]string{"/same": "301 /to pressrun:www", "/other": "301 /to pressrun:www", "/new": "301 /to pressrun:www"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheKeyOfAFile(t *testing.T) {
	for name, want := range map[string]string{"index.html": "/", "a/index.html": "/a", "a/b/index.html": "/a/b", "a.html": "/a.html", "xindex.html": "/xindex.html", "f.pdf": "/f.pdf"} {
		if got := addressKey(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestAStoreComesToHoldTheRelease: whatever it held, and wherever the batches are
// broken off and planned anew, it ends with the release's redirects and everybody
// else's keys, never too full on the way, and then nothing is left to do.
func TestAStoreComesToHoldTheRelease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Map(rapid.IntRange(0, 15), func(n int) string { return fmt.Sprintf("/k%d", n) })
		redirects := rapid.MapOf(key, rapid.SampledFrom([]string{"/a", "/b", "https://example.org/"}))
		held := rapid.MapOf(key, rapid.SampledFrom([]string{"301 /a pressrun:www", "301 /b pressrun:www", "301 /a pressrun:blog", "theirs"})).Draw(t, "held")
		theirs := maps.Clone(held)
		maps.DeleteFunc(theirs, func(_, v string) bool { return strings.HasSuffix(v, " pressrun:www") })
		next := releaseOf("www", redirects.Draw(t, "next"))
		size := func() (n int64) {
			for k, v := range held {
				n += int64(len(k) + len(v))
			}
			return n
		}
		plan := NewPlan(next, held, storeLimits)
		most := max(size(), size()+plan.Growth(held))
		for !plan.Empty() {
			for _, b := range plan.Batches(storeLimits) {
				if n := len(b.Put) + len(b.Delete); n == 0 || n > storeLimits.Batch {
					t.Fatalf("a batch of %d keys", n)
				}
				for _, k := range b.Delete {
					delete(held, k)
				}
				maps.Copy(held, b.Put)
				if size() > most {
					t.Fatalf("%d bytes on the way, %d at most", size(), most)
				}
				if rapid.Bool().Draw(t, "dies") {
					break
				}
			}
			plan = NewPlan(next, held, storeLimits)
		}
		for k, v := range theirs {
			if held[k] != v {
				t.Fatalf("somebody else's %s is %q now", k, held[k])
			}
			delete(held, k)
		}
		if diff := cmp.Diff(plan.Want, held); diff != "" {
			t.Fatal(diff)
		}
	})
}
