package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Machine is a machine that runs an app and builds sites by the local runner. Its state
// folder holds the runs.
type Machine struct {
	ID, Name string
	// Seen is when a replica on the machine last said that it lives; zero if not within a day.
	Seen time.Time
}

// machineGone is the silence after which another machine may take a machine's sites over:
// far longer than a restart, or an upgrade of its system.
const machineGone = 10 * time.Minute

// Machines are the machines that build sites by the local runner.
type Machines struct{ ledger *Ledger }

// Machines are the machines that build sites by the local runner.
func (l *Ledger) Machines() Machines { return Machines{l} }

// Claim assigns sites to this process's machine that have none yet, or whose machine has
// been silent for machineGone. A site with a release under way stays, since its run might
// still be at work there. It returns the machine of each site.
func (m Machines) Claim(ctx context.Context, sites []string) (map[string]Machine, error) {
	return do(ctx, m.ledger.writer, func(b *batch) (map[string]Machine, error) {
		of := map[string]Machine{}
		for _, site := range sites {
			one, err := b.claimSite(site)
			if err != nil {
				return nil, b.fail(fmt.Errorf("claim the site %s for this machine: %w", site, err))
			}
			of[site] = one
		}
		return of, nil
	})
}

func (b *batch) claimSite(site string) (Machine, error) {
	self := Machine{ID: b.w.self.Machine, Name: b.w.self.Name, Seen: b.now}
	var is Machine
	err := b.queryRow(`SELECT machine, name FROM machines WHERE site = $1`, []any{site}, &is.ID, &is.Name)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = b.exec(`INSERT INTO machines (site, machine, name) VALUES ($1, $2, $3)`, site, self.ID, self.Name)
		return self, err
	case err != nil:
		return is, err
	case is.ID == self.ID:
		return self, nil
	}
	var seen int64
	if err := b.queryRow(`SELECT COALESCE(MAX(seen_us), 0) FROM replicas WHERE machine = $1`, []any{is.ID}, &seen); err != nil {
		return is, err
	}
	is.Seen = fromMicros(seen)
	if b.now.Sub(is.Seen) < machineGone {
		return is, nil
	}
	at, err := b.site(site)
	if err != nil || at.site.State != release.Ready && at.site.Current.Dispatch.Token != "" {
		return is, err
	}
	_, err = b.exec(`UPDATE machines SET machine = $1, name = $2 WHERE site = $3`, self.ID, self.Name, site)
	return self, err
}
