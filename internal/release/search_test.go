package release

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

// The search goes through the states that the real Step can reach with a few
// runs, attempts, tokens and jumps in time, nearest first, and holds the
// invariants against every step. Sites that differ only in how long they have
// been published count as one.

// searchStates bounds the search; the default is a matter of seconds with -race.
var searchStates = flag.Int("search.states", 3000, "how many states the search looks at")

// node is a site at an instant.
type node struct {
	site  Site
	now   time.Time
	depth int
}

// shape is what makes two sites the same to the rules: times count from now,
// numbers and places from the newest that is settled.
type shape struct {
	State       State
	Current     Release
	LastRun     Run
	LastOutcome Outcome
	LastToken   string
	LastNumber  int64
	Waiting     Group
	Failures    int
	Hold        Hold
	Pause       Pause
	Accepted    int64
	Scheduled   time.Time
}

func shapeOf(n node) shape {
	s := n.site
	k := shape{
		State: s.State, Current: s.Current, LastRun: s.Last.Run, LastOutcome: s.Last.Outcome,
		LastToken: s.Last.Dispatch.Token, LastNumber: s.Number - s.Last.Number, Waiting: n.group(s.Waiting),
		Failures: min(s.Failures, 5), Hold: s.Hold, Pause: s.Pause, Accepted: few(s.Accepted - s.Served),
		Scheduled: n.ago(s.Scheduled),
	}
	k.Hold.Since, k.Pause.At, k.Pause.Until = n.ago(k.Hold.Since), n.ago(k.Pause.At), n.ago(k.Pause.Until)
	c := &k.Current
	c.Number, c.Retry = 0, s.Current.Number-s.Current.Retry
	c.After, c.Upto, c.CancelUpto = few(c.After-s.Served), few(c.Upto-s.Served), few(c.CancelUpto-s.Served)
	c.Requests = n.group(c.Requests)
	for _, at := range []*time.Time{
		&c.NotBefore, &c.Watermark, &c.Dispatch.Intended, &c.Heard, &c.LookedUp, &c.Late, &c.Cancel.At,
		&c.Times.Requested, &c.Times.Dispatched, &c.Times.Starting, &c.Times.InProgress, &c.Times.Complete,
	} {
		*at = n.ago(*at)
	}
	return k
}

func (n node) group(g Group) Group {
	g.Count, g.First, g.Last = few(g.Count), n.ago(g.First), n.ago(g.Last)
	return g
}

// few counts one, two, many.
func few(n int64) int64 { return max(-3, min(n, 3)) }

// ago moves a time to where it would be had the story begun at monday, in
// bands: which second it was seldom matters, and the search gets further.
func (n node) ago(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	span := at.Sub(n.now)
	for _, band := range []time.Duration{-40 * time.Minute, -10 * time.Minute, -time.Minute, -10 * time.Second, -1, 0} {
		if span <= band {
			return monday.Add(band)
		}
	}
	return monday.Add(1)
}

// alphabet is what may happen to a site, in the fewest words.
func alphabet(n node) []Event {
	s := n.site
	number := max(s.Number, 1)
	mine, old := s.Current.Dispatch.Token, s.Last.Dispatch.Token
	one, again, two := Run{ID: "run-1", Attempt: 1}, Run{ID: "run-1", Attempt: 2}, Run{ID: "run-2", Attempt: 1}
	next := s.Current.Sequence + 1
	act := by("because")
	return []Event{
		RequestAccepted{Source: FromContent},
		RequestAccepted{Source: FromEditor},
		tickOf(n),
		Restarted{},
		DispatchConfirmed{Token: mine, Run: one},
		DispatchConfirmed{Token: mine, Run: two},
		DispatchConfirmed{Token: old, Run: two},
		DispatchRefused{Token: mine, Why: "no"},
		DispatchUnknown{Token: mine, Why: "timed out"},
		DispatchMissing{Token: mine, Sent: 1},
		Claim{Release: number, Token: mine, Run: one},
		Claim{Release: number, Token: mine, Run: again},
		Claim{Release: number - 1, Token: old, Run: again},
		Claim{Release: number, Token: mine, Run: two},
		Claim{Run: two},
		Report{Release: number, Run: one, Sequence: next, To: InProgress},
		Report{Release: number, Run: one, Sequence: next, To: Complete},
		Report{Release: number, Run: one, Sequence: next, To: Ready},
		Report{Release: number, Run: one, Sequence: 1, To: InProgress},
		Report{Release: number, Run: again, Sequence: next, To: InProgress},
		Report{Release: number, Run: again, Sequence: next, To: Complete},
		Report{Release: number - 1, Run: one, Sequence: next, To: Complete},
		Heartbeat{Release: number, Run: two},
		Failure{Release: number, Run: one, Sequence: next, Why: "broke", Guards: "broken-links"},
		RunEnded{Run: one, Conclusion: RunDied},
		RunEnded{Run: one, Conclusion: RunSucceeded, Live: true},
		RunEnded{Run: two, Conclusion: RunCancelled},
		RunMissing{Run: one},
		RunSeen{Run: again},
		PauseSite{Act: act},
		ResumeSite{Act: act},
		CancelRelease{Act: act},
		ResetSite{Act: act},
		RetryNow{Act: act},
		LetPass{Act: act, Guards: "broken-links"},
	}
}

