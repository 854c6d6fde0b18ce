package plan

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// object is what a model store holds at a path.
type object struct {
	content string
	headers store.Headers
	etag    string
}

// model is a destination with one deploy after another, some of which die. It
// applies plans as the engine does: conditionally, phase by phase.
type model struct {
	objects  map[string]object
	base     Known
	sequence int64
	now      time.Time
	writes   int
	nestless bool // no key can be another's folder
}

func contentOf(path, version string) string { return path + "@" + version }

func (m *model) tree(build map[string]string) manifest.Tree {
	var tree manifest.Tree
	for path, content := range build {
		sum := sha256.Sum256([]byte(content))
		tree.Files = append(tree.Files, manifest.File{Path: path, Size: int64(len(content)), Sum: sum, CRC: crcOf(content)})
	}
	slices.SortFunc(tree.Files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return tree
}

// crcOf is any checksum; the plan only compares it.
func crcOf(content string) uint64 {
	sum := sha256.Sum256([]byte(content))
	return uint64(sum[0])<<8 | uint64(sum[1])
}

func (m *model) seen(paths []string) map[string]Observed {
	seen := map[string]Observed{}
	for _, p := range paths {
		o, ok := m.objects[p]
		seen[p] = Observed{Exists: ok, Info: store.Info{
			Key: p, Size: int64(len(o.content)), ETag: o.etag, CRC: crcOf(o.content), HasCRC: true, Headers: o.headers,
		}}
	}
	return seen
}

// deploy applies at most budget writes and deletes; fewer than needed means that
// the deploy died there.
func (m *model) deploy(t *rapid.T, build map[string]string, rs rules.Rules, budget int) (Plan, bool) {
	m.sequence++
	plan, err := New(Input{
		Tree: m.tree(build), Base: m.base, Seen: m.seen(m.base.Doubtful()), Headers: rs.HeadersFor, Grace: manifest.Grace{Days: 1, Releases: 2},
		Next: manifest.Manifest{Site: "www", Sequence: m.sequence, Release: m.sequence, At: m.now},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Foreign) > 0 {
		t.Fatalf("our own files are taken for strangers': %v", plan.Foreign)
	}
	if m.nestless {
		plan.ClearConflicts()
	}
	m.writes = 0
	m.base.Pending = append(slices.Clone(m.base.Pending), plan.Delta())
	for _, phase := range plan.Phases {
		for _, e := range phase.Clear {
			if m.writes == budget {
				return plan, false
			}
			m.remove(t, e)
		}
		for _, w := range phase.Writes {
			e := &plan.Next.Entries[w.Index]
			if rules.Classify(e.Path) != phase.Class {
				t.Fatalf("%s is in the phase of %s", e.Path, phase.Class)
			}
			if m.writes == budget {
				return plan, false
			}
			m.apply(t, e, w, build[e.Path])
		}
	}
	m.base = Known{Live: plan.Next, Swept: len(plan.Deletes) == len(plan.EarlyDeletes())}
	for _, d := range plan.Deletes {
		if d.Early {
			continue
		}
		if m.writes == budget {
			return plan, false
		}
		m.remove(t, d.Entry)
	}
	m.base.Swept = true
	return plan, true
}

func (m *model) remove(t *rapid.T, e manifest.Entry) {
	m.writes++
	if o, ok := m.objects[e.Path]; ok && o.etag != e.ETag {
		t.Fatalf("delete of %s, which is not what the manifest says", e.Path)
	}
	delete(m.objects, e.Path)
}

func (m *model) apply(t *rapid.T, e *manifest.Entry, w Write, content string) {
	m.writes++
	have, exists := m.objects[e.Path]
	for key := range m.objects {
		if m.nestless && (strings.HasPrefix(key, e.Path+"/") || strings.HasPrefix(e.Path, key+"/")) {
			t.Fatalf("%s is written while %s is in the way", e.Path, key)
		}
	}
	switch {
	case w.If.IfAbsent && exists:
		t.Fatalf("%s is new to the plan, and is there", e.Path)
	case w.If.IfMatch != "" && have.etag != w.If.IfMatch:
		t.Fatalf("%s: the plan expects %s and finds %s", e.Path, w.If.IfMatch, have.etag)
	case !w.If.IfAbsent && w.If.IfMatch == "":
		t.Fatalf("%s would be written without a condition", e.Path)
	case w.Reason == ReasonHeaders && have.content != content:
		t.Fatalf("%s: only headers would be changed, but the content differs", e.Path)
	}
	e.ETag = fmt.Sprintf("%d-%d", m.sequence, m.writes)
	m.objects[e.Path] = object{content, e.Headers, e.ETag}
}

func drawBuild(t *rapid.T) map[string]string {
	build := map[string]string{}
	for _, p := range []string{"index.html", "a.html", "b/index.html", "c.pdf", "x.css", "y.0a1b2c3d.js", "sitemap.xml"} {
		if v := rapid.SampledFrom([]string{"", "1", "2", "22"}).Draw(t, p); v != "" {
			build[p] = contentOf(p, v)
		}
	}
	return build
}

func TestWhateverDiesTheNextDeployFinishes(t *testing.T) {
	plain, _ := rules.Rules{}.Compile()
	other, _ := rules.Rules{Headers: []rules.HeaderRule{{Match: "*.html", Set: map[string]string{"cache-control": "no-store"}}}}.Compile()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{objects: map[string]object{"theirs.html": {content: "theirs", etag: "t"}}, now: time.Unix(1e9, 0).UTC(), base: Known{Swept: true}}
		for range rapid.IntRange(1, 6).Draw(t, "deploys that may die") {
			rules := plain
			if rapid.Bool().Draw(t, "other rules") {
				rules = other
			}
			m.deploy(t, drawBuild(t), rules, rapid.IntRange(0, 12).Draw(t, "budget"))
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
		}
		build := drawBuild(t)
		plan, done := m.deploy(t, build, plain, 1000)
		if !done {
			t.Fatal("unfinished")
		}
		for path, content := range build {
			if m.objects[path].content != content {
				t.Fatalf("%s holds %q", path, m.objects[path].content)
			}
		}
		if m.objects["theirs.html"].content != "theirs" {
			t.Fatal("a stranger's file was touched")
		}
		for path := range m.objects {
			_, wanted := build[path]
			kept := slices.ContainsFunc(plan.Next.Retired, func(r manifest.Retired) bool { return r.Path == path && !r.Doomed })
			if !wanted && path != "theirs.html" && (!kept || rules.Classify(path) != rules.ClassAsset) {
				t.Fatalf("%s stayed behind", path)
			}
		}
		again, _ := m.deploy(t, build, plain, 1000)
		if _, bytes := again.Upload(); bytes != 0 || again.Counts().Content+again.Counts().New+again.Counts().Headers != 0 {
			t.Fatalf("the same build again: %+v", again.Counts())
		}
	})
}

