package timetable_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// desk is a ledger and a timetable whose clock the test sets.
type desk struct {
	t      *testing.T
	path   string
	ledger *ledger.Ledger
	table  *timetable.Timetable
	clock  time.Time
	all    []calendar.Schedule
	// publisher is asked before slots; nil for never.
	publisher timetable.Publisher
}

func newDesk(t *testing.T, from string, all ...calendar.Schedule) *desk {
	t.Helper()
	d := &desk{t: t, path: filepath.Join(t.TempDir(), "pressrun.db"), all: all, clock: at(t, from)}
	d.open()
	t.Cleanup(func() {
		if err := d.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *desk) open() {
	d.t.Helper()
	var err error
	d.ledger, err = ledger.Open(d.t.Context(), sqlite.At(d.path), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.table = timetable.New(d.ledger.Schedules(), d.publisher, func() time.Time { return d.clock })
	if err := d.table.Begin(d.t.Context(), map[string][]calendar.Schedule{"www": d.all}); err != nil {
		d.t.Fatal(err)
	}
}

// restart closes the ledger and opens it at another time.
func (d *desk) restart(clock string) {
	d.t.Helper()
	if err := d.ledger.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.clock = at(d.t, clock)
	d.open()
}

// look sets the clock and looks. It gives when to look again.
func (d *desk) look(clock string) time.Time {
	d.t.Helper()
	d.clock = at(d.t, clock)
	site, err := d.ledger.Site(d.t.Context(), "www")
	if err != nil {
		d.t.Fatal(err)
	}
	_, next, err := d.table.Look(d.t.Context(), site)
	if err != nil {
		d.t.Fatal(err)
	}
	return next
}

// asked are the keys of the requests so far, in order.
func (d *desk) asked() []string {
	d.t.Helper()
	var keys []string
	for _, r := range d.requests() {
		keys = append(keys, r.Key)
	}
	return keys
}

func (d *desk) requests() []ledger.Request {
	d.t.Helper()
	found, err := d.ledger.Requests(d.t.Context(), "www", 0, 1<<40, 100_000)
	if err != nil {
		d.t.Fatal(err)
	}
	slices.Reverse(found)
	return found
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

func newYork(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func daily(t *testing.T) calendar.Schedule {
	t.Helper()
	cron, err := calendar.ParseCron("30 15 * * *")
	if err != nil {
		t.Fatal(err)
	}
	return calendar.Schedule{Name: "daily", Zone: newYork(t), Cron: &cron}
}

func TestASlotIsARequestOfTheSchedule(t *testing.T) {
	d := newDesk(t, "2026-11-27T12:00:00Z", daily(t))
	if next := d.look("2026-11-27T20:29:59Z"); !next.Equal(at(t, "2026-11-27T20:30:00Z")) {
		t.Errorf("it looks again at %s", next)
	}
	d.look("2026-11-27T20:30:00Z")
	got := d.requests()
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	want := ledger.Request{
		Site: "www", Key: "schedule:daily:2026-11-27T20:30:00Z", Source: release.FromSchedule, Place: 1,
		Actor: "schedule daily", Title: "Scheduled: daily", Reason: "Fri 27 Nov 2026, 15:30 EST",
		ID: got[0].ID, AcceptedAt: got[0].AcceptedAt,
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEachSlotIsAskedForOnce(t *testing.T) {
	const first, second = "schedule:daily:2026-11-26T20:30:00Z", "schedule:daily:2026-11-27T20:30:00Z"
	for name, c := range map[string]struct {
		skip bool
		play func(*desk)
		want []string
	}{
		"a new schedule begins now": {play: func(d *desk) { d.look("2026-11-26T20:30:01Z"); d.restart("2026-11-26T20:31:00Z") }, want: []string{first}},
		"after a restart": {play: func(d *desk) {
			d.look("2026-11-26T20:30:01Z")
			d.restart("2026-11-26T20:30:02Z")
			d.look("2026-11-26T20:30:02Z")
			d.look("2026-11-27T20:30:00Z")
		}, want: []string{first, second}},
		"missed while down": {play: func(d *desk) {
			d.restart("2026-11-28T00:00:00Z")
			d.look("2026-11-28T00:00:00Z")
		}, want: []string{second}},
		"missed while down, skipped": {skip: true, play: func(d *desk) {
			d.restart("2026-11-28T00:00:00Z")
			d.look("2026-11-28T00:00:00Z")
			d.restart("2026-11-28T00:00:01Z")
			d.look("2026-11-28T00:00:01Z")
		}},
		"the clock is put back": {play: func(d *desk) {
			d.look("2026-11-26T20:30:00Z")
			d.look("2026-11-26T19:00:00Z")
			d.restart("2026-11-26T19:00:01Z")
			d.look("2026-11-26T20:30:00Z")
			d.look("2026-11-27T20:30:00Z")
		}, want: []string{first, second}},
		"the clock was a year ahead": {play: func(d *desk) {
			d.look("2027-11-26T20:31:00Z")
			d.look("2026-11-26T20:00:00Z")
			d.look("2026-11-26T20:30:00Z")
		}, want: []string{"schedule:daily:2027-11-26T20:30:00Z", first}},
	} {
		t.Run(name, func(t *testing.T) {
			s := daily(t)
			s.Skip = c.skip
			d := newDesk(t, "2026-11-26T12:00:00Z", s)
			c.play(d)
			if diff := cmp.Diff(c.want, d.asked()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestARemovedScheduleBeginsAnewWhenItComesBack(t *testing.T) {
	d := newDesk(t, "2026-11-20T12:00:00Z", daily(t))
	d.all = nil
	d.restart("2026-11-20T12:01:00Z")
	d.all = []calendar.Schedule{daily(t)}
	d.restart("2026-11-27T12:00:00Z")
	d.look("2026-11-27T12:00:01Z")
	if got := d.asked(); len(got) != 0 {
		t.Errorf("it made up for the time in which it was not there: %v", got)
	}
}

// released plays the current release to its end.
func (d *desk) released() {
	d.t.Helper()
	ctx, run := d.t.Context(), release.Run{ID: "run", Attempt: 1}
	site, err := d.ledger.ClaimTurn(ctx, ledger.Request{Site: "www", Source: release.FromWorkflow}, release.Claim{Run: run})
	if err != nil {
		d.t.Fatal(err)
	}
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if site, err = d.ledger.Decide(ctx, "www", release.Report{Release: site.Number, Run: run, Sequence: int64(i + 1), To: to}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestAContinuousScheduleAsksAgainWhenTheLastReleaseIsDone(t *testing.T) {
	window, err := calendar.ParseWindow("Mon-Fri 08:00-20:00")
	if err != nil {
		t.Fatal(err)
	}
	working := calendar.Schedule{Name: "working", Zone: newYork(t), Continuous: true, Windows: []calendar.Window{window}, Rest: calendar.Days{Federal: true}}
	d := newDesk(t, "2026-11-26T12:00:00Z", working)
	if next := d.look("2026-11-26T15:00:00Z"); !next.Equal(at(t, "2026-11-27T13:00:00Z")) { // Thanksgiving
		t.Errorf("on a holiday it looks again at %s", next)
	}
	d.look("2026-11-27T13:00:00Z")
	d.look("2026-11-27T13:00:01Z") // busy
	d.restart("2026-11-27T13:00:02Z")
	d.look("2026-11-27T13:00:02Z")
	if diff := cmp.Diff([]string{"schedule:working:after-0"}, d.asked()); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	d.released()
	d.look("2026-11-27T14:00:00Z")
	if got := d.asked(); got[len(got)-1] != "schedule:working:after-1" {
		t.Errorf("after the release: %v", got)
	}
	d.released()
	if next := d.look("2026-11-28T01:00:00Z"); !next.Equal(at(t, "2026-11-30T13:00:00Z")) { // Friday evening
		t.Errorf("in the evening it looks again at %s", next)
	}
}

func TestAScheduleForChangesAsksOnlyWhenAHookToldOfOneOrContentIsOld(t *testing.T) {
	d := newDesk(t, "2026-11-26T12:00:00Z", calendar.Schedule{Name: "changes", Zone: time.UTC, Continuous: true, IfChanged: true, MaxAge: 6 * time.Hour})
	now := time.Now().UTC() // by which the ledger dates releases and changes
	look := func(after time.Duration) time.Time { return d.look(now.Add(after).Format(time.RFC3339)) }
	asked := func() (all []ledger.Request) { // by the schedule
		for _, r := range d.requests() {
			if r.Key != "" {
				all = append(all, r)
			}
		}
		return all
	}
	look(0)
	if got := asked(); len(got) != 1 {
		t.Fatalf("while nothing is live it asks %v", got)
	}
	d.released()
	if next := look(time.Minute); len(asked()) != 1 || next.Sub(now) < 5*time.Hour {
		t.Fatalf("nothing has changed: it asks %v, and looks again at %s", asked(), next)
	}
	if _, err := d.ledger.Hooks().Deliver(t.Context(), "www", []ledger.Arrival{{
		Delivery: ledger.HookDelivery{Hook: "cms", Decision: "wait"}, Change: &ledger.PendingChange{Entity: "page/1"},
	}}); err != nil {
		t.Fatal(err)
	}
	look(2 * time.Minute)
	all := asked()
	if len(all) != 2 || !strings.HasPrefix(all[1].Reason, "something changed since ") {
		t.Fatalf("after a change: %+v", all)
	}
	d.released()
	look(3 * time.Minute)
	if got := asked(); len(got) != 2 {
		t.Errorf("the change is live: %v", got)
	}
	look(7 * time.Hour)
	if got := asked(); len(got) != 3 {
		t.Errorf("what is live is old: %v", got)
	}
}

// A continuous schedule whose release had nothing to do rests for a minute; with a
// greatest age, what was read counts as the age of the content.
func TestAContinuousScheduleRestsAfterAReleaseWithNothingToDo(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second) // by which the ledger dates releases
	d := newDesk(t, now.Format(time.RFC3339), calendar.Schedule{Name: "all", Zone: time.UTC, Continuous: true})
	aged := timetable.New(d.ledger.Schedules(), nil, func() time.Time { return d.clock })
	if err := aged.Begin(t.Context(), map[string][]calendar.Schedule{"www": {{Name: "aged", Zone: time.UTC, Continuous: true, MaxAge: time.Hour}}}); err != nil {
		t.Fatal(err)
	}
	site := release.NewSite("www", release.DefaultPolicy())
	site.Number, site.Unchanged = 2, now.Add(-20*time.Second)
	site.Live = release.Release{Number: 1, Outcome: release.Succeeded, Watermark: now.Add(-3 * time.Hour)}
	site.Last = release.Release{Number: 2, Outcome: release.Unchanged, Times: release.Times{Ended: now.Add(-10 * time.Second)}}
	for table, want := range map[*timetable.Timetable]time.Time{d.table: now.Add(50 * time.Second), aged: site.Unchanged.Add(time.Hour)} {
		if _, next, err := table.Look(t.Context(), site); err != nil || !next.Equal(want) || len(d.asked()) != 0 {
			t.Errorf("it looks again at %s, want %s (%v)", next, want, err)
		}
	}
	d.clock = now.Add(time.Minute)
	if _, _, err := d.table.Look(t.Context(), site); err != nil || len(d.asked()) != 1 {
		t.Errorf("after a minute it asks %v (%v)", d.asked(), err)
	}
}

// waiting is a ledger whose looks begin once as many sites have asked as are to.
type waiting struct {
	timetable.Ledger
	enough  int
	arrived chan string
	open    chan struct{}
}

func (w *waiting) Begin(ctx context.Context, site string, names []string, now time.Time) (map[string]time.Time, error) {
	w.arrived <- site
	if len(w.arrived) == w.enough {
		close(w.open)
	}
	<-w.open
	return map[string]time.Time{names[0]: now}, nil
}

func TestTheSchedulesOfManySitesBeginTogether(t *testing.T) {
	const sites = 50
	synctest.Test(t, func(t *testing.T) { // where who waits for ever is found out
		l := &waiting{enough: sites, arrived: make(chan string, sites), open: make(chan struct{})}
		all := map[string][]calendar.Schedule{}
		for i := range sites {
			all[fmt.Sprint("site-", i)] = []calendar.Schedule{{Name: "all day", Continuous: true, Zone: time.UTC}}
		}
		if err := timetable.New(l, nil, time.Now).Begin(t.Context(), all); err != nil {
			t.Error(err)
		}
	})
}
