package cdn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// cloudFrontLimits are CloudFront's with tags, which the tests of plans mostly use.
var cloudFrontLimits = (&cloudFront{tags: true}).Limits()

func content(paths ...string) []Change {
	var out []Change
	for _, p := range paths {
		out = append(out, Change{Path: p, Reason: plan.ReasonContent})
	}
	return out
}

func held(n int, format string) []Object {
	var out []Object
	for i := range n {
		out = append(out, Object{Path: fmt.Sprintf(format, i)})
	}
	return out
}

func TestAPlanPurgesWhatTheReleaseMadeWrong(t *testing.T) {
	withoutTags := cloudFrontLimits
	withoutTags.Tags = 0
	cloudflare := (&cloudflare{}).Limits()
	fastly := (&fastly{host: "www.example.org"}).Limits()
	tagged := func(path string, reason plan.Reason, tags ...string) Change {
		return Change{Path: path, Reason: reason, Tags: tags}
	}
	news := make([]Object, 0, 200)
	for i := range 200 {
		news = append(news, Object{Path: fmt.Sprintf("news/%d/index.html", i), Tags: []string{"template", fmt.Sprintf("p:%d", i)}})
	}
	for _, c := range []struct {
		name   string
		in     Input
		limits Limits
		want   Set
		method Method
		missed int
	}{
		{"nothing changed", Input{Held: news}, cloudFrontLimits, Set{}, MethodNothing, 0},
		{"only what was never there", Input{Held: news, Changes: []Change{tagged("a.html", plan.ReasonNew)}}, cloudFrontLimits, Set{}, MethodNothing, 0},
		{
			"a new page where 404s are cached",
			Input{Held: news, NotFoundCached: true, Changes: []Change{tagged("a.html", plan.ReasonNew), tagged("a.png", plan.ReasonNew)}},
			cloudFrontLimits,
			Set{Paths: []string{"/a.html"}},
			MethodPaths, 0,
		},
		{
			"hashed assets that were dropped",
			Input{Held: news, Changes: []Change{tagged("app-3f2a9c1b.css", plan.ReasonGone), tagged("app-0f2a9c1b.css", plan.ReasonExpired)}},
			cloudFrontLimits,
			Set{},
			MethodNothing, 0,
		},
		{
			"a logo that was dropped",
			Input{Held: news, Changes: []Change{tagged("logo.png", plan.ReasonExpired)}},
			cloudFrontLimits,
			Set{Paths: []string{"/logo.png"}},
			MethodPaths, 0,
		},
		{
			"one page by its tag",
			Input{Held: news, Changes: []Change{tagged("news/7/index.html", plan.ReasonContent, "template", "p:7")}},
			cloudFrontLimits,
			Set{Tags: []string{"p:7"}},
			MethodTags, 0,
		},
		{
			"a page that went away",
			Input{Held: news, Changes: []Change{tagged("news/7/index.html", plan.ReasonGone, "p:7")}},
			cloudFrontLimits,
			Set{Tags: []string{"p:7"}},
			MethodTags, 0,
		},
		{
			"tags that the page carries only now",
			Input{Held: held(200, "news/%d/index.html"), Changes: []Change{tagged("news/7/index.html", plan.ReasonHeaders)}},
			cloudFrontLimits,
			Set{Prefixes: []string{"/news/7"}},
			MethodPaths, 10, // 70 to 79
		},
		{
			"a page without tags among pages with them",
			Input{Held: append(held(1, "other.html"), news...), Changes: []Change{
				tagged("news/7/index.html", plan.ReasonContent, "p:7"), tagged("other.html", plan.ReasonContent),
			}},
			cloudFrontLimits,
			Set{Tags: []string{"p:7"}, Paths: []string{"/other.html"}},
			MethodTags, 0,
		},
		{
			"a template that all pages share",
			Input{Held: append(held(500, "img/%d.png"), news...), Changes: func() (out []Change) {
				for _, o := range news {
					out = append(out, tagged(o.Path, plan.ReasonContent, o.Tags...))
				}
				return out
			}()},
			cloudFrontLimits,
			Set{Tags: []string{"template"}},
			MethodTags, 0,
		},
		{
			"an index page by every address",
			Input{Held: held(2000, "%d/index.html"), Changes: content("1999/index.html", "index.html")},
			withoutTags,
			Set{Paths: []string{"/", "/index.html"}, Prefixes: []string{"/1999"}},
			MethodPaths, 0,
		},
		{
			"a folder's pages by the folder",
			Input{Held: append(held(30, "news/%d.html"), held(3000, "img/%d.png")...), Changes: content("news/1.html", "news/2.html", "news/3.html", "news/15.html", "news/27.html")},
			withoutTags,
			Set{Prefixes: []string{"/news/"}},
			MethodPaths, 25,
		},
		{
			"a small site whole",
			Input{Held: held(20, "%d.html"), Changes: content("1.html", "2.html", "3.html", "14.html", "15.html", "16.html")},
			cloudflare.with(Prices{Unit: 0.005}),
			Set{All: true},
			MethodEverything, 14,
		},
		{
			"what is free by exact addresses",
			Input{Held: held(20, "%d/x.html"), Changes: content("1/x.html", "2/x.html", "13/x.html")},
			cloudflare,
			Set{Paths: []string{"/1/x.html", "/13/x.html", "/2/x.html"}},
			MethodPaths, 0,
		},
		{
			"more than a CDN without prefixes takes",
			Input{Held: held(9000, "%d.html"), Changes: content(slices.Collect(func(yield func(string) bool) {
				for i := range 1500 {
					if !yield(fmt.Sprintf("%d.html", i)) {
						return
					}
				}
			})...)},
			fastly,
			Set{All: true},
			MethodEverything, 7500,
		},
		{
			"clean addresses below a folder of the host",
			Input{Base: "/docs/", CleanURLs: true, Held: held(900, "%d.html"), Changes: content("899.html")},
			cloudflare,
			Set{Paths: []string{"/docs/899", "/docs/899.html"}},
			MethodPaths, 0,
		},
		{
			"everything of a site below a folder",
			Input{Base: "/docs", Held: held(5, "%d.html"), Changes: content("0.html", "1.html", "2.html", "3.html", "4.html")},
			withoutTags,
			Set{Paths: []string{"/docs"}, Prefixes: []string{"/docs/"}},
			MethodEverything, 0,
		},
		{
			"a site of which nothing more is known",
			Input{Changes: content("a.html")},
			cloudFrontLimits,
			Set{Paths: []string{"/a.html"}},
			MethodPaths, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Plan(c.in, c.limits)
			if diff := cmp.Diff(c.want, d.Set, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("set (-want +got):\n%s", diff)
			}
			if d.Method != c.method || d.Missed != c.missed {
				t.Errorf("method %s, missed %d; want %s, %d", d.Method, d.Missed, c.method, c.missed)
			}
			if d.Units != d.Set.Units() || math.Abs(d.USD-float64(d.Units)*c.limits.Prices.Unit) > 1e-9 {
				t.Errorf("%d units for $%f", d.Units, d.USD)
			}
		})
	}
}

