package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/deploy/history"
)

// slow is a CDN that takes a purge at once and finishes it later, or takes only
// some batches of one.
type slow struct {
	recorder
	name   string
	batch  int // items that one call takes
	takes  int // calls that are taken; negative for all
	sent   [][]item
	open   map[string]bool
	waited []string
}

func (s *slow) Name() string { return s.name }

func (s *slow) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, s.Name(), set, callLimits{total: s.batch, mixed: true}, func(_ context.Context, items []item) (string, error) {
		if s.takes == 0 {
			return "", errors.New("it is away")
		}
		s.takes--
		s.sent = append(s.sent, items)
		return set.reference(items), nil
	})
}

func (s *slow) Wait(_ context.Context, r Receipt) error {
	s.waited = append(s.waited, r.Open...)
	if len(s.open) > 0 {
		return errors.New("it is in progress still")
	}
	return nil
}

func (p *press) resume(purger Purger, o SyncOptions) (Report, error) {
	o.Site, o.Resume = "www", true
	return Sync(p.t.Context(), p.dest, purger, o)
}

func (p *press) begun() bool {
	p.t.Helper()
	return p.begunAt(newSlow())
}

func (p *press) begunAt(cdn Purger) bool {
	p.t.Helper()
	told, err := history.ReadPurged(p.t.Context(), p.dest.State, cdn.Name())
	if err != nil {
		p.t.Fatal(err)
	}
	return told.Begun != nil
}

func newSlow() *slow {
	return &slow{name: "slow:1", batch: 1000, takes: -1, recorder: recorder{limits: Limits{Paths: 100, Prefixes: 5, Everything: true}}}
}

func TestResumeWithNothingPendingSendsNothing(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	r, err := p.resume(cdn, SyncOptions{})
	if err != nil || !r.NeverPurged || len(cdn.sent) != 0 || p.begun() {
		t.Fatalf("a CDN that was never told: %+v, %v", r, err)
	}
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil {
		t.Fatal(err)
	}
	before, err := p.dest.State.Get(t.Context(), history.PurgedKey(cdn.Name()))
	if err != nil {
		t.Fatal(err)
	}
	r, err = p.resume(cdn, SyncOptions{})
	if err != nil || r.NeverPurged || r.Resumed || !r.Decision.Set.Empty() || len(cdn.sent) != 1 || p.begun() {
		t.Fatalf("told already: %+v, %v", r, err)
	}
	if after, err := p.dest.State.Get(t.Context(), history.PurgedKey(cdn.Name())); err != nil || after.ETag != before.ETag {
		t.Errorf("it was noted anew: %v", err)
	}
}

// TestResumeGoesOnWhereThePurgeEnded: what was taken is not sent again, what is in
// progress is waited for, and another process can do it.
func TestResumeGoesOnWhereThePurgeEnded(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil {
		t.Fatal(err)
	}
	cdn.sent, cdn.waited, cdn.batch, cdn.takes = nil, nil, 1, 1
	p.write("a.html", "two")
	p.write("b.html", "two")
	p.deploy()
	r, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"})
	if _, pending := errors.AsType[*PendingError](err); !pending || len(cdn.sent) != 1 || !p.begun() {
		t.Fatalf("the CDN took one of two: %+v, %v", r, err)
	}
	dry, err := p.resume(cdn, SyncOptions{DryRun: true})
	if err != nil || dry.Decision.Set.Units() != 2 || len(cdn.sent) != 1 {
		t.Fatalf("a dry run: %+v, %v", dry, err)
	}
	cdn.takes, cdn.open = -1, map[string]bool{"x": true}
	if _, err := p.resume(cdn, SyncOptions{}); err == nil || len(cdn.sent) != 2 {
		t.Fatalf("in progress: %v", err)
	}
	cdn.open = nil
	r, err = p.resume(cdn, SyncOptions{})
	if err != nil || !r.Resumed || !finished(r.Receipt) || p.begun() {
		t.Fatalf("%+v, %v", r, err)
	}
	want := [][]item{{{kindPath, "/a.html"}}, {{kindPath, "/b.html"}}}
	if diff := cmp.Diff(want, cdn.sent, cmp.AllowUnexported(item{})); diff != "" {
		t.Errorf("each once: %s", diff)
	}
	if r, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil || !r.Decision.Set.Empty() {
		t.Errorf("the CDN agrees, and is told %+v, %v", r, err)
	}
}

// TestAKilledPurgeIsFoundAndFinished: the process died before any answer, so all
// that is known is what was noted before.
func TestAKilledPurgeIsFoundAndFinished(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	func() {
		defer func() { _ = recover() }()
		_, _ = Sync(t.Context(), p.dest, dying{cdn}, SyncOptions{Site: "www"})
	}()
	r, err := p.resume(cdn, SyncOptions{})
	if err != nil || !r.Resumed || r.NeverPurged || len(cdn.sent) != 1 || p.begun() {
		t.Fatalf("%+v, %v", r, err)
	}
}

type dying struct{ *slow }

func (dying) Purge(context.Context, Set) (Receipt, error) { panic("killed") }

func TestResumeAlsoTellsOfAReleaseThatWentLiveSince(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil {
		t.Fatal(err)
	}
	cdn.sent, cdn.takes = nil, 0
	p.write("a.html", "two")
	p.deploy()
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err == nil {
		t.Fatal("the CDN is away")
	}
	p.write("b.html", "two")
	p.deploy()
	cdn.takes = -1
	r, err := p.resume(cdn, SyncOptions{})
	if diff := cmp.Diff([]string{"/a.html", "/b.html"}, r.Decision.Set.Paths, cmpopts.EquateEmpty()); err != nil || diff != "" || p.begun() {
		t.Fatalf("%v\n%s", err, diff)
	}
}

