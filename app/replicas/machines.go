package replicas

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
)

// Machines knows the machine of each site that is built on an app's own machine, and
// renews this app's entry among the replicas.
type Machines struct {
	ledger *ledger.Ledger
	log    *slog.Logger

	mu    sync.Mutex
	local []string // the sites that apps build themselves
	of    map[string]ledger.Machine
}

// NewMachines makes the Machines of an app. local are the sites that apps build themselves;
// it claims those that are no other machine's.
func NewMachines(ctx context.Context, l *ledger.Ledger, local []string, log *slog.Logger) (*Machines, error) {
	m := &Machines{ledger: l, local: local, log: log}
	return m, m.look(ctx)
}

// SetLocal replaces the sites that apps build themselves, and claims those that are no
// other machine's.
func (m *Machines) SetLocal(ctx context.Context, local []string) error {
	m.mu.Lock()
	m.local = local
	m.mu.Unlock()
	return m.look(ctx)
}

func (m *Machines) look(ctx context.Context) error {
	m.mu.Lock()
	local := m.local
	m.mu.Unlock()
	if len(local) == 0 {
		return nil
	}
	of, err := m.ledger.Machines().Claim(ctx, local)
	if err != nil {
		return fmt.Errorf("claim the sites that are built on this machine: %w", err)
	}
	m.mu.Lock()
	before := m.of
	m.of = of
	m.mu.Unlock()
	if maps.EqualFunc(before, of, func(a, b ledger.Machine) bool { return a.ID == b.ID }) {
		return nil
	}
	for site, one := range of {
		if one.ID != m.ledger.Self().Machine {
			m.log.InfoContext(ctx, "a site is built on another machine", "site", site, "machine", one.Name)
		}
	}
	return nil
}

// Run renews this app's entry, and claims sites whose machines have gone, until ctx ends.
func (m *Machines) Run(ctx context.Context) {
	beat := time.NewTicker(ledger.Beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		err := m.ledger.Live(ctx)
		if err == nil {
			err = m.look(ctx)
		}
		if err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "this replica can't renew its entry in the ledger", "error", err)
		}
	}
}

func (m *Machines) machine(site string) (ledger.Machine, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.of[site]
	return one, ok
}

// Mine says whether this app may carry out the tasks of a site: of all but those that are
// built on other machines.
func (m *Machines) Mine(site string) bool {
	one, local := m.machine(site)
	return !local || one.ID == m.ledger.Self().Machine
}

// Elsewhere names the machine on which a site is built, if it is another one.
func (m *Machines) Elsewhere(site string) (name string, ok bool) {
	one, _ := m.machine(site)
	return one.Name, !m.Mine(site)
}

// Away says why a site can't be built now: its machine is silent. "" if it can.
func (m *Machines) Away(site string) string {
	one, _ := m.machine(site)
	age := ledger.Now().Sub(one.Seen)
	if m.Mine(site) || age < ledger.Silent {
		return ""
	}
	if one.Seen.IsZero() {
		return fmt.Sprintf("it is built on the machine %s, of which nothing has been heard for long", one.Name)
	}
	return fmt.Sprintf("it is built on the machine %s, of which nothing has been heard for %s", one.Name, text.Span(age))
}