func (l Limits) with(p Prices) Limits { l.Prices = p; return l }

func TestADecisionSaysItsPrice(t *testing.T) {
	d := Plan(Input{Held: append(held(30, "news/%d.html"), held(3000, "img/%d.png")...), Changes: content("news/1.html", "news/2.html", "news/3.html", "news/15.html", "img/7.png")}, cloudFrontLimits)
	const want = "purge 1 path, 1 prefix for 5 stale files; 26 fresh ones go too; 2 units, $0.010 beyond the 1000 free a month"
	if got := d.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// site draws a site and what a release changed of it.
func site(t *rapid.T) Input {
	segment := rapid.SampledFrom([]string{"a", "b", "news", "news2", "café", "x y", "index.html", "p.html", "q.html", "é", "è.png"})
	name := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/")
	})
	in := Input{
		Site: "www", Release: 7, Sequence: 9, Base: rapid.SampledFrom([]string{"", "/docs", "/"}).Draw(t, "base"),
		CleanURLs: rapid.Bool().Draw(t, "clean"), NotFoundCached: rapid.Bool().Draw(t, "404s"),
	}
	tags := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"t1", "T2", "t3", "p:1", "p:2"}), 0, 3, rapid.ID[string])
	objects := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) Object {
		return Object{Path: name.Draw(t, "path"), Tags: tags.Draw(t, "tags")}
	}), func(o Object) string { return o.Path }).Draw(t, "held")
	reasons := rapid.SampledFrom([]plan.Reason{plan.ReasonContent, plan.ReasonHeaders, plan.ReasonGone, plan.ReasonExpired})
	for _, o := range objects {
		if rapid.Bool().Draw(t, "changed") {
			in.Changes = append(in.Changes, Change{Path: o.Path, Reason: reasons.Draw(t, "reason"), Tags: o.Tags})
		}
	}
	for _, p := range rapid.SliceOfN(name, 0, 3).Draw(t, "new") {
		if !slices.ContainsFunc(objects, func(o Object) bool { return o.Path == p }) {
			in.Changes = append(in.Changes, Change{Path: p, Reason: plan.ReasonNew})
		}
	}
	if rapid.Bool().Draw(t, "known") {
		in.Held = append([]Object{}, objects...)
	}
	return in
}

