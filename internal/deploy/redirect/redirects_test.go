package redirect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

func TestRulesThatLeadInACircleAreLeftOut(t *testing.T) {
	rules, _, err := ParseFile([]byte(`
/self /self/
/a /b
/b /c/
/c /a?x=1
/into /b
/fine /d
/d /page.html
/out https://example.org/
`))
	if err != nil {
		t.Fatal(err)
	}
	made, undone := Resolve(rules, manifest.Tree{Files: []manifest.File{{Path: "page.html"}}}, false)
	lines := func() (m, u []int) {
		for _, r := range made {
			m = append(m, r.Line)
		}
		for _, r := range undone {
			u = append(u, r.Line)
			if r.Reason != "it leads in a circle" {
				t.Error(r)
			}
		}
		return m, u
	}
	m, u := lines()
	if diff := cmp.Diff([][]int{{7, 8, 9}, {2, 3, 4, 5, 6}}, [][]int{m, u}); diff != "" {
		t.Error(diff)
	}
}

// Each rule is looked at once, however many lead into one circle: twenty thousand of them
// would take minutes otherwise.
func TestALargeCircleIsLeftOutAndAllThatLeadIntoIt(t *testing.T) {
	const n = 10_000
	var rules []Rule
	for i := range n {
		rules = append(rules,
			Rule{Line: i, From: fmt.Sprint("round/", i), To: fmt.Sprint("/round/", (i+1)%n), Status: 301},
			Rule{Line: i, From: fmt.Sprint("into/", i), To: fmt.Sprint("/into/", i+1), Status: 301},
			Rule{Line: i, From: fmt.Sprint("fine/", i), To: fmt.Sprint("/fine/", i+1), Status: 301})
	}
	rules[len(rules)-2].To = "/round/7"
	made, undone := Resolve(rules, manifest.Tree{}, false)
	if len(made) != n || len(undone) != 2*n {
		t.Errorf("%d are made, %d are not", len(made), len(undone))
	}
}

func TestRedirectsGiveWayToFilesOfTheBuild(t *testing.T) {
	tree := manifest.Tree{Files: []manifest.File{{Path: "about.html"}, {Path: "data"}, {Path: "new/index.html"}}}
	rules := []Rule{
		{Line: 1, From: "about", To: "/x", Status: 301},
		{Line: 2, From: "new", To: "/x", Status: 301},
		{Line: 3, From: "new", To: "/y", Status: 301, Force: true},
		{Line: 4, From: "data/1", To: "/x", Status: 301},
		{Line: 5, From: "form.pdf", To: "/x", Status: 301},
		{Line: 6, From: "pressrun-release.json", To: "/x", Status: 301},
		{Line: 7, From: "old", To: "/x", Status: 301},
	}
	lines := func(folder bool) (made, undone []int) {
		m, u := Resolve(rules, tree, folder)
		for _, r := range m {
			made = append(made, r.Line)
		}
		for _, r := range u {
			undone = append(undone, r.Line)
		}
		return made, undone
	}
	made, undone := lines(false)
	if diff := cmp.Diff([][]int{{3, 5, 7}, {1, 2, 4, 6}}, [][]int{made, undone}); diff != "" {
		t.Error("a bucket:", diff)
	}
	made, undone = lines(true)
	if diff := cmp.Diff([][]int{{3, 7}, {1, 2, 4, 5, 6}}, [][]int{made, undone}); diff != "" {
		t.Error("a folder:", diff)
	}
}

func TestARedirectIsNeverCachedLikeTheFileItReplaces(t *testing.T) {
	rs, err := rules.Rules{Headers: []rules.HeaderRule{{Match: "ruled.html", Set: map[string]string{"cache-control": "no-store"}}}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Rule
		want map[string]string
	}{
		{Rule{From: "old", To: "/new", Status: 301}, map[string]string{"cache-control": rules.CachePage, store.RedirectHeader: "/new"}},
		{Rule{From: "app-BxK3a9_z.js", To: "/new.js", Status: 308}, map[string]string{"cache-control": rules.CachePage, store.RedirectHeader: "/new.js", statusHeader: "308"}},
		{Rule{From: "ruled.html", To: "/new", Status: 302}, map[string]string{"cache-control": "no-store", statusHeader: "302", locationHeader: "/new"}},
		{Rule{From: "far", To: "/" + strings.Repeat("n", maxMetadata), Status: 302}, map[string]string{"cache-control": rules.CachePage, statusHeader: "302"}},
	} {
		ruled, err := rs.HeadersFor(c.r.Path())
		if err != nil {
			t.Fatal(err)
		}
		headers, err := c.r.Headers(ruled)
		if err != nil || !IsRedirect(headers) {
			t.Fatal(headers, err)
		}
		c.want["content-type"] = "text/html; charset=utf-8"
		got := map[string]string{}
		for name, value := range headers.All() {
			got[name] = value
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", c.r.From, diff)
		}
	}
}

// checkEnds: whoever follows redirects comes to an end.
func checkEnds(t *testing.T, made []Rule) {
	t.Helper()
	at := map[string]Rule{}
	for _, r := range made {
		at[r.Path()] = r
	}
	for _, r := range made {
		here, ok := r, true
		for range len(made) + 1 {
			target, _ := TargetFile(here.To, func(name string) bool { _, ok := at[name]; return ok })
			if here, ok = at[target]; !ok {
				break
			}
		}
		if ok {
			t.Fatalf("%+v leads in a circle", r)
		}
	}
}
