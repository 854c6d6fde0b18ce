package slots_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/slots"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// waiting are releases of sites as "group/site", each a second after the one before.
func waiting(lane slots.Lane, names ...string) []slots.Release {
	var all []slots.Release
	for i, name := range names {
		group, _, _ := cut(name)
		all = append(all, slots.Release{Site: name, Group: group, Runner: "github", Lane: lane, Since: now.Add(time.Duration(i-len(names)) * time.Second)})
	}
	return all
}

func cut(name string) (group, site string, ok bool) {
	for i, c := range name {
		if c == '/' {
			return name[:i], name[i+1:], true
		}
	}
	return "", name, false
}

func sites(all []slots.Release) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Site)
	}
	return names
}

// placesOf tells what each waits for, as "site: kind name place".
func placesOf(d slots.Decision) []string {
	var all []string
	for _, w := range d.Waits {
		all = append(all, fmt.Sprint(w.Site, ": ", w.For.Kind, w.For.Name, " ", w.Place))
	}
	return all
}

func TestGroupsTakeTurnsAndSeeTheirPlaces(t *testing.T) {
	in := slots.State{Now: now, Limits: slots.Limits{Total: 3, PerGroup: 2}, Turns: map[string]int64{"a": 1, "b": 2}}
	in.Running = waiting(slots.Production, "a/1")
	in.Waiting = append(waiting(slots.Production, "a/2", "a/3", "a/4", "b/1", "c/1", "plain"), waiting(slots.Scheduled, "c/2")...)
	d := slots.Decide(in)
	// c and the site of no group never had a turn, and c has waited longer.
	if diff := cmp.Diff([]string{"c/1", "plain"}, sites(d.Start)); diff != "" {
		t.Errorf("what starts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a/2: total 1", "b/1: total 2", "a/3: total 3", "a/4: total 4", "c/2: total 5"}, placesOf(d)); diff != "" {
		t.Errorf("what waits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"c": 3, "site plain": 4}, d.Turns); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	in.Running = waiting(slots.Production, "a/1", "a/2")
	in.Waiting = waiting(slots.Production, "a/3", "a/4")
	if diff := cmp.Diff([]string{"a/3: groupa 1", "a/4: groupa 2"}, placesOf(slots.Decide(in))); diff != "" {
		t.Errorf("a full group (-want +got):\n%s", diff)
	}
}

func TestSlotsForEmergenciesAreKeptFree(t *testing.T) {
	in := slots.State{Now: now, Limits: slots.Limits{Total: 2, Reserve: 1}, Waiting: waiting(slots.Production, "a/1", "b/1")}
	d := slots.Decide(in)
	if len(d.Start) != 1 || d.Waits[0].For.Kind != slots.Unreserved {
		t.Errorf("%+v", d)
	}
	in.Waiting = append(in.Waiting, waiting(slots.Emergency, "c/1", "d/1")...)
	if got := sites(slots.Decide(in).Start); !slices.Equal(got, []string{"c/1", "d/1"}) {
		t.Errorf("with emergencies %v start", got)
	}
}

func TestWhoHasWaitedLongGoesUpAndIsNotPassed(t *testing.T) {
	old := func(r []slots.Release, wait time.Duration) []slots.Release {
		r[0].Since = now.Add(-wait)
		return r
	}
	in := slots.State{Now: now, Limits: slots.Limits{Total: 1}}
	in.Waiting = append(waiting(slots.Production, "a/1"), old(waiting(slots.Preview, "a/2"), 2*slots.LiftAfter)...)
	if got := sites(slots.Decide(in).Start); !slices.Equal(got, []string{"a/2"}) {
		t.Errorf("a preview that has waited gave way: %v", got)
	}
	in.Waiting = append(waiting(slots.Production, "a/1"), old(waiting(slots.Preview, "a/2"), slots.LiftAfter)...)
	if got := sites(slots.Decide(in).Start); !slices.Equal(got, []string{"a/1"}) {
		t.Errorf("a preview passed production: %v", got)
	}
	// a/2 needs a slot of the installation, which is full; a/1 does not.
	in = slots.State{Now: now, Limits: slots.Limits{PerGroup: 2, PerInstallation: 1}}
	in.Running = []slots.Release{{Site: "b/1", Group: "b", Installation: "acme"}}
	in.Waiting = []slots.Release{
		{Site: "a/1", Group: "a", Lane: slots.Production, Since: now},
		{Site: "a/2", Group: "a", Installation: "acme", Lane: slots.Production, Since: now.Add(-slots.NotPassedAfter)},
	}
	d := slots.Decide(in)
	if len(d.Start) != 0 || len(d.Waits) != 2 || d.Waits[1].Behind != "a/2" || d.Waits[1].Place != 2 {
		t.Errorf("%+v", d)
	}
	in.Waiting[1].Since = now.Add(-slots.NotPassedAfter + time.Second)
	if got := sites(slots.Decide(in).Start); !slices.Equal(got, []string{"a/1"}) {
		t.Errorf("a slot stayed free: %v", got)
	}
}

func drawLimits(t *rapid.T) slots.Limits {
	n := func(name string) int { return rapid.IntRange(0, 4).Draw(t, name) }
	l := slots.Limits{Total: n("total"), Local: n("local"), GitHub: n("github"), PerInstallation: n("installation"), PerGroup: n("group")}
	if l.Total > 1 {
		l.Reserve = rapid.IntRange(0, l.Total-1).Draw(t, "reserve")
	}
	if rapid.Bool().Draw(t, "own") {
		l.Groups = map[string]int{"a": 1 + n("a")}
	}
	return l
}

func drawReleases(t *rapid.T, what string, most int) []slots.Release {
	var all []slots.Release
	for i := range rapid.IntRange(0, most).Draw(t, what) {
		r := slots.Release{
			Site: fmt.Sprint(what, i), Group: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "group"),
			Lane:  slots.Lane(rapid.IntRange(0, 3).Draw(t, "lane")),
			Since: now.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute),
		}
		if r.Runner = rapid.SampledFrom([]string{"local", "github"}).Draw(t, "runner"); r.Runner == "local" {
			r.Machine = rapid.SampledFrom([]string{"m1", "m2"}).Draw(t, "machine")
		} else {
			r.Installation = rapid.SampledFrom([]string{"acme", "other"}).Draw(t, "installation")
		}
		all = append(all, r)
	}
	return all
}

