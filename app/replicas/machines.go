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

// Machines knows which machine a site is built on that an app's own machine builds, and has
// this app say that it lives.
type Machines struct {
	ledger *ledger.Ledger
	log    *slog.Logger

	mu    sync.Mutex
	local []string // the sites that apps build themselves
	of    map[string]ledger.Machine
}

// NewMachines makes the Machines of an app: of the sites that are built by apps themselves.
// It claims those that are no other machine's.
func NewMachines(ctx context.Context, l *ledger.Ledger, local []string, log *slog.Logger) (*Machines, error) {
	m := &Machines{ledger: l, local: local, log: log}
	return m, m.look(ctx)
}

// Build has the Machines know other sites that are built by apps themselves. It claims
// those that are no other machine's.
func (m *Machines) Build(ctx context.Context, local []string) error {
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
		return fmt.Errorf("find out on which machines sites are built: %w", err)
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

// Run says that this app lives, and claims what has become nobody's, until ctx ends.
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
			m.log.WarnContext(ctx, "this replica can't say that it lives", "error", err)
		}
	}
}

func (m *Machines) machine(site string) (ledger.Machine, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.of[site]
	return one, ok
}

// Mine says whether the work for a site is this app's to do, if it claims it: all but that
// for sites that are built on other machines.
func (m *Machines) Mine(site string) bool {
	one, local := m.machine(site)
	return !local || one.ID == m.ledger.Self().Machine
}

// Elsewhere names the machine that a site is built on, if it is another one.
func (m *Machines) Elsewhere(site string) (name string, ok bool) {
	one, _ := m.machine(site)
	return one.Name, !m.Mine(site)
}

// Away says why a site can't be built now: nothing was heard of its machine. "" if it can.
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
