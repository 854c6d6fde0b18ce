package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// planOf plans a site of pages and redirects over what is live.
func planOf(t interface{ Fatal(...any) }, pages []string, rs string, live *manifest.Manifest) Plan {
	parsed, _, err := redirect.ParseFile([]byte(rs))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(pages)
	var tree manifest.Tree
	for _, p := range pages {
		put := store.SmallPut(p, "", []byte(p), store.Condition{})
		tree.Files = append(tree.Files, manifest.File{Path: p, Size: put.Size, Sum: put.Sum, CRC: put.CRC})
	}
	made, _ := redirect.Resolve(parsed, tree, false)
	at := map[string]redirect.Rule{}
	for _, r := range made {
		at[r.Path()] = r
	}
	headers, err := rules.Rules{}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Tree: redirect.WithRedirects(tree, made), Base: Known{Swept: true}, Grace: manifest.DefaultGrace, Next: manifest.Manifest{Sequence: 2}, Headers: func(path string) (store.Headers, error) {
		ruled, err := headers.HeadersFor(path)
		if r, ok := at[path]; ok && err == nil {
			return r.Headers(ruled)
		}
		return ruled, err
	}}
	if live != nil {
		in.Base.Live = *live
	}
	plan, err := New(in)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func (p *Plan) order() []string {
	var out []string
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			out = append(out, phase.Class.String()+": "+p.Next.Entries[w.Index].Path)
		}
	}
	return out
}

func TestARedirectIsWrittenAfterTheRedirectThatItLeadsTo(t *testing.T) {
	plan := planOf(t, []string{"index.html", "new.html", "feed.xml"}, "/a /b\n/b /c 302\n/c /new.html\n/x /feed.xml\n/y /x\n/home /\n", nil)
	want := []string{
		"pages: new.html",
		"redirects: c/index.html", "redirects: b/index.html", "redirects: a/index.html",
		"entry pages: feed.xml", "entry pages: index.html",
		"redirects: home/index.html", "redirects: x/index.html", "redirects: y/index.html",
	}
	if diff := cmp.Diff(want, plan.order()); diff != "" {
		t.Error(diff)
	}
	if n := len(plan.Phases); n != 9 {
		t.Errorf("%d phases: each turn is gated on the one before", n)
	}
}

func TestARedirectIsDeletedBeforeWhatItLeadsTo(t *testing.T) {
	live := planOf(t, []string{"index.html", "new.html", "other.html"}, "/a /b\n/b /c 307\n/c /new.html\n/stays /other.html\n", nil).Next
	plan := planOf(t, []string{"index.html", "other.html"}, "/stays /other.html\n", &live)
	if diff := cmp.Diff([]string{"a/index.html", "b/index.html", "c/index.html", "new.html"}, turnsOf(plan.DeleteBatches())); diff != "" {
		t.Error(diff)
	}
}

// chain are redirects that all go, each of which leads to the next one.
func chain(n int) []Delete {
	deletes := make([]Delete, n)
	for i := range deletes {
		headers, err := store.NewHeaders(map[string]string{store.RedirectHeader: fmt.Sprintf("/r/%06d/", i+1)})
		if err != nil {
			panic(err)
		}
		deletes[i] = Delete{Entry: manifest.Entry{Path: fmt.Sprintf("r/%06d/index.html", i), Headers: headers}}
	}
	return deletes
}

// Thirty thousand chained redirects take minutes if each turn looks at all that are
// left.
func TestALongChainIsDeletedFromItsBeginning(t *testing.T) {
	const n = 30_000
	turns := (&Plan{Deletes: chain(n)}).DeleteBatches()
	if len(turns) != n {
		t.Fatalf("%d turns", len(turns))
	}
	for i, turn := range turns {
		if len(turn) != 1 || turn[0].Path != fmt.Sprintf("r/%06d/index.html", i) {
			t.Fatalf("turn %d: %+v", i, turn)
		}
	}
}

