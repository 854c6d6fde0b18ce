package plan

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// ClearConflicts changes the plan for a store where a key can't be another key's folder: a
// managed file where the release needs a folder, or below a new file, is deleted just
// before the write and not after the commit, even an asset in its grace time.
func (p *Plan) ClearConflicts() {
	if len(p.EarlyDeletes()) > 0 {
		return // it was called before
	}
	conflicts := p.conflicts()
	if len(conflicts) == 0 {
		return
	}
	early := map[string]bool{}
	for _, by := range conflicts {
		for _, r := range by {
			early[r.Path] = true
			p.doom(r)
		}
	}
	slices.SortFunc(p.Deletes, func(a, b Delete) int { return cmp.Compare(a.Path, b.Path) })
	for i := range p.Deletes {
		p.Deletes[i].Early = early[p.Deletes[i].Path]
	}
	p.Phases = withClears(p.Phases, conflicts)
}

// EarlyDeletes are the deletes that come before the commit.
func (p *Plan) EarlyDeletes() []Delete {
	var out []Delete
	for _, d := range p.Deletes {
		if d.Early {
			out = append(out, d)
		}
	}
	return out
}

// conflicts lists the managed files in the way of each new entry, by the entry's index.
func (p *Plan) conflicts() map[int][]*manifest.Retired {
	if len(p.Next.Retired) == 0 {
		return nil
	}
	fresh := make([]bool, len(p.Next.Entries))
	for w := range p.AllWrites() {
		fresh[w.Index] = w.Reason == ReasonNew
	}
	out := map[int][]*manifest.Retired{}
	for i := range p.Next.Retired {
		r := &p.Next.Retired[i]
		for _, index := range conflicting(&p.Next, r.Path) {
			if fresh[index] {
				out[index] = append(out[index], r)
			}
		}
	}
	return out
}

// conflicting are the entries that can't exist beside a key where no key can be another
// key's folder: those below it, and those that it is below.
func conflicting(m *manifest.Manifest, key string) []int {
	var out []int
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		if i, ok := m.Index(dir); ok {
			out = append(out, i)
		}
	}
	below := key + "/"
	for i, _ := m.Index(below); i < len(m.Entries) && strings.HasPrefix(m.Entries[i].Path, below); i++ {
		out = append(out, i)
	}
	return out
}

// doom makes a file in its grace time a delete.
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

// withClears puts writes with conflicts into phases of their own, which delete the files in
// the way first. Few writes must come between such a delete and the new file: so
// these phases come after the other assets and files, and before the other pages.
func withClears(phases []Phase, conflicts map[int][]*manifest.Retired) []Phase {
	var early, late []Phase
	cleared := map[string]bool{}
	held := []Phase{}
	for _, phase := range phases {
		free, blocked := phase.split(conflicts)
		if phase.Class < rules.ClassPage {
			early = append(early, free)
			if len(blocked.Writes) > 0 {
				held = append(held, blocked)
			}
			continue
		}
		if len(blocked.Writes) > 0 {
			late = append(late, blocked)
		}
		late = append(late, free)
	}
	out := slices.Concat(early, held, late)
	for i := range out {
		for _, w := range out[i].Writes {
			for _, r := range conflicts[w.Index] {
				if !cleared[r.Path] {
					cleared[r.Path] = true
					out[i].Clear = append(out[i].Clear, r.Entry)
				}
			}
		}
	}
	return out
}

// split splits a phase into the writes without and with conflicts.
func (ph Phase) split(conflicts map[int][]*manifest.Retired) (free, blocked Phase) {
	free, blocked = Phase{Class: ph.Class}, Phase{Class: ph.Class}
	for _, w := range ph.Writes {
		to := &free
		if len(conflicts[w.Index]) > 0 {
			to = &blocked
		}
		to.Writes = append(to.Writes, w)
	}
	return free, blocked
}

// ConflictWith is the release's file that can't exist beside a key, where no key can be
// another key's folder; false for none.
func (p *Plan) ConflictWith(key string) (path string, ok bool) {
	found := conflicting(&p.Next, key)
	if len(found) == 0 {
		return "", false
	}
	return p.Next.Entries[found[0]].Path, true
}

// Manages says whether a key is one of the release's files, or one that it drops.
func (p *Plan) Manages(key string) bool {
	_, dropped := slices.BinarySearchFunc(p.Next.Retired, key, func(r manifest.Retired, k string) int { return cmp.Compare(r.Path, k) })
	_, kept := p.Next.Find(key)
	return kept || dropped
}