// counts says how many releases each limit has, with how many it lets run.
func counts(l slots.Limits, all []slots.Release) map[string][2]int {
	of := map[string][2]int{}
	add := func(name string, most int) {
		if most > 0 {
			of[name] = [2]int{of[name][0] + 1, most}
		}
	}
	for _, r := range all {
		add("total", l.Total)
		if r.Lane != slots.Emergency && l.Reserve > 0 {
			add("unreserved", l.Total-l.Reserve)
		}
		if r.Runner == "github" {
			add("github", l.GitHub)
			add("at "+r.Installation, l.PerInstallation)
		} else {
			add("on "+r.Machine, l.Local)
		}
		most, own := l.Groups[r.Group]
		switch {
		case own:
			add("group "+r.Group, most)
		case r.Group != "":
			add("group "+r.Group, l.PerGroup)
		}
	}
	return of
}

func over(l slots.Limits, all []slots.Release) bool {
	for _, c := range counts(l, all) {
		if c[0] > c[1] {
			return true
		}
	}
	return false
}

func TestEveryDecisionKeepsTheLimitsAndLeavesNoSlotFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := slots.State{Now: now, Limits: drawLimits(t), Turns: map[string]int64{}}
		for _, r := range drawReleases(t, "running", 6) {
			if !over(in.Limits, append(slices.Clone(in.Running), r)) {
				in.Running = append(in.Running, r)
			}
		}
		in.Waiting = drawReleases(t, "waiting", 10)
		for _, group := range []string{"a", "b", "c"} {
			in.Turns[group] = rapid.Int64Range(0, 5).Draw(t, "turn")
		}
		d := slots.Decide(in)
		after := slices.Concat(in.Running, d.Start)
		if over(in.Limits, after) {
			t.Fatalf("over a limit: %v with %v", in.Limits, counts(in.Limits, after))
		}
		if len(d.Start)+len(d.Waits) != len(in.Waiting) {
			t.Fatalf("%d start and %d wait of %d", len(d.Start), len(d.Waits), len(in.Waiting))
		}
		again := in
		again.Waiting, again.Running = shuffled(t, in.Waiting), shuffled(t, in.Running)
		if diff := cmp.Diff(d, slots.Decide(again)); diff != "" {
			t.Fatalf("another order of what is told decides otherwise:\n%s", diff)
		}
		// A slot stays free only for an emergency, or for who has waited for very long.
		kept := slices.ContainsFunc(in.Waiting, func(r slots.Release) bool {
			return !slices.Contains(sites(d.Start), r.Site) && (r.Lane == slots.Emergency || now.Sub(r.Since) >= slots.NotPassedAfter)
		})
		for _, r := range in.Waiting {
			if slices.Contains(sites(d.Start), r.Site) {
				continue
			}
			if fits := !over(in.Limits, append(slices.Clone(after), r)); fits && (!kept || r.Lane == slots.Emergency && fitsFirst(in, r)) {
				t.Fatalf("%+v waits though there is a slot for it (%v)", r, counts(in.Limits, after))
			}
		}
	})
}

