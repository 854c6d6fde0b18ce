package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Tick applies the passing of time to a site. Scheduled requests that are due get their
// places first. The token must be fresh and random. A dispatch that is due waits if there
// is no free slot: see GiveSlots.
func (d decisions) Tick(ctx context.Context, site, token string) (release.Site, error) {
	return do(ctx, d.writer, func(b *batch) (release.Site, error) {
		at, err := b.site(site)
		if err != nil {
			return release.Site{}, err
		}
		if token == "" {
			// Checked before requests fall due: a refusal must change nothing.
			return at.site, &release.Conflict{Code: release.CodeBadEvent, Text: "a tick needs a token"}
		}
		if due := at.site.Scheduled; !due.IsZero() && !due.After(b.now) {
			if err := b.due(at); err != nil {
				return release.Site{}, err
			}
		}
		why, err := b.noSlot(at)
		if err != nil {
			return at.site, err
		}
		err = b.step(at, release.Tick{Token: token, NoSlot: why})
		return at.site, err
	})
}

// GiveSlots dispatches releases that wait for a slot, as far as slots are free, and names
// their sites. The tokens must be fresh and random. It decides over all sites in one
// transaction, so that replicas that call it at once exceed no limit.
func (d decisions) GiveSlots(ctx context.Context, token func() string) ([]string, error) {
	return do(ctx, d.writer, func(b *batch) (started []string, err error) {
		changed := b.changed
		decided, err := b.decideSlots(nil)
		if err != nil || len(decided.Start) == 0 {
			b.changed = changed // nobody is to be woken
			return nil, err
		}
		for _, r := range decided.Start {
			at, err := b.site(r.Site)
			if err != nil {
				return nil, b.fail(err)
			}
			if err := b.step(at, release.Tick{Token: token()}); err != nil {
				return nil, b.fail(err)
			}
			if err := b.hadTurn(decided, r); err != nil {
				return nil, err
			}
			started = append(started, r.Site)
		}
		return started, nil
	})
}

// noSlot says why a tick must not dispatch a site's release for want of a slot; "" if it
// may, or if nothing is due to be dispatched.
func (b *batch) noSlot(at *loaded) (string, error) {
	if b.w.ledger.sites.now.Load().slots.None() {
		return "", nil
	}
	asked, _, err := release.Step(at.site, release.Tick{Token: "none", NoSlot: "asked"}, b.now)
	if err != nil || !asked.WaitsForSlot(b.now) {
		return "", err
	}
	d, err := b.decideSlots(&asked)
	if err != nil {
		return "", err
	}
	for _, r := range d.Start {
		if r.Site == at.site.Name {
			return "", b.hadTurn(d, r)
		}
	}
	for _, w := range d.Waits {
		if w.Site == at.site.Name {
			return whyNoSlot(w), nil
		}
	}
	return "there is no free slot", nil
}

// whyNoSlot says in words what a release waits for, for the audit trail.
func whyNoSlot(w slots.Wait) string {
	if w.Behind != "" {
		return "another site of its group has waited for very long and goes first"
	}
	switch w.For.Kind {
	case slots.Group:
		return fmt.Sprintf("%d of group %s run", w.Most, w.For.Name)
	case slots.Installation:
		return fmt.Sprintf("%d of the GitHub installation on %s run", w.Most, w.For.Name)
	case slots.Runner:
		if w.For.Machine != "" {
			return fmt.Sprintf("%d run on the machine %s", w.Most, w.For.Machine)
		}
		return fmt.Sprintf("%d of runner %s run", w.Most, w.For.Name)
	case slots.Unreserved:
		return fmt.Sprintf("%d run, and the slots that are left are for emergencies", w.Most)
	case slots.Total:
	}
	return fmt.Sprintf("%d run in all", w.Most)
}

// hadTurn notes that the group of a release that starts has had its turn.
func (b *batch) hadTurn(d slots.Decision, r slots.Release) error {
	turn, ok := d.Turns[r.Party()]
	if !ok {
		return nil
	}
	_, err := b.exec(`INSERT INTO slot_turns (name, turn) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET turn = excluded.turn`, r.Party(), turn)
	return err
}

