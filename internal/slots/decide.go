package slots

import (
	"cmp"
	"maps"
	"slices"
)

// Decide says which releases start now, and what the others wait for.
func Decide(s State) Decision {
	a := newAllocation(s)
	for _, lane := range []Lane{Emergency, Production, Scheduled, Preview} {
		a.serve(a.queues(lane), lane)
	}
	return Decision{Start: a.start, Waits: a.line(), Turns: a.had}
}

// allocation is a decision while it is made: the slots that are taken, and the releases
// that start or wait.
type allocation struct {
	State
	taken map[Limit]int
	// last is the number of the newest turn.
	last  int64
	turns map[string]int64
	had   map[string]int64
	start []Release
	waits map[string]Wait // by site
	// first are the releases that no other of their group may pass, by group.
	first map[string]Release
}

func newAllocation(s State) *allocation {
	a := &allocation{State: s, taken: map[Limit]int{}, turns: maps.Clone(s.Turns), had: map[string]int64{}, waits: map[string]Wait{}, first: map[string]Release{}}
	if a.turns == nil {
		a.turns = map[string]int64{}
	}
	for _, turn := range s.Turns {
		a.last = max(a.last, turn)
	}
	for _, r := range s.Running {
		a.take(r)
	}
	return a
}

// take counts a release in all limits that it needs a slot of.
func (a *allocation) take(r Release) {
	for _, n := range a.Limits.needs(r) {
		a.taken[n.Limit]++
	}
}

// full is the first limit that has no slot for a release.
func (a *allocation) full(r Release) (need, bool) {
	for _, n := range a.Limits.needs(r) {
		if a.taken[n.Limit] >= n.most {
			return n, true
		}
	}
	return need{}, false
}

// queue is a group's line in a lane: the release that has waited longest is first.
type queue struct {
	party string
	left  []Release
}

// queues are the lines of a lane.
func (a *allocation) queues(lane Lane) []*queue {
	of := map[string]*queue{}
	for _, r := range a.Waiting {
		if r.lane(a.Now) != lane {
			continue
		}
		party := r.Party()
		if lane == Emergency {
			party = "" // they take no turns
		}
		if of[party] == nil {
			of[party] = &queue{party: party}
		}
		of[party].left = append(of[party].left, r)
	}
	var all []*queue
	for _, party := range slices.Sorted(maps.Keys(of)) {
		slices.SortFunc(of[party].left, byWait)
		all = append(all, of[party])
	}
	return all
}

func byWait(a, b Release) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Site, b.Site)) }

// serve has the groups of a lane take turns until nothing more fits.
func (a *allocation) serve(all []*queue, lane Lane) {
	for len(all) > 0 {
		q := nextTurn(all, a.turns)
		if a.turn(q, lane) && lane != Emergency {
			a.last++
			a.turns[q.party], a.had[q.party] = a.last, a.last
		}
		if len(q.left) == 0 {
			all = slices.DeleteFunc(all, func(o *queue) bool { return o == q })
		}
	}
}

// nextTurn is the line whose group had its turn longest ago.
func nextTurn(all []*queue, turns map[string]int64) *queue {
	return slices.MinFunc(all, func(q, o *queue) int {
		return cmp.Or(cmp.Compare(turns[q.party], turns[o.party]), byWait(q.left[0], o.left[0]))
	})
}

// turn starts the first release of a line that fits, and says whether any did. It takes
// those that do not fit out of the line.
func (a *allocation) turn(q *queue, lane Lane) bool {
	for len(q.left) > 0 {
		r := q.left[0]
		q.left = q.left[1:]
		if ahead, ok := a.first[r.Party()]; ok && lane != Emergency {
			a.waitBehind(r, lane, ahead)
			continue
		}
		full, ok := a.full(r)
		if !ok {
			a.take(r)
			a.start = append(a.start, r)
			return true
		}
		a.waits[r.Site] = Wait{Site: r.Site, Lane: lane, For: full.Limit, Most: full.most}
		switch {
		case lane == Emergency:
			a.take(r) // the free slots that it needs are kept for it
		case r.mayNotBePassed(a.Now):
			a.take(r)
			a.first[r.Party()] = r
		}
	}
	return false
}

// waitBehind notes that a release waits behind one of its own group.
func (a *allocation) waitBehind(r Release, lane Lane, ahead Release) {
	of := a.waits[ahead.Site]
	a.waits[r.Site] = Wait{Site: r.Site, Lane: lane, For: of.For, Most: of.Most, Behind: ahead.Site}
}

// line lists the waiting releases in the order in which they would start if slots that
// suit all of them came free one by one, and counts the places.
func (a *allocation) line() []Wait {
	var waits []Wait
	turns, last := maps.Clone(a.turns), a.last
	places := map[Limit]int{}
	for _, lane := range []Lane{Emergency, Production, Scheduled, Preview} {
		all := a.queues(lane)
		for len(all) > 0 {
			q := nextTurn(all, turns)
			r := q.left[0]
			if q.left = q.left[1:]; len(q.left) == 0 {
				all = slices.DeleteFunc(all, func(o *queue) bool { return o == q })
			}
			w, ok := a.waits[r.Site]
			if !ok {
				continue // it starts now
			}
			last++
			turns[q.party] = last
			line := w.For
			if line.Kind == Unreserved {
				line.Kind = Total // one line for people
			}
			places[line]++
			w.Place = places[line]
			waits = append(waits, w)
		}
	}
	return waits
}
