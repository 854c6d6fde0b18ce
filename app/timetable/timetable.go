// Package timetable asks for releases when the sites' schedules say so.
package timetable

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Ledger is what a Timetable needs of a *ledger.Ledger.
type Ledger interface {
	Begin(ctx context.Context, site string, names []string, now time.Time) (map[string]time.Time, error)
	// Changed says whether changes are known that no release has brought yet.
	Changed(ctx context.Context, site release.Site) (bool, error)
	LookedAt(ctx context.Context, look ledger.ScheduleLook, ask *ledger.Request) (release.Site, error)
}

// Timetable makes the requests of the sites' schedules. The ledger knows up to when each
// schedule was looked at, and takes each slot once, through crashes and clocks that are set.
type Timetable struct {
	ledger Ledger
	now    func() time.Time
	sites  map[string][]*scheduled
	calls  calls
}

// New makes a Timetable with a clock. It is ready after Begin. The Publisher is called
// before slots; may be nil.
func New(l Ledger, publisher Publisher, now func() time.Time) *Timetable {
	return &Timetable{ledger: l, now: now, calls: calls{publisher: publisher, answered: make(chan struct{}, 1), of: map[*scheduled]*answer{}}}
}

// scheduled is a schedule and how far its slots have been looked at.
type scheduled struct {
	calendar.Schedule
	looked time.Time
	next   time.Time // the next slot after looked; zero for none
}

// lookRest is the wait of a continuous schedule after a release for which there was
// nothing to do.
const lookRest = time.Minute

// slotLate is how late a slot may be looked at and still count as met.
const slotLate = time.Minute

// Begin learns up to when the schedules of each site were looked at before. One that
// is new begins now.
func (t *Timetable) Begin(ctx context.Context, schedules map[string][]calendar.Schedule) error {
	t.sites = map[string][]*scheduled{}
	var mu sync.Mutex
	var failed error
	var begun sync.WaitGroup
	places := make(chan struct{}, beginAtOnce)
	for site, all := range schedules {
		places <- struct{}{}
		begun.Go(func() {
			defer func() { <-places }()
			known, err := t.begin(ctx, site, all)
			mu.Lock()
			defer mu.Unlock()
			if t.sites[site] = known; failed == nil {
				failed = err
			}
		})
	}
	begun.Wait()
	return failed
}

// beginAtOnce bounds how many sites' schedules begin at a time: they share commits.
const beginAtOnce = 64

// begin learns up to when the schedules of one site were looked at before.
func (t *Timetable) begin(ctx context.Context, site string, all []calendar.Schedule) ([]*scheduled, error) {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	looks, err := t.ledger.Begin(ctx, site, names, t.now())
	if err != nil {
		return nil, fmt.Errorf("begin the schedules of %s: %w", site, err)
	}
	var known []*scheduled
	for _, s := range all {
		one := &scheduled{Schedule: s, looked: looks[s.Name]}
		one.next, _ = s.Next(one.looked)
		known = append(known, one)
	}
	return known, nil
}

// Look makes the requests of a site's due schedules. It gives the site afterwards, and when
// to look again although nothing happens; zero for never. A site's looks must not overlap.
func (t *Timetable) Look(ctx context.Context, site release.Site) (release.Site, time.Time, error) {
	var again time.Time
	for _, one := range t.sites[site.Name] {
		look := t.slots
		if one.Continuous {
			look = t.continuous
		}
		after, next, err := look(ctx, site, one)
		if err != nil {
			return site, time.Time{}, fmt.Errorf("schedule %s: %w", one.Name, err)
		}
		site, again = after, soonest(again, next)
	}
	return site, again, nil
}

