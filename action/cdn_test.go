//go:build unix

package action_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/steps"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

// fakeCDN is a webhook that notes what it is told to forget.
type fakeCDN struct {
	*httptest.Server
	mu     sync.Mutex
	told   []cdn.Set
	signed int // how many of these
	down   bool
}

func newFakeCDN(t *testing.T) *fakeCDN {
	t.Helper()
	f := &fakeCDN{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var message struct{ Data cdn.Set }
		if text, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(text, &message) != nil {
			t.Errorf("%v: %s", err, text)
		}
		if f.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		f.told = append(f.told, message.Data)
		if r.Header.Get("Webhook-Signature") != "" {
			f.signed++
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// forgot are the addresses that it was told to forget since it was last asked.
func (f *fakeCDN) forgot() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, set := range f.told {
		if set.All {
			all = append(all, "everything")
		}
		all = append(append(append(all, set.Tags...), set.Paths...), set.Prefixes...)
	}
	f.told = nil
	slices.Sort(all)
	return all
}

func (f *fakeCDN) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

const threePages = `mkdir -p public; for p in index a b; do [ -f public/$p.html ] || echo "$p one" > public/$p.html; done`

// again has the app dispatch the next release, for a run of its own.
func (b *bench) again(a *fakeApp, id string) {
	b.t.Helper()
	b.opts.RunID = id
	b.opts.Release, b.opts.DispatchToken = a.dispatched(id)
}

func TestTheCDNIsToldWhatChangedAndNothingElse(t *testing.T) {
	edge := newFakeCDN(t)
	b := newBench(t, threePages)
	b.opts.CDN = "webhook:" + edge.URL
	var got [][]string
	step := func(build, state string) {
		t.Helper()
		b.opts.Build = build
		b.wantExit(b.run("all"), failure.ExitOK)
		got = append(got, edge.forgot())
		if s := b.state(); s.Edge == nil || s.Edge.State != state || s.Edge.Purged != int64(len(got[len(got)-1])) {
			t.Errorf("%s: the state has %+v", build, s.Edge)
		}
	}
	step(threePages, api.EdgePurged)
	step("true", api.EdgeCurrent)
	step("echo two > public/a.html", api.EdgePurged)
	step("echo new > public/new.html", api.EdgeCurrent) // no cache holds what is new
	step("rm public/b.html", api.EdgePurged)
	want := [][]string{{"everything"}, nil, {"/a.html"}, nil, {"/b.html"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}
	b.opts.Build, b.opts.DryRun = "echo three > public/a.html", true
	b.wantExit(b.run("all"), failure.ExitOK)
	if told := edge.forgot(); told != nil {
		t.Errorf("a dry run told it %v", told)
	}
}

// A CDN that is away never fails a release: it is live, reported as such, and
// whoever tells the CDN next tells all of it.
func TestACDNThatIsDownLeavesTheEdgePending(t *testing.T) {
	app, edge := newFakeApp(t), newFakeCDN(t)
	summary, output := filepath.Join(t.TempDir(), "summary"), filepath.Join(t.TempDir(), "output")
	b := newBench(t, threePages).with(app)
	b.opts.CDN, b.opts.CDNLimit = "webhook:"+edge.URL, 300*time.Millisecond
	b.wantExit(b.run("all"), failure.ExitOK)
	edge.forgot()

	edge.set(true)
	b.again(app, "run-2")
	b.opts.Build = "echo two > public/a.html; rm public/b.html"
	b.opts.Environ = append(b.opts.Environ, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output)
	err := b.run("all")
	b.wantExit(err, failure.ExitEdgePending)
	if b.live("a.html") != "two\n" || b.live("b.html") != "" {
		t.Error("the release is not live, or its deletes were not done")
	}
	if site := app.now(); site.State != release.Ready || site.Live.Number != 2 || site.Live.Outcome != release.Succeeded {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
	if f := app.seen("failure"); len(f) != 0 {
		t.Errorf("it reported %+v", f)
	}
	if s := b.state(); s.Outcome != state.OutcomeEdgePending || !s.Live || !strings.Contains(s.Why, "300ms") || !strings.Contains(s.Why, "503") {
		t.Errorf("the state is %s, %q", s.Outcome, s.Why)
	}
	if m := app.metrics; m == nil || m.Edge == nil || m.Edge.State != api.EdgePending {
		t.Errorf("the app was given the metrics %+v", m)
	}
	for file, words := range map[string]string{summary: "live at the origin, edge pending", output: "edge_pending"} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), words) {
			t.Errorf("%v\n%s", err, text)
		}
	}
	b.wantExit(b.run("post"), failure.ExitOK)

	// What pressrun invalidate does.
	edge.set(false)
	dest, err := destination.Open(t.Context(), b.opts.To, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	purger, err := cdn.Open(t.Context(), cdn.Config{Address: b.opts.CDN})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cdn.Sync(t.Context(), dest, purger, cdn.SyncOptions{Site: "www"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/a.html", "/b.html"}, edge.forgot()); diff != "" {
		t.Errorf("told later (-want +got)\n%s", diff)
	}
}

func TestTheNextRunTellsTheCDNWhatTheLastOneCouldNot(t *testing.T) {
	edge := newFakeCDN(t)
	b := newBench(t, threePages)
	b.opts.CDN, b.opts.CDNLimit = "webhook:"+edge.URL, 200*time.Millisecond
	b.wantExit(b.run("all"), failure.ExitOK)
	edge.forgot()
	edge.set(true)
	b.opts.Build = "echo two > public/a.html"
	b.wantExit(b.run("all"), failure.ExitEdgePending)
	edge.set(false)
	b.opts.Build = "true" // nothing changed since
	b.wantExit(b.run("all"), failure.ExitOK)
	if diff := cmp.Diff([]string{"/a.html"}, edge.forgot()); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}
}

// In a workflow of several steps only the last tells by its exit code: one that
// failed in between would keep the release from being reported.
func TestStepsGoOnWhileTheEdgeIsPending(t *testing.T) {
	app, edge := newFakeApp(t), newFakeCDN(t)
	edge.set(true)
	b := newBench(t, threePages).with(app)
	b.opts.CDN, b.opts.CDNLimit = "webhook:"+edge.URL, 200*time.Millisecond
	for _, step := range steps.Names() {
		code := failure.ExitOK
		if step == "ready" {
			code = failure.ExitEdgePending
		}
		b.wantExit(b.run(step), code)
	}
	if site := app.now(); site.State != release.Ready || site.Live.Number != 1 {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
}

func TestAWrongCDNIsToldBeforeAnythingIsBuilt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*options.Options)
		want   string
	}{
		"unknown":         {func(o *options.Options) { o.CDN = "akamai:1" }, "not known"},
		"no token":        {func(o *options.Options) { o.CDN = "fastly:S" }, "FASTLY_API_TOKEN"},
		"no such file":    {func(o *options.Options) { o.CDN, o.CDNSecretFile = "fastly:S", "/no/such/file" }, "/no/such/file"},
		"no address":      {func(o *options.Options) { o.CDN = "varnish:http://127.0.0.1:1" }, "--public-url"},
		"no destination":  {func(o *options.Options) { o.CDN, o.To = "cloudfront:E1", "" }, "--to"},
		"a store":         {func(o *options.Options) { o.RedirectStore = "E1" }, "--redirect-store"},
		"webhook's token": {func(o *options.Options) { o.CDN = "webhook:http://example.org/TopSecret" }, "https://example.org/purge"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "touch built; "+goodBuild)
			c.change(&b.opts)
			err := b.run("all")
			b.wantExit(err, failure.ExitUsage)
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "TopSecret") {
				t.Errorf("the reason is %q", err)
			}
			if exists(filepath.Join(b.dir, "built")) {
				t.Error("it built")
			}
		})
	}
}

