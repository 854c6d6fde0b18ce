package plan

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// GiveWay makes the plan one for a store where a key can't be another's folder: a managed
// file that lies where the release needs a folder, or below where it needs a file, is
// deleted just before that is written, and not after the commit. That holds for an asset
// in its grace time too.
func (p *Plan) GiveWay() {
	if len(p.First()) > 0 {
		return // it does so already
	}
	blocked := p.blocked()
	if len(blocked) == 0 {
		return
	}
	first := map[string]bool{}
	for _, by := range blocked {
		for _, r := range by {
			first[r.Path] = true
			p.doom(r)
		}
	}
	slices.SortFunc(p.Deletes, func(a, b Delete) int { return cmp.Compare(a.Path, b.Path) })
	for i := range p.Deletes {
		p.Deletes[i].First = first[p.Deletes[i].Path]
	}
	p.Phases = clearedInTurn(p.Phases, blocked)
}

// First are the deletes that come before the commit.
func (p *Plan) First() []Delete {
	var out []Delete
	for _, d := range p.Deletes {
		if d.First {
			out = append(out, d)
		}
	}
	return out
}

// blocked lists the managed files in the way of each new entry, by the entry's index.
func (p *Plan) blocked() map[int][]*manifest.Retired {
	if len(p.Next.Retired) == 0 {
		return nil
	}
	fresh := make([]bool, len(p.Next.Entries))
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			fresh[w.Index] = w.Reason == ReasonNew
		}
	}
	out := map[int][]*manifest.Retired{}
	for i := range p.Next.Retired {
		r := &p.Next.Retired[i]
		for _, index := range clashing(p.Next.Entries, r.Path) {
			if fresh[index] {
				out[index] = append(out[index], r)
			}
		}
	}
	return out
}

// clashing are the entries that can't be where a key can't be another's folder and
// name is one: those below it, and the one that it lies below.
func clashing(entries []manifest.Entry, name string) []int {
	var out []int
	find := func(name string) (int, bool) {
		return slices.BinarySearchFunc(entries, name, func(e manifest.Entry, p string) int { return cmp.Compare(e.Path, p) })
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if i, ok := find(dir); ok {
			out = append(out, i)
		}
	}
	below := name + "/"
	for i, _ := find(below); i < len(entries) && strings.HasPrefix(entries[i].Path, below); i++ {
		out = append(out, i)
	}
	return out
}

// doom makes what would have stayed for its grace time one more delete.
func (p *Plan) doom(r *manifest.Retired) {
	if r.Doomed {
		return
	}
	r.Doomed = true
	if r.Sequence == p.Next.Sequence {
		p.Retired--
	}
	p.Deletes = append(p.Deletes, Delete{Entry: r.Entry, Reason: ReasonGone})
}

// clearedInTurn puts blocked writes into phases of their own, as late as their class
// lets them be, so that as little as can be is written between a delete and what
// comes in its place: assets and other files behind those that nothing is in the way
// of, all others before those.
func clearedInTurn(phases []Phase, blocked map[int][]*manifest.Retired) []Phase {
	var early, late []Phase
	cleared := map[string]bool{}
	held := []Phase{}
	for _, phase := range phases {
		free, stuck := phase.part(blocked)
		if phase.Class < rules.ClassPage {
			early = append(early, free)
			if len(stuck.Writes) > 0 {
				held = append(held, stuck)
			}
			continue
		}
		if len(stuck.Writes) > 0 {
			late = append(late, stuck)
		}
		late = append(late, free)
	}
	out := slices.Concat(early, held, late)
	for i := range out {
		for _, w := range out[i].Writes {
			for _, r := range blocked[w.Index] {
				if !cleared[r.Path] {
					cleared[r.Path] = true
					out[i].Clear = append(out[i].Clear, r.Entry)
				}
			}
		}
	}
	return out
}

// part parts a phase into what nothing is in the way of, and the rest.
func (ph Phase) part(blocked map[int][]*manifest.Retired) (free, stuck Phase) {
	free, stuck = Phase{Class: ph.Class}, Phase{Class: ph.Class}
	for _, w := range ph.Writes {
		to := &free
		if len(blocked[w.Index]) > 0 {
			to = &stuck
		}
		to.Writes = append(to.Writes, w)
	}
	return free, stuck
}

// Needs says whether a release conflicts with a file at a key, where a key can't be
// another's folder; by is the release's file that conflicts.
func (p *Plan) Needs(key string) (by string, needed bool) {
	clashes := clashing(p.Next.Entries, key)
	if len(clashes) == 0 {
		return "", false
	}
	return p.Next.Entries[clashes[0]].Path, true
}

// Manages says whether a key is one of the release's files, or one that it drops.
func (p *Plan) Manages(key string) bool {
	_, dropped := slices.BinarySearchFunc(p.Next.Retired, key, func(r manifest.Retired, k string) int { return cmp.Compare(r.Path, k) })
	_, kept := p.Next.Find(key)
	return kept || dropped
}
