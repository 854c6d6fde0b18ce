package slots

import "time"

// Lane is how urgent a release is. A lower one goes first.
type Lane int

// The lanes. Emergency: an operator said so, or a rollback. Production: somebody asked, or
// content changed. Scheduled: only schedules asked. Preview: the public does not see the
// site.
const (
	Emergency Lane = iota
	Production
	Scheduled
	Preview
)

// String is the lane's name in the API.
func (l Lane) String() string {
	switch l {
	case Emergency:
		return "emergency"
	case Production:
		return "production"
	case Scheduled:
		return "scheduled"
	case Preview:
		return "preview"
	}
	return "unknown"
}

const (
	// LiftAfter is the wait after which a release goes up by a lane.
	LiftAfter = 20 * time.Minute
	// NotPassedAfter is the wait after which no other release of its group may pass a
	// release. By then it is in the production lane.
	NotPassedAfter = time.Hour
)

// Release is one that runs or waits. A site has one at most.
type Release struct {
	Site string
	// Group is the site's; a site without one is a group of its own.
	Group string
	// Runner is local or github, and Machine the machine that it needs; "" where any will do.
	Runner, Machine string
	// Installation is the account on which the GitHub App is installed; "" for none.
	Installation string
	Lane         Lane
	// Since is when it began to wait: nothing but a free slot has been missing since.
	Since time.Time
}

// Party names the one that takes turns: the group, or a site without a group. Group names
// have no space, so the two never collide.
func (r Release) Party() string {
	if r.Group != "" {
		return r.Group
	}
	return "site " + r.Site
}

// lane is the lane in which it waits at an instant.
func (r Release) lane(now time.Time) Lane {
	if r.Lane <= Production {
		return r.Lane
	}
	lifted := max(0, now.Sub(r.Since)/LiftAfter)
	return max(Production, r.Lane-Lane(min(lifted, time.Duration(Preview))))
}

// mayNotBePassed says whether it has waited so long that nobody of its group passes it.
func (r Release) mayNotBePassed(now time.Time) bool {
	return r.Lane != Emergency && now.Sub(r.Since) >= NotPassedAfter
}

// Limits say how many releases may run at a time. 0 is no limit; a Reserve of 0 reserves nothing.
type Limits struct {
	// Total is for all releases; Reserve of these are for emergencies alone.
	Total, Reserve int
	// Local is for each machine, GitHub for all runs there.
	Local, GitHub int
	// PerInstallation is for each installation of the GitHub App.
	PerInstallation int
	// PerGroup is for each group that Groups does not name.
	PerGroup int
	Groups   map[string]int
}

// None says whether nothing is limited.
func (l Limits) None() bool {
	return l.Total == 0 && l.Local == 0 && l.GitHub == 0 && l.PerInstallation == 0 && l.PerGroup == 0 && len(l.Groups) == 0
}

// Kind is what a limit is for.
type Kind string

// The kinds of limits. Unreserved is the part of the total that is not for emergencies alone.
const (
	Total        Kind = "total"
	Unreserved   Kind = "unreserved"
	Runner       Kind = "runner"
	Installation Kind = "installation"
	Group        Kind = "group"
)

// Limit is a limit that a release needs a slot of.
type Limit struct {
	Kind Kind
	// Name is that of the group, the installation or the runner, and Machine that of a
	// local runner; "" for the total.
	Name, Machine string
}

// need is a limit and how many it lets run.
type need struct {
	Limit
	most int
}

// needs are the limits of which a release needs a slot, the narrowest first.
func (l Limits) needs(r Release) []need {
	var all []need
	add := func(most int, limit Limit) {
		if most > 0 {
			all = append(all, need{limit, most})
		}
	}
	if r.Group != "" {
		most, own := l.Groups[r.Group]
		if !own {
			most = l.PerGroup
		}
		add(most, Limit{Kind: Group, Name: r.Group})
	}
	if r.Installation != "" {
		add(l.PerInstallation, Limit{Kind: Installation, Name: r.Installation})
	}
	switch r.Runner {
	case "local":
		add(l.Local, Limit{Kind: Runner, Name: r.Runner, Machine: r.Machine})
	case "github":
		add(l.GitHub, Limit{Kind: Runner, Name: r.Runner})
	}
	if r.Lane != Emergency && l.Total > 0 && l.Reserve > 0 {
		add(max(1, l.Total-l.Reserve), Limit{Kind: Unreserved})
	}
	add(l.Total, Limit{Kind: Total})
	return all
}

// State is the input of a decision.
type State struct {
	Limits           Limits
	Running, Waiting []Release
	// Turns are the numbers of the groups' last turns: a higher one came later.
	Turns map[string]int64
	Now   time.Time
}

// Wait says what a release waits for.
type Wait struct {
	Site string
	// Lane is the one in which it waits now.
	Lane Lane
	// For is the limit that is full, and Most how many it lets run.
	For  Limit
	Most int
	// Behind is the site whose release has waited so long that this one may not pass it;
	// "" for none.
	Behind string
	// Place counts from 1 among those that wait for the same limit.
	Place int
}

// Decision says what starts, in this order, and what waits, by place in line.
type Decision struct {
	Start []Release
	Waits []Wait
	// Turns are the new numbers of the groups that had a turn.
	Turns map[string]int64
}