func TestTheCDNsSecretIsKeptFromBuilds(t *testing.T) {
	b := newBench(t, "env > env.txt; "+goodBuild)
	b.opts.CDN, b.opts.CDNLimit = "fastly:S", time.Nanosecond // nothing is sent
	b.opts.Environ = append(b.opts.Environ, "FASTLY_API_TOKEN=secret-of-fastly", "KEPT=kept")
	b.wantExit(b.run("all"), failure.ExitEdgePending)
	text, err := os.ReadFile(filepath.Join(b.dir, "env.txt"))
	if err != nil || strings.Contains(string(text), "secret-of-fastly") || !strings.Contains(string(text), "KEPT=kept") {
		t.Errorf("the build sees (%v)\n%s", err, text)
	}
	if strings.Contains(b.err.String()+b.out.String(), "secret-of-fastly") {
		t.Error("the log has it")
	}
}

// A job whose steps are called one by one has its tokens in every step's
// environment, those of CDNs that the site does not have among them.
func TestNoCDNsSecretIsInABuildOfItsOwnStep(t *testing.T) {
	b := newBench(t, "env > env.txt; "+goodBuild)
	b.opts.BuildEnv = "OF_THE_PROFILE=seen"
	secrets := []string{"FASTLY_API_TOKEN", "CLOUDFLARE_API_TOKEN", "PRESSRUN_CDN_WEBHOOK_SECRET", "PRESSRUN_TOKEN", "INPUT_TOKEN", "ACTIONS_RUNTIME_TOKEN"}
	for _, name := range secrets {
		b.opts.Environ = append(b.opts.Environ, name+"=secret-"+name)
	}
	for _, step := range []string{"claim", "in-progress", "build"} {
		b.wantExit(b.run(step), failure.ExitOK)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "env.txt"))
	if err != nil || strings.Contains(string(text), "secret-") || !strings.Contains(string(text), "OF_THE_PROFILE=seen") {
		t.Errorf("the build sees (%v)\n%s", err, text)
	}
}

