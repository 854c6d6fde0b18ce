//go:build unix

package replicas

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// figures are what the drill found.
type figures struct {
	acknowledged, unsure, releases, built, notices, repeated int
	lost, doubleEffects, staleWrites, gaps, others           int
	stall, databaseStall                                     time.Duration
	stalled                                                  string // what waited for so long
	sentAgain                                                int
	kills, pauses, halfOpen, ended, commitsLost, promotions  int
	clocksOff                                                int
}

func (f figures) line(seed uint64) string {
	return fmt.Sprintf("acknowledged=%d lost=%d double_effects=%d stale_writes=%d gaps=%d longest_stall_seconds=%.1f database_stall_seconds=%.1f other_breaches=%d "+
		"unsure=%d releases=%d builds=%d notices=%d notices_repeated=%d sent_again=%d kills=%d stops=%d half_open=%d sessions_ended=%d commits_lost=%d promotions=%d clocks_off=%d seed=%d",
		f.acknowledged, f.lost, f.doubleEffects, f.staleWrites, f.gaps, f.stall.Seconds(), f.databaseStall.Seconds(), f.others,
		f.unsure, f.releases, f.built, f.notices, f.repeated, f.sentAgain, f.kills, f.pauses, f.halfOpen, f.ended, f.commitsLost, f.promotions, f.clocksOff, seed)
}

// breaches are the promises that are broken. Longest is how long anybody may have waited; 0
// for as long as the machine is slow.
func (f figures) breaches(longest time.Duration) []string {
	said := f.broken()
	if longest > 0 && f.stall > longest {
		said = append(said, fmt.Sprintf("%s waited for %s", f.stalled, f.stall))
	}
	if f.acknowledged == 0 || f.built == 0 || f.notices == 0 || f.kills == 0 || f.pauses == 0 || f.halfOpen == 0 || f.ended == 0 || f.commitsLost == 0 || f.promotions == 0 {
		said = append(said, "too little happened to show anything")
	}
	return said
}

// broken are the promises about what happened that are broken.
func (f figures) broken() (said []string) {
	for name, n := range map[string]int{"lost": f.lost, "double_effects": f.doubleEffects, "stale_writes": f.staleWrites, "gaps": f.gaps, "other_breaches": f.others} {
		if n > 0 {
			said = append(said, fmt.Sprintf("%s=%d", name, n))
		}
	}
	slices.Sort(said)
	return said
}

// add adds another round's figures.
func (f *figures) add(o figures) {
	for _, pair := range [][2]*int{
		{&f.acknowledged, &o.acknowledged},
		{&f.unsure, &o.unsure},
		{&f.releases, &o.releases},
		{&f.built, &o.built},
		{&f.notices, &o.notices},
		{&f.repeated, &o.repeated},
		{&f.lost, &o.lost},
		{&f.doubleEffects, &o.doubleEffects},
		{&f.staleWrites, &o.staleWrites},
		{&f.gaps, &o.gaps},
		{&f.others, &o.others},
		{&f.sentAgain, &o.sentAgain},
		{&f.kills, &o.kills},
		{&f.pauses, &o.pauses},
		{&f.halfOpen, &o.halfOpen},
		{&f.ended, &o.ended},
		{&f.commitsLost, &o.commitsLost},
		{&f.promotions, &o.promotions},
		{&f.clocksOff, &o.clocksOff},
	} {
		*pair[0] += *pair[1]
	}
	if o.stall > f.stall {
		f.stall, f.stalled = o.stall, o.stalled
	}
	f.databaseStall = max(f.databaseStall, o.databaseStall)
}