// slots looks at a schedule that has slots.
func (t *Timetable) slots(ctx context.Context, site release.Site, one *scheduled) (release.Site, time.Time, error) {
	now := t.now()
	called, waits := t.calls.pending(one)
	var due calendar.Due
	switch {
	case waits && !called.done:
		return site, time.Time{}, nil // Answered tells
	case waits:
		now = called.looked // later slots are looked at afterwards
		due = one.Look(one.looked, now, slotLate)
	case now.Before(one.looked):
		// The clock was put back: its time counts from here on again. The ledger
		// takes no slot a second time.
		due.Next, _ = one.Next(now)
	case one.next.IsZero() || one.next.After(now):
		return site, one.next, nil
	default:
		due = one.Look(one.looked, now, slotLate)
	}
	var ask *ledger.Request
	if !due.Slot.IsZero() {
		ask = requestOf(site.Name, one.Schedule, due.Slot.Format(time.RFC3339), slotReason(one.Schedule, due, now))
	}
	look := ledger.ScheduleLook{Site: site.Name, Schedule: one.Name, At: now}
	if ask != nil && t.calls.publisher != nil && t.calls.publisher.Calls(site.Name, one.Name) {
		called := t.calls.call(ctx, one, Slot{site.Name, one.Name, due.Slot}, now)
		if !called.done {
			return site, time.Time{}, nil
		}
		ask = called.take(site, &look, ask)
	}
	after, err := t.ledger.LookedAt(ctx, look, ask)
	if err != nil {
		return site, time.Time{}, err
	}
	t.calls.settled(one)
	one.looked, one.next = now, due.Next
	return after, due.Next, nil
}

// continuous looks at a schedule that asks again when the last release is done. It
// asks once after each release.
func (t *Timetable) continuous(ctx context.Context, site release.Site, one *scheduled) (release.Site, time.Time, error) {
	now := t.now()
	changed := one.MaxAge == 0 // nothing tells of changes: each release counts as one
	if one.IfChanged {
		var err error
		if changed, err = t.ledger.Changed(ctx, site); err != nil {
			return site, time.Time{}, err
		}
	}
	if site.Last.Outcome == release.Unchanged {
		if again := site.Last.Times.Ended.Add(lookRest); changed && again.After(now) && !again.After(now.Add(lookRest)) {
			return site, again, nil
		}
	}
	ask, next := one.Again(contentOf(site, changed), now)
	if !ask {
		return site, next, nil
	}
	why := "nothing has been released yet"
	switch asOf := site.AsOf(); {
	case asOf.IsZero():
	case one.IfChanged && changed:
		why = "something changed since " + localTime(asOf, one.Zone)
	default:
		why = "what is live is of " + localTime(asOf, one.Zone)
	}
	request := requestOf(site.Name, one.Schedule, "after-"+strconv.FormatInt(site.Number, 10), why)
	after, err := t.ledger.LookedAt(ctx, ledger.ScheduleLook{Site: site.Name, Schedule: one.Name, At: now}, request)
	if err != nil {
		return site, time.Time{}, err
	}
	return after, time.Time{}, nil
}

// contentOf is the state of a site by which a continuous schedule decides.
func contentOf(site release.Site, changed bool) calendar.Content {
	return calendar.Content{
		Busy:    site.State != release.Ready || site.Waiting.Count > 0,
		Changed: changed,
		AsOf:    site.AsOf(),
	}
}

// requestOf is the request of a schedule for a slot.
func requestOf(site string, s calendar.Schedule, slot, reason string) *ledger.Request {
	return &ledger.Request{
		Site: site, Key: "schedule:" + s.Name + ":" + slot, Source: release.FromSchedule,
		Actor: "schedule " + s.Name, Title: "Scheduled: " + s.Name, Reason: reason,
	}
}

func slotReason(s calendar.Schedule, due calendar.Due, now time.Time) string {
	reason := localTime(due.Slot, s.Zone)
	if late := now.Sub(due.Slot); late > slotLate {
		reason += ", made up for " + text.Span(late) + " later"
	}
	if due.Missed > 0 {
		reason += "; missed before it: " + text.Count(int64(due.Missed), "slot")
	}
	return reason
}

func localTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")
}

// soonest is the earlier of two times; zero is never.
func soonest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}
