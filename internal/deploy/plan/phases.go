package plan

import (
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// inTurn parts the writes of redirects into phases, so that none is live before its
// target: one that leads to another new one goes after that, and one that leads to a new
// entry page (a feed, on the first deploy the home page) goes after the entry pages.
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

// of is the turn of the redirect at a path: the one after its target's to.
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

// redirectsFirst puts each redirect in a turn before that of what it leads to: what no
// other one that goes leads to is in the first. Redirects that lead in a circle go last.
func (p *Plan) redirectsFirst(deletes []Delete) [][]Delete {
	l := p.leading(deletes)
	var out [][]Delete
	left := len(deletes)
	for turn := l.free(); len(turn) > 0; turn = l.after(turn) {
		now := make([]Delete, len(turn))
		for i, at := range turn {
			now[i] = deletes[at]
		}
		out, left = append(out, now), left-len(now)
	}
	if left == 0 {
		return out
	}
	var circles []Delete
	for i, d := range deletes {
		if l.ledTo[i] > 0 {
			circles = append(circles, d)
		}
	}
	return append(out, circles)
}

// leading is which of some deletes lead to which others, by their places in the list:
// a file has one target at most, so that all turns together look at each once.
type leading struct {
	to    []int // the place of what it leads to; -1 for none of them
	ledTo []int // by how many that are still there
}

func (p *Plan) leading(deletes []Delete) leading {
	at := make(map[string]int, len(deletes))
	for i, d := range deletes {
		at[d.Path] = i
	}
	there := func(f string) bool {
		_, stays := p.Next.Find(f)
		_, gone := at[f]
		return stays || gone
	}
	l := leading{make([]int, len(deletes)), make([]int, len(deletes))}
	for i, d := range deletes {
		l.to[i] = -1
		to, _ := redirect.LeadsTo(d.Headers)
		target, ok := redirect.TargetFile(to, there)
		if place, goes := at[target]; ok && goes && place != i {
			l.to[i] = place
			l.ledTo[place]++
		}
	}
	return l
}

// free are those that nothing leads to, in the order of the list.
func (l *leading) free() []int {
	var out []int
	for i, n := range l.ledTo {
		if n == 0 {
			out = append(out, i)
		}
	}
	return out
}

// after are those that nothing leads to any more once a turn is gone.
func (l *leading) after(turn []int) []int {
	var out []int
	for _, i := range turn {
		to := l.to[i]
		if to < 0 {
			continue
		}
		if l.ledTo[to]--; l.ledTo[to] == 0 {
			out = append(out, to)
		}
	}
	slices.Sort(out)
	return out
}