// fitsFirst says whether an emergency would fit if all other emergencies had started.
func fitsFirst(in slots.State, r slots.Release) bool {
	all := append(slices.Clone(in.Running), r)
	for _, o := range in.Waiting {
		if o.Lane == slots.Emergency && o.Site != r.Site {
			all = append(all, o)
		}
	}
	return !over(in.Limits, all)
}

func shuffled(t *rapid.T, all []slots.Release) []slots.Release {
	if len(all) == 0 {
		return all
	}
	return rapid.Permutation(all).Draw(t, "order")
}

// life carries releases out for a time: those that run end after a while, and the decision
// is made whenever something may have changed.
type life struct {
	state slots.State
	ends  map[string]time.Time
	began []slots.Release
}

func (l *life) decide(takes func(slots.Release) time.Duration) {
	d := slots.Decide(l.state)
	for _, r := range d.Start {
		l.ends[r.Site] = l.state.Now.Add(takes(r))
		l.began = append(l.began, r)
		l.state.Running = append(l.state.Running, r)
		l.state.Waiting = slices.DeleteFunc(l.state.Waiting, func(o slots.Release) bool { return o.Site == r.Site })
	}
	for party, turn := range d.Turns {
		l.state.Turns[party] = turn
	}
}

// pass lets a minute pass, and gives those that ended.
func (l *life) pass() []slots.Release {
	l.state.Now = l.state.Now.Add(time.Minute)
	var ended []slots.Release
	l.state.Running = slices.DeleteFunc(l.state.Running, func(r slots.Release) bool {
		over := !l.ends[r.Site].After(l.state.Now)
		if over {
			ended = append(ended, r)
		}
		return over
	})
	return ended
}

// A group with many sites that ask without end gets no more turns than one with few.
func TestGroupsThatAskWithoutEndGetEquallyManyTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{state: slots.State{Now: now, Limits: slots.Limits{Total: rapid.IntRange(1, 4).Draw(t, "total")}, Turns: map[string]int64{}}, ends: map[string]time.Time{}}
		for group, n := range map[string]int{"a": 30, "b": 6, "c": 5} {
			for i := range n {
				l.state.Waiting = append(l.state.Waiting, slots.Release{Site: fmt.Sprint(group, i), Group: group, Lane: slots.Production, Since: now})
			}
		}
		for range 60 {
			l.decide(func(r slots.Release) time.Duration { return 3 * time.Minute })
			for _, r := range l.pass() {
				r.Since = l.state.Now // it is asked for again at once
				l.state.Waiting = append(l.state.Waiting, r)
			}
		}
		turns := map[string]int{}
		for _, r := range l.began {
			turns[r.Group]++
		}
		if len(l.began) < 15 || max(turns["a"], turns["b"], turns["c"])-min(turns["a"], turns["b"], turns["c"]) > 1 {
			t.Fatalf("turns: %v", turns)
		}
	})
}

// However much is asked for again at once, in higher lanes and by others, each release
// starts after a time that can be told: here the wait of NotPassedAfter, and then a turn of
// each group for each release before it.
func TestNothingWaitsForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t)
		l := &life{state: slots.State{Now: now, Limits: limits, Turns: map[string]int64{}}, ends: map[string]time.Time{}}
		for _, r := range drawReleases(t, "site", 10) {
			if r.Lane == slots.Emergency {
				r.Lane = slots.Production // people do not ask for one without end
			}
			r.Since = now
			l.state.Waiting = append(l.state.Waiting, r)
		}
		takes := func(r slots.Release) time.Duration {
			return time.Duration(1+len(r.Site)%2+int(r.Site[len(r.Site)-1])%7) * time.Minute
		}
		const longest = slots.NotPassedAfter + 30*10*time.Minute
		for range 500 {
			l.decide(takes)
			for _, r := range l.state.Waiting {
				if wait := l.state.Now.Sub(r.Since); wait > longest {
					t.Fatalf("%+v has waited for %s", r, wait)
				}
			}
			for _, r := range l.pass() {
				r.Since = l.state.Now
				l.state.Waiting = append(l.state.Waiting, r)
			}
		}
	})
}