func TestResumeRefusesAnotherCDN(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	cdn.takes = 0
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err == nil {
		t.Fatal("the CDN is away")
	}
	other := newSlow()
	other.name = "slow:2"
	if _, err := p.resume(other, SyncOptions{}); !errors.Is(err, ErrOtherCDN) || len(other.sent) != 0 {
		t.Fatal(err)
	}
	// Without --resume it is told all that it may hold, and the first one's purge
	// stays open.
	if r, err := Sync(t.Context(), p.dest, other, SyncOptions{Site: "www"}); err != nil || !r.Decision.Set.All || p.begunAt(other) || !p.begun() {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := p.resume(other, SyncOptions{}); err != nil || r.Resumed || !r.Decision.Set.Empty() {
		t.Fatalf("%+v, %v", r, err)
	}
	cdn.takes = -1
	if r, err := p.resume(cdn, SyncOptions{}); err != nil || !r.Resumed || p.begun() {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestEachCDNIsToldWhatItHasNotBeenTold: a site may lie behind two.
func TestEachCDNIsToldWhatItHasNotBeenTold(t *testing.T) {
	p, first := newPress(t), newSlow()
	second := newSlow()
	second.name = "slow:2"
	told := func(cdn *slow, want ...string) {
		t.Helper()
		r, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"})
		if diff := cmp.Diff(want, r.Decision.Set.Paths, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", cdn.name, err, diff)
		}
	}
	p.deploy()
	told(first)
	told(second)
	p.write("a.html", "two")
	p.deploy()
	told(first, "/a.html")
	p.write("b.html", "two")
	p.deploy()
	told(first, "/b.html")
	told(second, "/a.html", "/b.html")
	told(second)
}

// TestTheNoteOfAnEarlierVersionCounts: it did not say whose it was.
func TestTheNoteOfAnEarlierVersionCounts(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	if err := history.WritePurged(t.Context(), p.dest.State, history.Purged{Manifest: 1}); err != nil {
		t.Fatal(err)
	}
	p.write("a.html", "two")
	p.deploy()
	for _, want := range [][]string{{"/a.html"}, nil} {
		r, err := p.resume(cdn, SyncOptions{})
		if diff := cmp.Diff(want, r.Decision.Set.Paths, cmpopts.EquateEmpty()); err != nil || diff != "" || r.NeverPurged {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

// TestEverythingOnDemandIsResumedAsItWasAsked: no difference of releases would
// tell of it.
func TestEverythingOnDemandIsResumedAsItWasAsked(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	cdn.sent, cdn.waited, cdn.open = nil, nil, map[string]bool{"x": true}
	all := SyncOptions{Site: "www", All: true, Now: func() time.Time { return noon }}
	if _, err := Sync(t.Context(), p.dest, cdn, all); err == nil {
		t.Fatal("it is in progress")
	}
	p.write("a.html", "two")
	p.deploy()
	cdn.open = nil
	r, err := p.resume(cdn, SyncOptions{})
	if err != nil || !r.Resumed || p.begun() || len(cdn.sent) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if cdn.sent[0][0].kind != kindAll || cdn.sent[1][0].value != "/a.html" || len(slices.Compact(cdn.waited)) != 2 {
		t.Errorf("sent %v, waited for %v", cdn.sent, cdn.waited)
	}
}

// TestEverythingOnDemandIsNotForgottenByADeploy: whoever tells the CDN next, with
// something of its own or without, does what a person had asked for too.
func TestEverythingOnDemandIsNotForgottenByADeploy(t *testing.T) {
	for _, changed := range []bool{true, false} {
		p, cdn := newPress(t), newSlow()
		p.deploy()
		if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"}); err != nil {
			t.Fatal(err)
		}
		cdn.sent, cdn.takes = nil, 0
		if _, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www", All: true}); err == nil || !p.begun() {
			t.Fatal("the CDN is away")
		}
		cdn.takes = -1
		if changed {
			p.write("a.html", "two")
			p.deploy()
		}
		r, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www"})
		if err != nil || !r.Resumed || p.begun() || len(cdn.sent) == 0 || cdn.sent[0][0].kind != kindAll {
			t.Errorf("changed %t: %+v, sent %v, %v", changed, r, cdn.sent, err)
		}
		// Asked for once more, it is done once more, and not twice.
		cdn.sent = nil
		if r, err := Sync(t.Context(), p.dest, cdn, SyncOptions{Site: "www", All: true}); err != nil || r.Resumed || len(cdn.sent) != 1 {
			t.Errorf("changed %t: %+v, sent %v, %v", changed, r, cdn.sent, err)
		}
	}
}

func TestAReceiptThatIsNoneIsAnErrorAndSendsNothing(t *testing.T) {
	p, cdn := newPress(t), newSlow()
	p.deploy()
	if err := history.WritePurged(t.Context(), p.dest.State, history.Purged{Begun: json.RawMessage(`"x"`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.resume(cdn, SyncOptions{}); err == nil || len(cdn.sent) != 0 || !strings.Contains(err.Error(), "purged to start anew") {
		t.Fatal(err)
	}
}
