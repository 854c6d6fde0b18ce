package slots

import (
	"cmp"
	"maps"
	"slices"
)

// Decide says which releases start now, and what the others wait for.
func Decide(s State) Decision {
	d := newDesk(s)
	for _, lane := range []Lane{Emergency, Production, Scheduled, Preview} {
		d.serve(d.queues(lane), lane)
	}
	return Decision{Start: d.start, Waits: d.line(), Turns: d.had}
}

// desk makes one decision.
type desk struct {
	State
	taken map[Limit]int
	// last is the number of the newest turn.
	last  int64
	turns map[string]int64
	had   map[string]int64
	start []Release
	waits map[string]Wait // by site
	// first are the releases that nobody of their group passes, by group.
	first map[string]Release
}

func newDesk(s State) *desk {
	d := &desk{State: s, taken: map[Limit]int{}, turns: maps.Clone(s.Turns), had: map[string]int64{}, waits: map[string]Wait{}, first: map[string]Release{}}
	if d.turns == nil {
		d.turns = map[string]int64{}
	}
	for _, turn := range s.Turns {
		d.last = max(d.last, turn)
	}
	for _, r := range s.Running {
		d.take(r)
	}
	return d
}

// take counts a release in all limits that it needs a slot of.
func (d *desk) take(r Release) {
	for _, n := range d.Limits.needs(r) {
		d.taken[n.Limit]++
	}
}

// full is the first limit that has no slot for a release.
func (d *desk) full(r Release) (need, bool) {
	for _, n := range d.Limits.needs(r) {
		if d.taken[n.Limit] >= n.most {
			return n, true
		}
	}
	return need{}, false
}

// queue is a group's line in a lane, the one that has waited longest first.
type queue struct {
	party string
	left  []Release
}

// queues are the lines of a lane.
func (d *desk) queues(lane Lane) []*queue {
	of := map[string]*queue{}
	for _, r := range d.Waiting {
		if r.lane(d.Now) != lane {
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
func (d *desk) serve(all []*queue, lane Lane) {
	for len(all) > 0 {
		q := nextTurn(all, d.turns)
		if d.turn(q, lane) && lane != Emergency {
			d.last++
			d.turns[q.party], d.had[q.party] = d.last, d.last
		}
		if len(q.left) == 0 {
			all = slices.DeleteFunc(all, func(o *queue) bool { return o == q })
		}
	}
}

// nextTurn is the line whose group had its turn longest ago.
func nextTurn(all []*queue, turns map[string]int64) *queue {
	return slices.MinFunc(all, func(a, b *queue) int {
		return cmp.Or(cmp.Compare(turns[a.party], turns[b.party]), byWait(a.left[0], b.left[0]))
	})
}

// turn starts the first of a line that fits, and says whether any did. What does not fit
// has no place in the line any more.
func (d *desk) turn(q *queue, lane Lane) bool {
	for len(q.left) > 0 {
		r := q.left[0]
		q.left = q.left[1:]
		if ahead, ok := d.first[r.Party()]; ok && lane != Emergency {
			d.waitBehind(r, lane, ahead)
			continue
		}
		full, ok := d.full(r)
		if !ok {
			d.take(r)
			d.start = append(d.start, r)
			return true
		}
		d.waits[r.Site] = Wait{Site: r.Site, Lane: lane, For: full.Limit, Most: full.most}
		switch {
		case lane == Emergency:
			d.take(r) // what is free of the limits that it needs is kept for it
		case r.patient(d.Now):
			d.take(r)
			d.first[r.Party()] = r
		}
	}
	return false
}

// waitBehind has a release wait for one of its own group.
func (d *desk) waitBehind(r Release, lane Lane, ahead Release) {
	of := d.waits[ahead.Site]
	d.waits[r.Site] = Wait{Site: r.Site, Lane: lane, For: of.For, Most: of.Most, Behind: ahead.Site}
}

// line puts those that wait in the order in which they would start, were one slot after
// another free for all, and counts the places.
func (d *desk) line() []Wait {
	var waits []Wait
	turns, last := maps.Clone(d.turns), d.last
	places := map[Limit]int{}
	for _, lane := range []Lane{Emergency, Production, Scheduled, Preview} {
		all := d.queues(lane)
		for len(all) > 0 {
			q := nextTurn(all, turns)
			r := q.left[0]
			if q.left = q.left[1:]; len(q.left) == 0 {
				all = slices.DeleteFunc(all, func(o *queue) bool { return o == q })
			}
			w, ok := d.waits[r.Site]
			if !ok {
				continue // it has started
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
