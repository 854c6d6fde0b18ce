package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/release"
)

// model is what a ledger should hold of one site: the rules applied to one
// event after another, and lists.
type model struct {
	site   release.Site
	keys   map[string]int // of requests
	asked  []Request
	events []Event
	closed []release.Release
	tasks  []release.Effect
	tokens int
}

func (m *model) step(e release.Event) error {
	site, effects, err := release.Step(m.site, e, now())
	if err != nil {
		return err
	}
	m.site = site
	for _, effect := range effects {
		switch e := effect.(type) {
		case release.Record:
			m.events = append(m.events, Event{Site: site.Name, Kind: e.Kind, Release: e.Release, By: e.By, Why: e.Why})
		case release.Closed:
			m.closed = append(m.closed, e.Release)
		default:
			m.tasks = append(m.tasks, effect)
		}
	}
	return nil
}

// ask gives the place that the request has got, and whether it was known.
func (m *model) ask(r Request) (int64, bool) {
	if i, ok := m.keys[r.Key]; ok && r.Key != "" {
		return m.asked[i].Place, true
	}
	r.AcceptedAt = now()
	i := len(m.events)
	m.events = append(m.events, Event{Site: r.Site, Kind: KindAccepted, By: r.Actor, Why: string(r.Source)})
	if err := m.step(release.RequestAccepted{Source: r.Source, NotBefore: r.NotBefore}); err != nil {
		panic(err)
	}
	if r.NotBefore.IsZero() {
		r.Place = m.site.Accepted
		if m.site.Current.Upto >= r.Place {
			m.events[i].Release = m.site.Current.Number
		}
	} else {
		m.events[i].Kind = KindScheduled
	}
	m.keys[r.Key] = len(m.asked)
	m.asked = append(m.asked, r)
	return r.Place, false
}

func (m *model) resolution(r Request) Resolution {
	f := Resolution{Status: m.site.StatusAt(r.Place)}
	if r.Place == 0 {
		return f
	}
	if f.Status == release.InRelease {
		f.Release = m.site.Current.Number
	}
	for _, c := range append(slices.Clone(m.closed), m.site.Current) {
		switch {
		case c.Outcome == "" || r.Place <= c.After || r.Place > c.Upto:
		case c.Outcome != release.Succeeded:
			f.Failed = append(f.Failed, c.Number)
		case f.LiveAt.IsZero():
			f.Release, f.LiveAt = c.Number, c.Times.Complete
		}
	}
	if f.Status == release.Live && !m.site.Showing(f.Release) {
		f.Status = release.WasLive
	}
	return f
}

// draw makes up something that may well happen to the site as it is now.
func (m *model) draw(t *rapid.T) release.Event {
	c := m.site.Current
	run := c.Run
	if run.ID == "" {
		run = release.Run{ID: fmt.Sprint("run-", m.site.Number), Attempt: 1}
	}
	m.tokens++
	act := release.Act{By: "olga", Why: "drawn"}
	events := map[string]release.Event{
		"tick":    release.Tick{Token: fmt.Sprint("token-", m.tokens)},
		"confirm": release.DispatchConfirmed{Token: c.Dispatch.Token, Run: run},
		"unknown": release.DispatchUnknown{Token: c.Dispatch.Token, Why: "time-out"},
		"claim":   release.Claim{Release: c.Number, Token: c.Dispatch.Token, Run: run},
		"other":   release.Claim{Release: c.Number, Token: c.Dispatch.Token, Run: release.Run{ID: "other", Attempt: 1}},
		"report": release.Report{
			Release: c.Number, Run: run, Sequence: c.Sequence + 1,
			To: rapid.SampledFrom([]release.State{release.InProgress, release.Complete, release.Ready}).Draw(t, "to"),
		},
		"failure":  release.Failure{Release: c.Number, Run: run, Sequence: c.Sequence + 1, Why: "no"},
		"ended":    release.RunEnded{Run: run, Conclusion: release.RunCancelled},
		"cancel":   release.CancelRelease{Act: act},
		"reset":    release.ResetSite{Act: act},
		"retry":    release.RetryNow{Act: act},
		"rollback": release.RollBack{Act: act, To: max(1, m.site.Live.Number-1)},
		// After all that the batch decides, whose clock is the ledger's.
		"look":   release.MarkerSeen{Marker: release.Marker{Release: max(1, m.site.Live.Number-1)}, At: time.Now().Add(time.Hour)},
		"pause":  release.PauseSite{Act: act},
		"resume": release.ResumeSite{Act: act},
	}
	// What carries a release on is drawn more often than what ends it.
	names := append(slices.Sorted(maps.Keys(events)), "tick", "tick", "confirm", "claim", "claim", "report", "report", "report", "resume", "rollback")
	return events[rapid.SampledFrom(names).Draw(t, "event")]
}

