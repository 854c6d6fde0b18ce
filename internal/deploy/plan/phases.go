package plan

import (
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// orderRedirects splits the writes of redirects into phases, so that none is live before
// its target: a redirect to another new one goes after that, and a redirect to a new entry
// page (a feed, on the first deploy the home page) goes after the entry pages.
func (p *planner) orderRedirects() {
	redirects := p.plan.Phases[rules.ClassRedirect].Writes
	if len(redirects) == 0 {
		return
	}
	t := redirectOrder{p: p, fresh: map[string]Write{}, known: map[string]turn{}}
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
		of := t.turn(p.path(w))
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

// turn is the place of a redirect in the order.
type turn struct {
	number int
	late   bool // after the entry pages
}

type redirectOrder struct {
	p     *planner
	fresh map[string]Write // new redirects and entry pages
	known map[string]turn
}

// turn is the turn of the redirect at a path: the one after its target's turn.
func (t *redirectOrder) turn(name string) turn {
	if known, ok := t.known[name]; ok {
		return known
	}
	t.known[name] = turn{} // ends the recursion in a loop of redirects
	entry, _ := t.p.plan.Next.Find(name)
	to, _ := redirect.Target(entry.Headers)
	target, ok := redirect.TargetFile(to, t.p.in.Tree.Has)
	w, fresh := t.fresh[target]
	if !ok || !fresh {
		return turn{}
	}
	found := turn{late: true}
	if redirect.IsRedirect(t.p.plan.Next.Entries[w.Index].Headers) {
		found = t.turn(target)
		found.number++
	}
	t.known[name] = found
	return found
}

// DeleteBatches are the deletes after the commit, each batch to be complete before the
// next: pages, then other files, then assets, so that no page is live without its assets. A
// redirect goes before its target.
func (p *Plan) DeleteBatches() [][]Delete {
	var opened, other, assets []Delete
	for _, d := range p.Deletes {
		if d.Early {
			continue
		}
		switch class := rules.Classify(d.Path); {
		case redirect.IsRedirect(d.Headers) || class > rules.ClassOther:
			opened = append(opened, d)
		case class == rules.ClassOther:
			other = append(other, d)
		default:
			assets = append(assets, d)
		}
	}
	batches := append(p.redirectsFirst(opened), other, assets)
	return slices.DeleteFunc(batches, func(batch []Delete) bool { return len(batch) == 0 })
}

// redirectsFirst sorts deletes topologically: each redirect is in a batch before its
// target's. Loops of redirects go last.
func (p *Plan) redirectsFirst(deletes []Delete) [][]Delete {
	l := p.graph(deletes)
	var out [][]Delete
	left := len(deletes)
	for ready := l.unreferenced(); len(ready) > 0; ready = l.after(ready) {
		batch := make([]Delete, len(ready))
		for i, at := range ready {
			batch[i] = deletes[at]
		}
		out, left = append(out, batch), left-len(batch)
	}
	if left == 0 {
		return out
	}
	var loops []Delete
	for i, d := range deletes {
		if l.inbound[i] > 0 {
			loops = append(loops, d)
		}
	}
	return append(out, loops)
}

// graph has the redirects among deletes as edges, by their places in the list. A file has
// at most one target.
type graph struct {
	to      []int // the place of the target; -1 for none of the deletes
	inbound []int // the number of redirects to it that are left
}

func (p *Plan) graph(deletes []Delete) graph {
	at := make(map[string]int, len(deletes))
	for i, d := range deletes {
		at[d.Path] = i
	}
	there := func(f string) bool {
		_, stays := p.Next.Find(f)
		_, gone := at[f]
		return stays || gone
	}
	l := graph{make([]int, len(deletes)), make([]int, len(deletes))}
	for i, d := range deletes {
		l.to[i] = -1
		to, _ := redirect.Target(d.Headers)
		target, ok := redirect.TargetFile(to, there)
		if place, goes := at[target]; ok && goes && place != i {
			l.to[i] = place
			l.inbound[place]++
		}
	}
	return l
}

// unreferenced are the deletes that no redirect leads to, in the order of the list.
func (l *graph) unreferenced() []int {
	var out []int
	for i, n := range l.inbound {
		if n == 0 {
			out = append(out, i)
		}
	}
	return out
}

// after are the deletes that no redirect leads to any more once a batch is gone.
func (l *graph) after(batch []int) []int {
	var out []int
	for _, i := range batch {
		to := l.to[i]
		if to < 0 {
			continue
		}
		if l.inbound[to]--; l.inbound[to] == 0 {
			out = append(out, to)
		}
	}
	slices.Sort(out)
	return out
}