// decideSlots decides for all sites in their state within this batch; asked is a site
// that would ask for a slot too, or nil.
func (b *batch) decideSlots(asked *release.Site) (slots.Decision, error) {
	now := map[string]release.Site{}
	for name, l := range b.sites {
		now[name] = l.site
	}
	if asked != nil {
		now[asked.Name] = *asked
	}
	l := b.w.ledger
	s, err := slotState(b.query, l.sites, now, b.now, b.w.traits.Shared)
	if err != nil {
		return slots.Decision{}, b.fail(fmt.Errorf("decide which releases start: %w", err))
	}
	return slots.Decide(s), nil
}

// SlotWaits are the releases that wait for a slot, by their sites.
func (s *Snapshot) SlotWaits(ctx context.Context, now time.Time) (map[string]slots.Wait, error) {
	if s.waits != nil {
		return s.waits, nil
	}
	query := func(text string, args ...any) (*sql.Rows, error) { return s.q.QueryContext(ctx, text, args...) }
	state, err := slotState(query, s.sites, nil, now, s.engine.Traits().Shared)
	if err != nil {
		return nil, fmt.Errorf("read the releases that wait for a slot: %w", s.engine.Explain(err))
	}
	s.waits = map[string]slots.Wait{}
	for _, w := range slots.Decide(state).Waits {
		s.waits[w.Site] = w
	}
	return s.waits, nil
}

// slotState reads the input of the decision about slots. known are sites whose state
// differs from the stored one. Sites that are no longer configured do not count: nobody
// would learn that their release has ended.
func slotState(query func(string, ...any) (*sql.Rows, error), all *sites, known map[string]release.Site, now time.Time, shared bool) (slots.State, error) {
	served := all.now.Load()
	state := slots.State{Limits: served.slots, Now: now}
	busy, err := busySites(query, served, &all.documents)
	if err != nil {
		return state, err
	}
	maps.Copy(busy, known)
	machines := map[string]string{}
	if shared {
		if machines, err = textsOf(query, `SELECT site, name FROM machines`); err != nil {
			return state, err
		}
	}
	if state.Turns, err = turnsOf(query); err != nil {
		return state, err
	}
	for _, name := range slices.Sorted(maps.Keys(busy)) {
		site := busy[name]
		policy, err := served.policy(name)
		if err != nil {
			continue
		}
		site.Policy = policy
		one := shareOf(site, machines[name])
		switch {
		case site.HasSlot():
			state.Running = append(state.Running, one)
		case site.WaitsForSlot(now):
			one.Since = site.SlotWanted(now)
			state.Waiting = append(state.Waiting, one)
		}
	}
	return state, nil
}

// shareOf is a site's release as input of the decision about slots.
func shareOf(site release.Site, machine string) slots.Release {
	share := site.Policy.Share
	r := slots.Release{Site: site.Name, Group: share.Group, Runner: share.Runner, Installation: share.Installation, Lane: laneOf(site)}
	if share.Runner == "local" {
		r.Machine = machine
	}
	return r
}

func laneOf(site release.Site) slots.Lane {
	switch {
	case site.Urgent():
		return slots.Emergency
	case site.Policy.Share.Preview:
		return slots.Preview
	case site.Current.Requests.Scheduled:
		return slots.Scheduled
	}
	return slots.Production
}

// busySites are the configured sites that are not ready.
func busySites(query func(string, ...any) (*sql.Rows, error), served *served, kept *documents) (map[string]release.Site, error) {
	docs, err := textsOf(query, `SELECT name, doc FROM sites WHERE state <> 'ready'`)
	if err != nil {
		return nil, err
	}
	busy := map[string]release.Site{}
	for name, doc := range docs {
		if _, err := served.policy(name); err != nil {
			continue
		}
		if busy[name], err = kept.read(name, doc); err != nil {
			return nil, err
		}
	}
	return busy, nil
}

func textsOf(query func(string, ...any) (*sql.Rows, error), text string) (map[string]string, error) {
	rows, err := query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, err
		}
		all[key] = value
	}
	return all, rows.Err()
}

func turnsOf(query func(string, ...any) (*sql.Rows, error)) (map[string]int64, error) {
	rows, err := query(`SELECT name, turn FROM slot_turns`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	turns := map[string]int64{}
	for rows.Next() {
		var name string
		var turn int64
		if err := rows.Scan(&name, &turn); err != nil {
			return nil, err
		}
		turns[name] = turn
	}
	return turns, rows.Err()
}
