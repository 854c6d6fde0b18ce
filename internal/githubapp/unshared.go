package githubapp

import (
	"log/slog"
	"sync"
	"time"
)

// unshared logs which budgets can't be shared: all of them mostly, since they are in one
// ledger, and so in one line.
type unshared struct {
	log     *slog.Logger
	mu      sync.Mutex
	failing map[int64]bool // installations whose budget can't be shared
	news    bool           // one of them is new since the last line
	last    time.Time      // of the last line
}

// unsharedEvery is the shortest time between two lines.
const unsharedEvery = time.Minute

// failed notes that the budget of an installation can't be shared.
func (u *unshared) failed(installation int64, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failing == nil {
		u.failing = map[int64]bool{}
	}
	u.news = u.news || !u.failing[installation]
	u.failing[installation] = true
	if !u.news || !u.last.IsZero() && time.Since(u.last) < unsharedEvery {
		return
	}
	u.news, u.last = false, time.Now()
	u.log.Warn("the budget of GitHub's rate limit can't be shared with the other replicas", "installations", len(u.failing), "installation", installation, "error", err)
}

// works notes that the budget of an installation can be shared again.
func (u *unshared) works(installation int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.failing, installation)
}
