//go:build unix

package publish_test

import (
	"encoding/json"
	"errors"
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

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/publish"
)

// webhook is a CDN that notes what it is told to forget.
type webhook struct {
	mu   sync.Mutex
	down bool
	told []string
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var message struct{ Data cdn.Set }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if message.Data.All {
		h.told = append(h.told, "everything")
	}
	h.told = append(append(h.told, message.Data.Paths...), message.Data.Prefixes...)
}

// forgot is what it was told since it was last asked.
func (h *webhook) forgot() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	told := h.told
	h.told = nil
	slices.Sort(told)
	return told
}

func (h *webhook) set(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

// press has a built site, a folder that it goes to, and a CDN before that.
type press struct {
	t          *testing.T
	build, www string
	cdn        *webhook
	plan       publish.Plan
}

func newPress(t *testing.T) *press {
	t.Helper()
	p := &press{t: t, build: t.TempDir(), www: filepath.Join(t.TempDir(), "www"), cdn: &webhook{}}
	server := httptest.NewServer(p.cdn)
	t.Cleanup(server.Close)
	p.write("index.html", "home")
	p.write("a.html", "a")
	opened, err := publish.OpenCDN(t.Context(), cdn.Config{Address: "webhook:" + server.URL})
	if err != nil {
		t.Fatal(err)
	}
	dest, err := destination.Open(t.Context(), "file://"+p.www, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.plan = publish.Plan{Site: "www", Source: publish.Build{Dir: p.build}, Destination: dest, CDN: opened}
	return p
}

func (p *press) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.build, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *press) run() publish.Report {
	p.t.Helper()
	report, err := publish.Run(p.t.Context(), p.plan)
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

func TestACDNIsToldWhatAReleaseReplacedAndNothingElse(t *testing.T) {
	p := newPress(t)
	step := func(name string, change func(), state publish.CDNState, want ...string) {
		t.Helper()
		change()
		report := p.run()
		if !report.Live || report.CDN == nil || report.CDN.State() != state || report.EdgePending() != (state == publish.CDNPending) {
			t.Errorf("%s: live %t, the CDN %+v", name, report.Live, report.CDN)
		}
		if diff := cmp.Diff(want, p.cdn.forgot()); diff != "" {
			t.Errorf("%s: told (-want +got)\n%s", name, diff)
		}
	}
	step("the first release", func() {}, publish.CDNPurged, "everything")
	step("nothing changed", func() {}, publish.CDNCurrent)
	step("a page", func() { p.write("a.html", "a two") }, publish.CDNPurged, "/a.html")
	step("a new page", func() { p.write("b.html", "b") }, publish.CDNCurrent)
	step("a rollback", func() { p.plan.Source = publish.Earlier{} }, publish.CDNPurged, "/b.html")
	step("the CDN is away", func() {
		p.plan.Source = publish.Build{Dir: p.build}
		p.write("a.html", "a three")
		p.cdn.set(true)
	}, publish.CDNPending)
	step("nothing changed since", func() { p.cdn.set(false) }, publish.CDNPurged, "/a.html")
}

func TestADryRunForecastsWhatTheCDNWouldBeTold(t *testing.T) {
	p := newPress(t)
	p.run()
	p.cdn.forgot()
	p.write("a.html", "a two")
	p.plan.DryRun = true
	report := p.run()
	if report.Live || report.CDN != nil || report.Forecast == nil || !slices.Equal(report.Forecast.Set.Paths, []string{"/a.html"}) {
		t.Errorf("the report is %+v, the forecast %+v", report.CDN, report.Forecast)
	}
	if told := p.cdn.forgot(); told != nil {
		t.Errorf("it was told %v", told)
	}
}

// What failed after the commit is no failure of the release: it is said with it.
func TestACDNsTimeIsBoundedAndItsCauseIsTold(t *testing.T) {
	p := newPress(t)
	p.plan.CDN.Limit = time.Nanosecond
	report := p.run()
	if !report.Live || !report.EdgePending() || !strings.Contains(report.CDN.Cause().Error(), "longer than 1ns") {
		t.Fatalf("live %t, the CDN: %v", report.Live, report.CDN.Err)
	}
	if err := report.CDN.Pending(); !strings.Contains(err.Error(), "live at the origin") || !strings.Contains(err.Error(), "pressrun invalidate") {
		t.Errorf("the error says %q", err)
	}
	p.plan.CDN.Limit = 0
	done, err := p.plan.CDN.Invalidate(t.Context(), p.plan.Destination, "www", publish.Invalidation{})
	if err != nil || !done.Decision.Set.All {
		t.Errorf("invalidate did %+v: %v", done, err)
	}
}

// Several jobs send a plan's content, and one makes it live and tells the CDN.
func TestAPlanInShardsIsPublishedAsADeployIs(t *testing.T) {
	p := newPress(t)
	p.run()
	p.cdn.forgot()
	p.write("a.html", "a two")
	p.plan.DryRun = true
	dry := p.run()
	p.plan.DryRun = false
	shards := engine.Sharded{Next: dry.Next, Parent: dry.Parent, Shards: 2, Changed: dry.All}
	p.plan.Source = publish.Shards{Sharded: shards}
	if _, err := publish.Run(t.Context(), p.plan); !errors.Is(err, engine.ErrShardMissing) {
		t.Errorf("without its shards: %v", err)
	}
	for shard := 1; shard <= 2; shard++ {
		if _, err := publish.Stage(t.Context(), p.plan, publish.Build{Dir: p.build}, shards, shard); err != nil {
			t.Fatal(err)
		}
	}
	if told := p.cdn.forgot(); told != nil {
		t.Errorf("before it was live the CDN was told %v", told)
	}
	p.run()
	if told := p.cdn.forgot(); !slices.Equal(told, []string{"/a.html"}) {
		t.Errorf("the CDN was told %v", told)
	}
}

func TestNoCDNAndNoRedirectStoreAreNoMistake(t *testing.T) {
	for _, address := range []string{"", "none"} {
		if opened, err := publish.OpenCDN(t.Context(), cdn.Config{Address: address}); opened != nil || err != nil {
			t.Errorf("CDN %q: %v, %v", address, opened, err)
		}
		if _, err := publish.OpenRedirects(t.Context(), address, ""); err != nil {
			t.Errorf("redirects %q: %v", address, err)
		}
	}
	if _, err := publish.OpenCDN(t.Context(), cdn.Config{Address: "akamai:1"}); err == nil {
		t.Error("an unknown CDN is opened")
	}
	if _, err := publish.OpenRedirects(t.Context(), "E1", ""); err == nil {
		t.Error("a store that is no ARN is opened")
	}
	p := newPress(t)
	p.plan.CDN = nil
	if report := p.run(); !report.Live || report.CDN != nil || report.EdgePending() {
		t.Errorf("without a CDN: %+v", report)
	}
}
