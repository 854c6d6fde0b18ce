package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// site is one site in a time of its own.
type site struct {
	name  string
	rand  *rand.Rand
	all   []calendar.Schedule
	clock time.Time
	begun bool
	// looked is when the app last looked by its clock; due has each slot that it
	// was to ask for then.
	looked time.Time
	due    map[string]int

	ledger *ledger.Ledger
	table  *timetable.Timetable

	crashes, jumps, lost int
	// answersLost counts crashes after the CMS was called, skipped slots for which it
	// had nothing to publish.
	answersLost, skipped int
}

func newSite(name string, r *rand.Rand) (*site, error) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(2*365*24*60)) * time.Minute)
	s := &site{name: name, rand: r, clock: begin, looked: begin, due: map[string]int{}}
	for i := range perSite {
		one, err := randomSchedule(r, fmt.Sprint("s", i), begin)
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, one)
	}
	return s, nil
}

// errLost is a crash of the drill's own: the answer of the ledger is lost, whether
// or not it carried the decision out.
var errLost = errors.New("the answer is lost")

// LookedAt is the ledger's, at times without an answer. The site is given as one whose
// releases take no time: nothing ever waits there.
func (s *site) LookedAt(ctx context.Context, look ledger.ScheduleLook, ask *ledger.Request) (release.Site, error) {
	fate := s.rand.IntN(40)
	if fate == 0 {
		return release.Site{}, errLost
	}
	_, err := s.ledger.Schedules().LookedAt(ctx, look, ask)
	if fate == 1 && err == nil {
		return release.Site{}, errLost
	}
	return release.NewSite(s.name, release.DefaultPolicy()), err
}

// Begin is the ledger's.
func (s *site) Begin(ctx context.Context, site string, names []string, now time.Time) (map[string]time.Time, error) {
	return s.ledger.Schedules().Begin(ctx, site, names, now)
}

// Changed is the ledger's.
func (s *site) Changed(ctx context.Context, site release.Site) (bool, error) {
	return s.ledger.Schedules().Changed(ctx, site)
}

// errAway is a CMS that does not answer.
var errAway = errors.New("the CMS is away")

// Calls says that the CMS is told before slots of every other schedule.
func (s *site) Calls(_, schedule string) bool { return schedule[len(schedule)-1]%2 == 0 }

// Publish is a CMS that gives the same answer for the same slot, however often it is
// called: nothing was due, something was, or it is away.
func (s *site) Publish(_ context.Context, slot timetable.Slot) (int64, error) {
	if published := s.published(slot.At); published >= 0 {
		return published, nil
	}
	return 0, errAway
}

// published is how much is due for a slot; less than 0 when the CMS is away.
func (s *site) published(at time.Time) int64 { return (at.Unix()/60^at.Unix()/3600)%3 - 1 }

// start is a start of the app: it knows only what is in the ledger.
func (s *site) start(ctx context.Context) error {
	s.table = timetable.New(s, s, func() time.Time { return s.clock })
	return s.table.Begin(ctx, map[string][]calendar.Schedule{s.name: s.all})
}

// live is a day on which the app is started, looks when something is due, and the
// clock jumps.
func (s *site) live(ctx context.Context, l *ledger.Ledger) error {
	s.ledger = l
	if s.begun { // down for a while
		s.crashes++
		s.clock = s.clock.Add(time.Duration(s.rand.IntN(12*60)) * time.Minute)
	}
	s.begun = true
	if err := s.start(ctx); err != nil {
		return err
	}
	for range 12 {
		next, err := s.look(ctx)
		if err != nil {
			return err
		}
		switch s.rand.IntN(12) {
		case 0:
			s.jumps++
			s.clock = s.clock.Add(time.Duration(s.rand.IntN(2*24*60)) * time.Minute)
		case 1:
			s.jumps++
			s.clock = s.clock.Add(-time.Duration(s.rand.IntN(24*60)) * time.Minute)
		default:
			if !next.IsZero() {
				s.clock = next
			}
		}
	}
	return nil
}

// look looks until it has an answer, as the scheduler does; at times it is started
// anew in between.
func (s *site) look(ctx context.Context) (time.Time, error) {
	for _, one := range s.all {
		s.expect(one)
	}
	s.looked = s.clock
	for {
		_, next, err := s.table.Look(ctx, release.NewSite(s.name, release.DefaultPolicy()))
		switch s.table.Wait(); {
		case err == nil && s.table.HasAnswer(s.name):
			if s.rand.IntN(20) != 0 {
				continue
			}
			s.answersLost++ // it is started anew, and the CMS called again
			if err := s.start(ctx); err != nil {
				return next, err
			}
			continue
		case !errors.Is(err, errLost):
			return next, err
		}
		s.lost++
		if s.rand.IntN(2) == 0 {
			s.crashes++
			if err := s.start(ctx); err != nil {
				return next, err
			}
		}
	}
}

// expect notes what a look asks a schedule for: of the slots since the look before
// the last one, if it is not too late for one that is skipped. It knows of slots
// what Next says, and nothing of how the app looks.
func (s *site) expect(one calendar.Schedule) {
	var latest time.Time
	for at, ok := one.Next(s.looked); ok && !at.After(s.clock); at, ok = one.Next(at) {
		latest = at
	}
	if latest.IsZero() || one.Skip && s.clock.Sub(latest) > time.Minute {
		return
	}
	if s.Calls(s.name, one.Name) && s.published(latest) == 0 {
		s.skipped++
		return
	}
	s.due[slotKey(one, latest)] = 1
}