func limits(t *rapid.T) Limits {
	return Limits{
		Tags: rapid.IntRange(0, 3).Draw(t, "tags"), Paths: rapid.IntRange(0, 6).Draw(t, "paths"), Prefixes: rapid.IntRange(0, 3).Draw(t, "prefixes"),
		AnyPrefix: rapid.Bool().Draw(t, "any prefix"), Everything: true,
		Prices: Prices{Unit: rapid.SampledFrom([]float64{0, 0.005, 1}).Draw(t, "unit"), Refetch: rapid.SampledFrom([]float64{0, 0.00001, 0.01}).Draw(t, "refetch")},
	}
}

// drops says whether a set makes a CDN forget an object's copy at an address.
func drops(s Set, address string, tags []string) bool {
	return s.All || slices.Contains(s.Paths, address) || hasPrefix(address, s.Prefixes) || hasAny(tags, lowered(s.Tags))
}

func TestEveryStaleCopyIsDroppedWithinTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, limits := site(t), limits(t)
		d := Plan(in, limits)
		for _, s := range staleObjects(in) {
			for _, a := range urlpath.Of(urlpath.Base(in.Base), s.path, in.CleanURLs) {
				if !drops(d.Set, a, s.tags) {
					t.Fatalf("%q (tags %v) of %s stays: %+v", a, s.tags, s.path, d.Set)
				}
			}
		}
		if empty := len(staleObjects(in)) == 0; empty != d.Set.Empty() || empty != (d.Method == MethodNothing) {
			t.Fatalf("%d stale, but %+v", len(staleObjects(in)), d)
		}
		if !limits.AnyPrefix {
			for _, p := range d.Set.Prefixes {
				if !strings.HasSuffix(p, "/") {
					t.Fatalf("the prefix %q is no folder", p)
				}
			}
		}
		// A whole site below a folder takes one prefix, whatever else does not fit.
		if d.Method == MethodEverything {
			return
		}
		if len(d.Set.Tags) > limits.Tags || len(d.Set.Paths) > limits.Paths || len(d.Set.Prefixes) > limits.Prefixes {
			t.Fatalf("%+v does not keep %+v", d.Set, limits)
		}
	})
}

func TestAPlanIsTheSameWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, limits := site(t), limits(t)
		want := Plan(in, limits)
		in.Changes = rapid.Permutation(in.Changes).Draw(t, "changes")
		if in.Held != nil {
			in.Held = append([]Object{}, rapid.Permutation(in.Held).Draw(t, "held")...)
		}
		if diff := cmp.Diff(want, Plan(in, limits)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAPlanNeverCostsMoreThanEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, limits := site(t), limits(t)
		d := Plan(in, limits)
		if d.Method == MethodNothing {
			return
		}
		all := everything(in, urlpath.Base(in.Base), limits)
		all.Missed = newCached(in, staleObjects(in)).missed(all.Set, urlpath.Base(in.Base))
		if weight(d, limits) > weight(all, limits)+1e-9 {
			t.Fatalf("%+v weighs %f, everything %f", d, weight(d, limits), weight(all, limits))
		}
	})
}

func TestAPlanForALargeSiteIsQuick(t *testing.T) {
	in := Input{Site: "www"}
	for i := range 30_000 {
		path := fmt.Sprintf("section-%d/page-%d/index.html", i%97, i)
		tags := []string{fmt.Sprintf("p:%d", i), fmt.Sprintf("c:%d", i%97)}
		in.Held = append(in.Held, Object{Path: path, Tags: tags})
		if i%3 == 0 {
			in.Changes = append(in.Changes, Change{Path: path, Reason: plan.ReasonContent, Tags: tags})
		}
	}
	for _, limits := range []Limits{cloudFrontLimits, (&cloudflare{tags: true}).Limits(), (&fastly{host: "h"}).Limits()} {
		d := Plan(in, limits)
		if d.Stale != 10_000 || d.Units > 1000 {
			t.Errorf("%s", d)
		}
	}
}

func TestTagsAreReadFromHeaders(t *testing.T) {
	h, err := store.NewHeaders(map[string]string{"x-amz-meta-cache-tag": "a, b,c  d\te,* ,tag*,é," + strings.Repeat("x", 257)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, Tags(h, "x-amz-meta-cache-tag")); diff != "" {
		t.Error(diff)
	}
	if tags := Tags(h, ""); tags != nil {
		t.Errorf("no header, but %v", tags)
	}
}