func TestCirclesAreDeletedLast(t *testing.T) {
	deletes := chain(6) // 0 -> 1 -> 2 -> 3 -> 4 -> 5 -> nothing
	back, err := store.NewHeaders(map[string]string{store.RedirectHeader: "/r/000001/"})
	if err != nil {
		t.Fatal(err)
	}
	deletes[3].Headers = back // 1, 2, 3 are a circle now
	want := []string{"r/000000/index.html r/000004/index.html", "r/000005/index.html", "r/000001/index.html r/000002/index.html r/000003/index.html"}
	if diff := cmp.Diff(want, turnsOf((&Plan{Deletes: deletes}).DeleteBatches())); diff != "" {
		t.Error(diff)
	}
}

// The ratio is how much longer a redirect takes in a chain ten times as long: about 1
// where the time grows with the length, 10 where it grows with its square.
func BenchmarkDeletesInTurn(b *testing.B) {
	var each [2]float64
	for i, n := range []int{10_000, 100_000} {
		p := &Plan{Deletes: chain(n)}
		began := time.Now()
		for range b.N {
			p.DeleteBatches()
		}
		each[i] = float64(time.Since(began)) / float64(b.N) / float64(n)
	}
	b.ReportMetric(each[1], "ns/redirect")
	b.ReportMetric(each[1]/each[0], "ratio")
}

// TestNoOrderOfARedirectsReleaseLeadsNowhere: whatever the redirects of two
// releases, followed write by write and delete by delete, none that is there ever
// leads to a file which is not, so long as it does not in either release.
func TestNoOrderOfARedirectsReleaseLeadsNowhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		site := func(label string) ([]string, string) {
			pages := []string{"index.html"}
			var rules strings.Builder
			for i := range 6 {
				switch rapid.IntRange(0, 3).Draw(t, fmt.Sprint(label, i)) {
				case 0:
					pages = append(pages, fmt.Sprintf("p%d/index.html", i))
				case 1:
					fmt.Fprintf(&rules, "/p%d /p%d %d\n", i, rapid.IntRange(0, 5).Draw(t, "to"), rapid.SampledFrom([]int{301, 302}).Draw(t, "status"))
				case 2:
					fmt.Fprintf(&rules, "/p%d /\n", i)
				}
			}
			return pages, rules.String()
		}
		there := map[string]store.Headers{}
		check := func(what string, before, after *manifest.Manifest) {
			for name, h := range there {
				to, _ := redirect.Target(h)
				_, now := redirect.TargetFile(to, func(f string) bool { _, ok := there[f]; return ok })
				_, first := redirect.TargetFile(to, func(f string) bool { _, ok := before.Find(f); return ok })
				_, last := redirect.TargetFile(to, func(f string) bool { _, ok := after.Find(f); return ok })
				if to != "" && !now && ((first && last) || (name == what && last)) {
					t.Fatalf("after %s: %s leads to %s, where nothing is", what, name, to)
				}
			}
		}
		var live manifest.Manifest
		for i := range 2 {
			pages, rules := site(fmt.Sprint("site ", i))
			plan := planOf(t, pages, rules, &live)
			for _, phase := range plan.Phases {
				for _, w := range phase.Writes {
					e := plan.Next.Entries[w.Index]
					there[e.Path] = e.Headers
					check(e.Path, &live, &plan.Next)
				}
			}
			for _, turn := range plan.DeleteBatches() {
				for _, d := range turn {
					delete(there, d.Path)
					// What leads on at this instant and is to be deleted may lead nowhere only
					// when it did so before.
					for name, h := range there {
						to, _ := redirect.Target(h)
						_, now := redirect.TargetFile(to, func(f string) bool { _, ok := there[f]; return ok })
						_, first := redirect.TargetFile(to, func(f string) bool { _, ok := live.Find(f); return ok })
						_, stays := plan.Next.Find(name)
						if to != "" && first && !now && !stays {
							t.Fatalf("after deleting %s: %s leads to %s, where nothing is", d.Path, name, to)
						}
					}
				}
			}
			live = plan.Next
			for i := range live.Entries {
				live.Entries[i].ETag = live.Entries[i].Sum.String()
			}
		}
	})
}
