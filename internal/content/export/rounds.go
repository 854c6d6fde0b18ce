package export

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/content"
)

// look compares the records with the source's present ones. Two readings of everything
// with no change between them are the state of the source at the instant between them
// (a double collect, as atomic snapshots of shared registers are made). For a type with
// stamps the second reading is the one of ids and stamps; records that could
// have changed without their stamp are read again whole.
func (p *pass) look(ctx context.Context, t content.Type) error {
	if t.Resume != "" {
		return p.resume(ctx, t, "look")
	}
	if !t.Stamped() {
		now, err := p.list(ctx, t, content.Want{}, "look")
		if err != nil {
			return err
		}
		return p.gone(ctx, t, p.missing(t, now.keys))
	}
	now, err := p.list(ctx, t, content.Want{Sparse: true}, "look")
	if err != nil {
		return err
	}
	return p.fetch(ctx, t, p.stale(t, now))
}

// missing are the records of a type that a reading of it did not have.
func (p *pass) missing(t content.Type, now map[content.Key]content.Record) []content.Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	var keys []content.Key
	for key := range p.records {
		if _, there := now[key]; key.Type == t.Name && !there {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, content.Key.Compare)
	return keys
}

// gone asks by id for records that a list lacked: a list that is paged while editors save
// skips some. A record that can't be asked for by id counts as deleted; if it is not, the
// next round finds it.
func (p *pass) gone(ctx context.Context, t content.Type, keys []content.Key) error {
	if t.ByID == nil || t.Batch < 1 {
		p.drop(keys...)
		return nil
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.ID)
	}
	return p.fetch(ctx, t, ids)
}

// stale are the ids of a type that must be read: new ones, those with another stamp,
// those that are not listed any more, those that requests named, and those that may
// have changed again within the time that their stamp does not tell of.
func (p *pass) stale(t content.Type, now listing) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	need := map[string]bool{}
	for key, r := range now.keys {
		had, there := p.records[key]
		if !there || had.Stamp != r.Stamp || had.Revision != r.Revision || p.fresh(had) {
			need[key.ID] = true
		}
	}
	for key := range p.records {
		if _, listed := now.keys[key]; key.Type == t.Name && !listed {
			need[key.ID] = true
		}
	}
	if p.round == 1 {
		for _, h := range p.plan.Hints {
			if h.about(p.plan.Types) == t.Name && (t.ValidID == nil || t.ValidID(h.ID)) {
				need[h.ID] = true
			}
		}
	}
	ids := make([]string, 0, len(need))
	for id := range need {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// fresh says whether a record was changed so shortly before it was read that a save of
// the same stamp may have become visible after.
func (p *pass) fresh(e entry) bool {
	if e.Stamp == "" {
		return e.Revision == ""
	}
	at, ok := content.ParseStamp(e.Stamp)
	if !ok {
		return false // a version of its own kind, which is another one after each save
	}
	return !at.Before(e.readAt.Add(-p.plan.Overlap - 2*resolution))
}

// fetch reads records by their ids, in batches. Those that are not there any more go.
func (p *pass) fetch(ctx context.Context, t content.Type, ids []string) error {
	var batches [][]string
	for batch := range slices.Chunk(ids, max(1, t.Batch)) {
		batches = append(batches, batch)
	}
	had := map[string][]content.Key{}
	for _, key := range p.missing(t, nil) {
		had[key.ID] = append(had[key.ID], key)
	}
	return parallel(ctx, len(batches), func(ctx context.Context, i int) error {
		now, err := p.list(ctx, t, content.Want{IDs: batches[i]}, "fetch")
		if err != nil {
			return err
		}
		for _, id := range batches[i] {
			for _, key := range had[id] {
				if _, there := now.keys[key]; !there {
					p.drop(key)
				}
			}
		}
		return nil
	})
}

// listing is a list's content: keys with the records' facts, without bytes.
type listing struct {
	keys  map[content.Key]content.Record
	total int
	moved bool
}

// attempts is how often a list is read that gives another number than it says.
const attempts = 3

// list reads a list to its end. Whole records are taken at once. One that gives another
// number of records than it says is read again, and then refused.
func (p *pass) list(ctx context.Context, t content.Type, want content.Want, purpose string) (listing, error) {
	return p.listFrom(ctx, t, want, purpose, "")
}

func (p *pass) listFrom(ctx context.Context, t content.Type, want content.Want, purpose, from string) (listing, error) {
	for attempt := 1; ; attempt++ {
		l := &lister{pass: p, t: t, want: want, from: from, purpose: fmt.Sprintf("%s %d.%d", purpose, p.round, attempt), found: listing{keys: map[content.Key]content.Record{}, total: -1}}
		if err := l.all(ctx); err != nil {
			return l.found, fmt.Errorf("read the type %s: %w", t.Name, err)
		}
		counts := len(want.IDs) == 0 && want.Since.IsZero() && l.found.total >= 0
		if !counts || len(l.found.keys) == l.found.total && !l.found.moved {
			return l.found, nil
		}
		p.markMoved()
		if attempt < attempts {
			continue
		}
		if l.found.moved || slices.Contains(p.plan.Allow, GuardCount) {
			return l.found, nil
		}
		return l.found, &GuardError{GuardCount, fmt.Sprintf("the list of the type %s gave %d records, but says that it has %d (%d times)", t.Name, len(l.found.keys), l.found.total, attempts)}
	}
}

// key is the key of an answer in the journal: the same in the pass that resumes this one.
func (l *lister) key(r content.Request) string {
	return strings.Join([]string{l.purpose, l.t.Name, r.URL, content.Hash(r.Body)[:8]}, " ")
}