// However decisions are grouped, and though some of them break their batch,
// the ledger holds what it would hold had they been made one by one.
func TestBatchesDecideAsOneByOne(t *testing.T) {
	const most = 300
	var sites []string
	for i := range most {
		sites = append(sites, fmt.Sprint("site", i))
	}
	l := openSites(t, filepath.Join(t.TempDir(), "pressrun.db"), sites...)
	tried := 0
	rapid.Check(t, func(rt *rapid.T) {
		if tried == most {
			rt.Skip("out of sites")
		}
		site := sites[tried]
		tried++
		m := &model{site: release.NewSite(site, l.sites.now.Load().policies[site]), keys: map[string]int{}}
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			oneBatch(t, rt, l, m)
		}
		m.compare(rt, l)
		if err := l.writer.act(t.Context(), func(b *batch) error { // make room for the next
			_, err := b.exec(`DELETE FROM outbox`)
			return err
		}); err != nil {
			rt.Fatal(err)
		}
	})
}

// oneBatch hands some decisions to the ledger, so that they are one batch, and
// to the model one by one.
func oneBatch(t *testing.T, rt *rapid.T, l *Ledger, m *model) {
	t.Helper()
	letGo := holdUp(t, l)
	defer letGo() // also when rapid gives a batch up in its middle
	var wg sync.WaitGroup
	type check func() string
	var checks []check
	size := rapid.IntRange(1, 25).Draw(rt, "size")
	for i := range size {
		var c check
		switch rapid.SampledFrom([]string{"ask", "ask", "ask", "event", "event", "event", "event", "event", "event", "poison"}).Draw(rt, "what") {
		case "ask":
			c = m.handAsk(t, rt, l, &wg)
		case "event":
			c = m.handEvent(t, m.draw(rt), l, &wg)
		case "poison":
			var err error
			wg.Go(func() { err = l.writer.act(t.Context(), poison) })
			c = func() string {
				if err == nil {
					return "the poison was taken"
				}
				return ""
			}
		}
		checks = append(checks, c)
		inLine(rt, l, i+1)
	}
	letGo()
	wg.Wait()
	for i, c := range checks {
		if wrong := c(); wrong != "" {
			rt.Fatalf("decision %d of the batch: %s", i, wrong)
		}
	}
}

func (m *model) handAsk(t *testing.T, rt *rapid.T, l *Ledger, wg *sync.WaitGroup) func() string {
	t.Helper()
	r := Request{
		Site: m.site.Name, Actor: "ada",
		Key:    rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(rt, "key"),
		Source: rapid.SampledFrom(release.Sources).Draw(rt, "source"),
	}
	if rapid.IntRange(0, 9).Draw(rt, "scheduled") == 0 {
		r.NotBefore = time.Now().Add(24 * time.Hour).UTC()
	}
	place, known := m.ask(r)
	var got Request
	var again bool
	var err error
	wg.Go(func() { got, again, err = accept(t.Context(), l, r) })
	i := m.keys[r.Key]
	return func() string {
		if err != nil || again != known || got.Place != place {
			return fmt.Sprintf("%+v got place %d, again=%v (%v), want %d, %v", r, got.Place, again, err, place, known)
		}
		if m.asked[i].ID == "" {
			m.asked[i].ID = got.ID
		}
		if m.asked[i].ID != got.ID {
			return fmt.Sprintf("key %q is request %s and %s", r.Key, m.asked[i].ID, got.ID)
		}
		return ""
	}
}