func TestTheLocalRunnerHandsTheCDNOn(t *testing.T) {
	t.Setenv("PRESSRUN_CDN_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	edge := newFakeCDN(t)
	m := newOnThisMachine(t, goodBuild+`; env`)
	m.settings.Deploy.CDN.Address = "webhook:" + edge.URL
	m.release(t)
	if e := m.wait(t); e.Conclusion != release.RunSucceeded || !e.Live {
		t.Errorf("it ended as %+v\n%s", e, m.log(t))
	}
	if told := edge.forgot(); !slices.Equal(told, []string{"everything"}) || edge.signed != 1 {
		t.Errorf("it was told %v, signed %d", told, edge.signed)
	}
	if strings.Contains(m.log(t), "MfKQ9r8GKYqr") {
		t.Error("the log, the build's environment included, has the secret")
	}
}

// The whole way, with a real Varnish: an edit, a release, and the public sees
// the new page, which it had cached.
func TestAReleaseIsSeenThroughVarnish(t *testing.T) {
	b := newBench(t, threePages)
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		if r.URL.Path == "/"+manifest.MarkerPath {
			w.Header().Set("Cache-Control", "no-store")
		}
		if !exists(b.dest) { // asked for until Varnish is up
			w.Header().Set("Cache-Control", "no-store")
			return
		}
		http.ServeFile(w, r, filepath.Join(b.dest, filepath.FromSlash(r.URL.Path)))
	}))
	t.Cleanup(origin.Close)
	vcl, err := os.ReadFile("../docs/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	edge := servers.StartVarnish(t, string(vcl), origin.URL)
	visit := func(page string) string {
		t.Helper()
		resp, err := http.Get(edge + page)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	b.opts.PublicURL, b.opts.CDN, b.opts.VerifyPages = edge, "varnish:"+edge, 10
	b.wantExit(b.run("all"), failure.ExitOK)
	for _, page := range []string{"/a.html", "/b.html"} { // visitors fill the cache
		visit(page)
	}

	b.opts.Build = "echo a two > public/a.html"
	b.wantExit(b.run("all"), failure.ExitOK)
	if got := visit("/a.html"); got != "a two\n" {
		t.Errorf("the edge shows %q", got)
	}

	// Without telling it, the cache is found out.
	b.opts.Build, b.opts.CDN, b.opts.VerifyLimit = "echo a three > public/a.html", "", 100*time.Millisecond
	err = b.run("all")
	b.wantExit(err, failure.ExitEdgePending)
	if got := visit("/a.html"); got != "a two\n" || !strings.Contains(err.Error(), "/a.html shows other content") {
		t.Errorf("the edge shows %q: %v", got, err)
	}
	b.opts.Build, b.opts.CDN, b.opts.VerifyLimit = "true", "varnish:"+edge, 5*time.Second
	b.wantExit(b.run("all"), failure.ExitOK)
	if got := visit("/a.html"); got != "a three\n" {
		t.Errorf("the edge shows %q", got)
	}
}