// settle waits until all that was asked for is done, and told.
func (s *stage) settle() {
	s.t.Helper()
	const open = `SELECT (SELECT count(*) FROM sites WHERE state <> 'ready') + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM notices WHERE state = 'waiting')
		+ (SELECT count(*) FROM releases r WHERE r.outcome = 'succeeded' AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.site = r.site AND n.release_no = r.number))
		+ (SELECT count(*) FROM requests q WHERE NOT EXISTS (SELECT 1 FROM releases r WHERE r.site = q.site AND r.outcome = 'succeeded' AND r.after_place < q.place AND q.place <= r.upto_place))`
	if s.away {
		s.endsSoon(open)
		return
	}
	s.until("everything to be live and told", "0", open)
	last := number(s.one(`SELECT max(id) FROM events`))
	eventually.Holds(s.t, "the follower to see the last event", func() bool { return s.followed.Load() >= last })
}

// endsSoon notes what was not done after a minute, where a guard is away.
func (s *stage) endsSoon(open string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		left := s.glance(open)
		last := number(s.one(`SELECT max(id) FROM events`))
		if left == "0" && s.followed.Load() >= last {
			return
		}
		if time.Now().After(deadline) {
			s.breach("%s things are not live or not told a minute later, and the follower saw event %d of %d", left, s.followed.Load(), last)
			return
		}
	}
}

// judge compares what the replicas say with what happened.
func (s *stage) judge() figures {
	s.t.Helper()
	s.judgeRequests()
	s.judgeReleases()
	s.judgeNotices()
	for _, row := range s.query(`SELECT what, writer, holder, at FROM drill_stale ORDER BY at`) {
		s.note(&s.found.staleWrites, "%s was written by replica %s, and %s had it (%s)", row[0], row[1], row[2], row[3])
	}
	if got := s.one(`SELECT count(*) FROM events`); got != fmt.Sprint(s.followed.Load()) {
		s.note(&s.found.gaps, "there are %s events, and the follower saw the %dth last", got, s.followed.Load())
	}
	s.judgePages()
	s.judgeWaits()
	return s.found
}

// judgeRequests: each is there as often as its requester may think.
func (s *stage) judgeRequests() {
	s.t.Helper()
	ids := map[string][]string{} // by site and title
	places := map[string]int64{}
	for _, row := range s.query(`SELECT site, title, id, place FROM requests ORDER BY site, place`) {
		ids[row[0]+" "+row[1]] = append(ids[row[0]+" "+row[1]], row[2])
		places[row[0]]++
		if row[3] != fmt.Sprint(places[row[0]]) {
			s.note(&s.found.gaps, "the %dth request of %s has place %s", places[row[0]], row[0], row[3])
		}
	}
	for _, one := range s.asked {
		if one.id == "" {
			continue // it was refused, which is told of elsewhere
		}
		s.found.acknowledged++
		s.found.unsure += one.unsure
		got := ids[one.site+" "+one.title]
		may := 1
		if one.key == "" {
			may += one.unsure
		}
		switch {
		case !slices.Contains(got, one.id):
			s.note(&s.found.lost, "acknowledged request %s (%s) is gone", one.id, one.title)
		case len(got) > may:
			s.note(&s.found.doubleEffects, "%q of key %q is %d requests, and %d tries were of unknown outcome", one.title, one.key, len(got), one.unsure)
		}
	}
}

