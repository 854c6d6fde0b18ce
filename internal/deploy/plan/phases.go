package plan

import (
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// inTurn parts the writes of redirects into phases, so that none is live before
// what it leads to: one that leads to another new one goes after that, and one
// that leads to a new entry page (a feed, on the first deploy the home page) goes
// after the entry pages.
func (p *planner) inTurn() {
	redirects := p.plan.Phases[rules.ClassRedirect].Writes
	if len(redirects) == 0 {
		return
	}
	t := turns{p: p, fresh: map[string]Write{}, known: map[string]turn{}}
	for _, phase := range p.plan.Phases[rules.ClassRedirect:] {
		for _, w := range phase.Writes {
			if w.Reason == ReasonNew {
				t.fresh[p.path(w)] = w
			}
		}
	}
	var early, late [][]Write
	for _, w := range redirects {
		to := &early
		of := t.of(p.path(w))
		if of.late {
			to = &late
		}
		for len(*to) <= of.number {
			*to = append(*to, nil)
		}
		(*to)[of.number] = append((*to)[of.number], w)
	}
	phases := slices.Clone(p.plan.Phases[:rules.ClassRedirect])
	phases = append(phases, redirectPhases(early)...)
	phases = append(phases, p.plan.Phases[rules.ClassEntry])
	p.plan.Phases = append(phases, redirectPhases(late)...)
}

func redirectPhases(turns [][]Write) []Phase {
	var out []Phase
	for _, writes := range turns {
		if len(writes) > 0 {
			out = append(out, Phase{Class: rules.ClassRedirect, Writes: writes})
		}
	}
	return out
}

func (p *planner) path(w Write) string { return p.plan.Next.Entries[w.Index].Path }

// turn is when a redirect may be written.
type turn struct {
	number int
	late   bool // after the entry pages
}

type turns struct {
	p     *planner
	fresh map[string]Write // redirects and entry pages that are not there yet
	known map[string]turn
}

// of is the turn of the redirect at a path: the one after that of what it leads
// to.
func (t *turns) of(name string) turn {
	if known, ok := t.known[name]; ok {
		return known
	}
	t.known[name] = turn{} // one that leads in a circle has to begin somewhere
	entry, _ := t.p.plan.Next.Find(name)
	to, _ := redirect.LeadsTo(entry.Headers)
	target, ok := redirect.TargetFile(to, t.p.in.Tree.Has)
	w, fresh := t.fresh[target]
	if !ok || !fresh {
		return turn{}
	}
	found := turn{late: true}
	if redirect.LeadsOn(t.p.plan.Next.Entries[w.Index].Headers) {
		found = t.of(target)
		found.number++
	}
	t.known[name] = found
	return found
}

// DeletesInTurn are the deletes after the commit, in the order of phases turned round, each turn
// after the whole of the one before: what visitors open, then what that names, so
// that no page is there for an instant whose assets are not. A redirect goes
// before what it leads to: the other way round, it would lead nowhere.
func (p *Plan) DeletesInTurn() [][]Delete {
	var opened, other, assets []Delete
	for _, d := range p.Deletes {
		if d.First {
			continue
		}
		switch class := rules.Classify(d.Path); {
		case redirect.LeadsOn(d.Headers) || class > rules.ClassOther:
			opened = append(opened, d)
		case class == rules.ClassOther:
			other = append(other, d)
		default:
			assets = append(assets, d)
		}
	}
	turns := append(p.redirectsFirst(opened), other, assets)
	return slices.DeleteFunc(turns, func(turn []Delete) bool { return len(turn) == 0 })
}

// redirectsFirst puts each redirect in a turn before that of what it leads to.
func (p *Plan) redirectsFirst(deletes []Delete) [][]Delete {
	gone := make(map[string]bool, len(deletes))
	for _, d := range deletes {
		gone[d.Path] = true
	}
	there := func(f string) bool {
		_, stays := p.Next.Find(f)
		return stays || gone[f]
	}
	var out [][]Delete
	for left := deletes; len(left) > 0; {
		wanted := map[string]bool{} // what a redirect that is still there leads to
		for _, d := range left {
			to, _ := redirect.LeadsTo(d.Headers)
			if target, ok := redirect.TargetFile(to, there); ok && target != d.Path {
				wanted[target] = true
			}
		}
		var now, later []Delete
		for _, d := range left {
			if wanted[d.Path] {
				later = append(later, d)
			} else {
				now = append(now, d)
			}
		}
		if len(now) == 0 {
			now, later = later, nil // nothing but circles
		}
		out = append(out, now)
		left = later
	}
	return out
}