func (m *model) handEvent(t *testing.T, e release.Event, l *Ledger, wg *sync.WaitGroup) func() string {
	t.Helper()
	want, site := m.step(e), m.site.Name
	var err error
	wg.Go(func() {
		if tick, ok := e.(release.Tick); ok {
			_, err = l.Tick(t.Context(), site, tick.Token)
			return
		}
		_, err = l.Decide(t.Context(), site, e)
	})
	return func() string {
		var a, b *release.Conflict
		if errors.As(want, &a) != errors.As(err, &b) || (a != nil && a.Code != b.Code) || (a == nil && err != nil) {
			return fmt.Sprintf("%#v: %v, want %v", e, err, want)
		}
		return ""
	}
}

// compare holds all that can be read of the site against the model. The
// ledger's instants are its own: only whether there is one is compared.
func (m *model) compare(t *rapid.T, l *Ledger) {
	same := cmp.Options{cmp.Comparer(func(a, b time.Time) bool { return a.IsZero() == b.IsZero() }), cmpopts.EquateEmpty()}
	ctx := t.Context()
	site, err := l.Site(ctx, m.site.Name)
	if diff := cmp.Diff(m.site, site, same); diff != "" || err != nil {
		t.Fatalf("the site (-want +got, %v):\n%s", err, diff)
	}
	events, err := l.Events(ctx, m.site.Name, 0, 1<<30)
	if diff := cmp.Diff(m.events, events, same, cmpopts.IgnoreFields(Event{}, "ID", "Request", "At")); diff != "" || err != nil {
		t.Fatalf("the audit trail (-want +got, %v):\n%s", err, diff)
	}
	stored, err := l.Releases(ctx, m.site.Name, 1<<30, 0)
	var releases []release.Release
	for _, r := range slices.Backward(stored) {
		releases = append(releases, r.Release)
	}
	want := slices.Clone(m.closed)
	if m.site.Current.Number != 0 {
		want = append(want, m.site.Current)
	}
	if diff := cmp.Diff(want, releases, same); diff != "" || err != nil {
		t.Fatalf("the releases (-want +got, %v):\n%s", err, diff)
	}
	for _, r := range m.asked {
		got, resolution, err := request(ctx, l, r.ID)
		if diff := cmp.Diff(r, got, same); diff != "" || err != nil {
			t.Fatalf("a request (-want +got, %v):\n%s", err, diff)
		}
		if diff := cmp.Diff(m.resolution(r), resolution, same); diff != "" {
			t.Fatalf("what became of %+v (-want +got):\n%s", r, diff)
		}
	}
	var together []Tracked
	err = l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		together, err = s.tracked(ctx, site, m.asked)
		return err
	})
	if err != nil || len(together) != len(m.asked) {
		t.Fatalf("of %d requests %d are told at once, %v", len(m.asked), len(together), err)
	}
	for _, one := range together {
		if diff := cmp.Diff(m.resolution(one.Request), one.Resolution, same); diff != "" {
			t.Fatalf("what became of %+v, told with others (-want +got):\n%s", one.Request, diff)
		}
	}
	due, _, err := l.Outbox().Tasks(ctx)
	var tasks []release.Effect
	for _, task := range due {
		if task.Site == m.site.Name {
			tasks = append(tasks, task.Effect)
		}
	}
	if diff := cmp.Diff(m.tasks, tasks, same); diff != "" || err != nil {
		t.Fatalf("the outbox (-want +got, %v):\n%s", err, diff)
	}
}