// judgeReleases: those that succeeded were dispatched and built once, and all builds are of
// one that did.
func (s *stage) judgeReleases() {
	s.t.Helper()
	s.runs.mu.Lock()
	defer s.runs.mu.Unlock()
	succeeded := map[of]bool{}
	for _, row := range s.query(`SELECT r.site, r.number, r.outcome, COALESCE((r.doc::json->'dispatch'->>'sent')::bigint, 0), COALESCE(min(q.accepted_us), 0)
		FROM releases r LEFT JOIN requests q ON q.site = r.site AND q.place > r.after_place AND q.place <= r.upto_place GROUP BY r.site, r.number ORDER BY r.site, r.number`) {
		one := of{row[0], number(row[1])}
		s.found.releases++
		succeeded[one] = release.Outcome(row[2]) == release.Succeeded
		if succeeded[one] && len(s.runs.built[one]) == 0 {
			s.note(&s.found.lost, "release #%d of %s is said to be live, and nobody built it", one.number, one.site)
		}
		if n := number(row[3]); n > 1 { // it waited until it was certain that nothing was sent
			s.found.sentAgain++
		} else if at := s.runs.dispatched[one]; len(at) > 0 {
			from := time.UnixMicro(number(row[4]))
			if before, ok := s.runs.over[of{one.site, one.number - 1}]; ok && before.After(from) {
				from = before
			}
			s.waited(fmt.Sprintf("the dispatch of release #%d of %s", one.number, one.site), from, at[0])
		}
	}
	for one, at := range s.runs.dispatched {
		if len(at) > 1 {
			s.note(&s.found.doubleEffects, "release #%d of %s was dispatched %d times", one.number, one.site, len(at))
		}
	}
	for one, by := range s.runs.built {
		s.found.built++
		if len(by) > 1 {
			s.note(&s.found.doubleEffects, "release #%d of %s was built by %d runs", one.number, one.site, len(by))
		}
		if !succeeded[one] {
			s.note(&s.found.lost, "release #%d of %s was built, and is not known as live", one.number, one.site)
		}
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err) // the database's own
	}
	return n
}

// judgeNotices: each live release was told of by one notice, in order, though perhaps again.
func (s *stage) judgeNotices() {
	s.t.Helper()
	first := map[of]notice{}
	last := map[string]int64{}
	for _, n := range s.receiver.all() {
		one := of{n.site, n.release}
		known, again := first[one]
		switch {
		case again && known.id != n.id:
			s.note(&s.found.doubleEffects, "release #%d of %s was told of by two notices", n.release, n.site)
		case again:
			s.found.repeated++
		case n.release < last[n.site]:
			s.note(&s.found.gaps, "release #%d of %s was told of after #%d", n.release, n.site, last[n.site])
		}
		if !again {
			first[one], last[n.site] = n, n.release
			s.found.notices++
		}
	}
	for _, row := range s.query(`SELECT site, number, live_us FROM releases WHERE outcome = 'succeeded'`) {
		n, told := first[of{row[0], number(row[1])}]
		if !told {
			s.note(&s.found.gaps, "nobody was told of release #%s of %s", row[1], row[0])
			continue
		}
		s.waited(fmt.Sprintf("the notice of release #%s of %s", row[1], row[0]), time.UnixMicro(number(row[2])), n.at)
	}
}

// judgePages: each replica tells the same, of all sites.
func (s *stage) judgePages() {
	s.t.Helper()
	told := map[string]string{} // by site
	for _, r := range s.replicas {
		for _, site := range siteNames {
			ctx, cancel := context.WithTimeout(s.t.Context(), patience)
			got, err := r.client.Site(ctx, site)
			cancel()
			if err != nil {
				s.t.Fatalf("ask replica %s of %s: %v", r.name, site, err)
			}
			words := fmt.Sprint(got.State, " ", got.Live)
			if got.Live != nil {
				words = fmt.Sprint(got.State, " with release #", got.Live.Number, " live")
			}
			if before, ok := told[site]; ok && before != words {
				s.note(&s.found.gaps, "replica %s says that %s is %q, and another one says %q", r.name, site, words, before)
			}
			told[site] = words
		}
	}
}

// judgeWaits finds the longest waits, and tells apart what waited for the database.
func (s *stage) judgeWaits() {
	for _, w := range s.waits {
		span := w.to.Sub(w.from)
		if slices.ContainsFunc(s.outages, func(out wait) bool { return w.from.Before(out.to) && out.from.Before(w.to) }) {
			s.found.databaseStall = max(s.found.databaseStall, span)
			continue
		}
		if span > s.found.stall {
			s.found.stall, s.found.stalled = span, fmt.Sprintf("%s, from %.1f s on,", w.what, w.from.Sub(s.began).Seconds())
		}
	}
}