func TestNothingIsSentTwiceAfterACrash(t *testing.T) {
	rules, _ := rules.Rules{}.Compile()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{objects: map[string]object{}, now: time.Unix(1e9, 0).UTC(), base: Known{Swept: true}}
		build := drawBuild(t)
		m.deploy(t, build, rules, rapid.IntRange(0, 8).Draw(t, "writes before the crash"))
		arrived := maps.Clone(m.objects)
		plan, _ := m.deploy(t, build, rules, 1000)
		files, _ := plan.Upload()
		if want := len(build) - len(arrived); files != want {
			t.Fatalf("%d files sent, %d had arrived of %d", files, len(arrived), len(build))
		}
	})
}

func TestReasons(t *testing.T) {
	rs, _ := rules.Rules{}.Compile()
	h, _ := rs.HeadersFor("a.html")
	css, _ := rs.HeadersFor("a.css")
	sum := store.Sum{1}
	live := manifest.Manifest{Sequence: 1, Entries: []manifest.Entry{
		{Path: "a.css", Sum: sum, Headers: css, ETag: "c"},
		{Path: "changed.html", Sum: store.Sum{9}, Headers: h, ETag: "1"},
		{Path: "gone.css", Sum: sum, Headers: css, ETag: "2"},
		{Path: "gone.html", Sum: sum, Headers: h, ETag: "3"},
		{Path: "headers.html", Sum: sum, Headers: "cache-control: other\n", ETag: "4"},
		{Path: "same.html", Sum: sum, Headers: h, ETag: "5"},
	}}
	plan, err := New(Input{
		Tree: manifest.Tree{Files: []manifest.File{
			{Path: "a.css", Sum: sum},
			{Path: "changed.html", Sum: sum},
			{Path: "headers.html", Sum: sum},
			{Path: "new.html", Sum: sum},
			{Path: manifest.MarkerPath, Sum: sum},
			{Path: "same.html", Sum: sum},
		}},
		Base: Known{Live: live, Swept: true}, Headers: rs.HeadersFor, Grace: manifest.DefaultGrace, Next: manifest.Manifest{Sequence: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Counts{New: 1, Content: 1, Headers: 1, Gone: 1, Unchanged: 2, Retired: 1}, plan.Counts()); diff != "" {
		t.Error(diff)
	}
	want := []Write{
		{Index: 1, Reason: ReasonContent, If: store.Condition{IfMatch: "1"}},
		{Index: 2, Reason: ReasonHeaders, If: store.Condition{IfMatch: "4"}},
		{Index: 3, Reason: ReasonNew, If: store.Condition{IfAbsent: true}},
	}
	if diff := cmp.Diff(want, plan.Phases[rules.ClassPage].Writes); diff != "" {
		t.Error(diff)
	}
}

// A deploy that fails again and again with the same build is remembered once.
func TestWhatDeploysThatDiedMeantAlikeIsRememberedOnce(t *testing.T) {
	entry := func(path string, sum byte) manifest.Entry {
		return manifest.Entry{Path: path, Size: 3, Sum: store.Sum{sum}}
	}
	var b Known
	for _, entries := range [][]manifest.Entry{
		{entry("a.html", 1), entry("b.html", 1)},
		{entry("a.html", 1), entry("b.html", 1)},
		{entry("a.html", 1), entry("b.html", 2), entry("c.html", 1)},
		{entry("b.html", 2)},
	} {
		b.AddPending(&manifest.Manifest{Delta: true, Entries: entries, Retired: []manifest.Retired{{Entry: entry("z.css", 1), Doomed: true}}})
	}
	var got []string
	for i, p := range b.Pending {
		for _, e := range p.Entries {
			got = append(got, fmt.Sprint(i, e.Path, e.Sum[0]))
		}
	}
	want := []string{"0a.html1", "0b.html1", "2b.html2", "2c.html1"}
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.html", "b.html", "c.html", "z.css"}, b.Doubtful()); diff != "" {
		t.Error(diff)
	}
}