// tickOf is a tick with a token that the release before did not have.
func tickOf(n node) Tick { return Tick{Token: fmt.Sprintf("token-%d", n.site.Number%3)} }

// roots are where the search begins: it goes out from every state at once,
// for the end of a release is far from its beginning.
func roots(t *testing.T) []node {
	t.Helper()
	stories := []func(*driver){
		func(*driver) {},
		func(d *driver) { d.to(Ready) },
		func(d *driver) { d.to(Requested) },
		func(d *driver) { d.to(Requested).send() },
		func(d *driver) { d.to(Dispatched) },
		func(d *driver) { d.to(Starting) },
		func(d *driver) { d.to(InProgress) },
		func(d *driver) { d.to(InProgress).do(CancelRelease{Act: by("because")}) },
		func(d *driver) { d.to(InProgress).request(FromContent) },
		func(d *driver) { d.to(Complete) },
		func(d *driver) { d.to(Complete).request(FromContent) },
		func(d *driver) { d.failOnce() },
		func(d *driver) { d.failUntilHeld() },
	}
	nodes := make([]node, 0, len(stories))
	for _, story := range stories {
		d := newDriver(t)
		story(d)
		nodes = append(nodes, node{site: d.site, now: d.now})
	}
	return nodes
}

func TestSearchOfReachableStates(t *testing.T) {
	queue := roots(t)
	seen := map[shape]bool{}
	for _, n := range queue {
		seen[shapeOf(n)] = true
	}
	reached, verdicts := map[State]int{}, map[bool]int{}
	depth := 0
	for len(queue) > 0 && len(seen) < *searchStates {
		n := queue[0]
		queue = queue[1:]
		reached[n.site.State]++
		depth = n.depth
		settles(t, n.site, n.now)
		for _, next := range successors(t, n, verdicts) {
			if k := shapeOf(next); !seen[k] {
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	t.Logf("%d states to a depth of %d, %d steps taken and %d refused: %v",
		len(seen), depth, verdicts[true], verdicts[false], reached)
	if len(seen) < *searchStates {
		t.Errorf("the search ended after %d states: the alphabet has become too small", len(seen))
	}
	for _, state := range States {
		if reached[state] == 0 {
			t.Errorf("%s was never reached", state)
		}
	}
}

// successors are the sites after each event now, after a tick when the site
// wants one, and after a tick when all patience is over.
func successors(t *testing.T, n node, verdicts map[bool]int) []node {
	t.Helper()
	var next []node
	take := func(event Event, now time.Time) {
		after, _, err := checkedStep(t, n.site, event, now)
		verdicts[err == nil]++
		if err == nil {
			next = append(next, node{site: after, now: now, depth: n.depth + 1})
		}
	}
	for _, event := range alphabet(n) {
		take(event, n.now)
	}
	if at := n.site.NextTick(n.now); at.After(n.now) {
		take(tickOf(n), at)
	}
	take(tickOf(n), n.now.Add(41*time.Minute))
	return next
}
