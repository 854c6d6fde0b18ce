package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// gatesEvery is how often gates are looked at without anything having
	// happened: a pause or a freeze ends by itself.
	gatesEvery = 5 * time.Second
	// gateLife is GitHub's: a job that waits for longer fails.
	gateLife = 30 * 24 * time.Hour
	// maxGateWords leaves one of GitHub's ten comments for the approval.
	maxGateWords = 9
)

// gates are the runs that wait at GitHub for the app to let them begin. They
// are in a file, so that none waits for ever after a restart.
type gates struct {
	mu   sync.Mutex
	file string
	open []waitingRun
	came chan struct{}
}

type waitingRun struct {
	Gate  githubapp.Approval `json:"gate"`
	Since time.Time          `json:"since"`
	Told  string             `json:"told,omitempty"` // the last comment
	Words int                `json:"words,omitempty"`
}

func (g *gates) load(state string) error {
	g.file, g.came = filepath.Join(state, "github-gates.json"), make(chan struct{}, 1)
	text, err := os.ReadFile(g.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &g.open)
	}
	if err != nil {
		return fmt.Errorf("read which runs wait at GitHub: %w: remove %s, and let the runs that wait begin by hand on GitHub", err, g.file)
	}
	return nil
}

// add keeps a run that waits; on disk when it returns.
func (g *gates) add(gate githubapp.Approval, now time.Time) error {
	err := g.change(func(all []waitingRun) []waitingRun {
		if slices.ContainsFunc(all, func(w waitingRun) bool { return w.Gate == gate }) {
			return all
		}
		return append(all, waitingRun{Gate: gate, Since: now})
	})
	select {
	case g.came <- struct{}{}:
	default:
	}
	return err
}

func (g *gates) change(f func([]waitingRun) []waitingRun) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	after := f(slices.Clone(g.open))
	text, err := json.Marshal(after)
	if err == nil {
		err = atomicfile.Write(g.file, text)
	}
	if err != nil {
		return fmt.Errorf("keep which runs wait at GitHub: %w", err)
	}
	g.open = after
	return nil
}

func (g *gates) all() []waitingRun {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.open)
}

func (g *gates) drop(gate githubapp.Approval) error {
	return g.change(func(all []waitingRun) []waitingRun {
		return slices.DeleteFunc(all, func(w waitingRun) bool { return w.Gate == gate })
	})
}

// keepGates lets runs begin when it is their site's turn, until the app stops.
func (g *github) keepGates() {
	ctx := g.app.stop
	if g.gates.came == nil {
		return // no site runs on GitHub
	}
	look := time.NewTicker(gatesEvery)
	defer look.Stop()
	for {
		changed := g.app.ledger.Changed()
		for _, w := range g.gates.all() {
			if err := g.answer(ctx, w); err != nil && ctx.Err() == nil {
				g.app.log.Warn("GitHub's question whether a run may begin can't be answered, and is tried again", "site", w.Gate.Site, "run", w.Gate.Run, "error", err)
				changed = nil // not before the next look
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-g.gates.came:
		case <-look.C:
		}
	}
}

// answer answers for one run: it may begin, or what it waits for.
func (g *github) answer(ctx context.Context, w waitingRun) error {
	link, now := g.link.Load(), ledger.Now()
	if link == nil {
		return nil
	}
	if s, ok := link.runner.Site(w.Gate.Site); !ok || !s.ProtectionRule || now.Sub(w.Since) > gateLife {
		return g.gates.drop(w.Gate)
	}
	site, err := g.app.ledger.Site(ctx, w.Gate.Site)
	if err != nil {
		return err
	}
	wait := site.Admit(w.Gate.Run, now)
	if wait == nil {
		err := link.runner.Approve(ctx, w.Gate, "It is the turn of "+w.Gate.Site+".")
		if err != nil && !errors.Is(err, githubapp.ErrNoApproval) {
			return err
		}
		g.app.log.Info("a run may begin", "site", w.Gate.Site, "run", w.Gate.Run, "note", err)
		return g.gates.drop(w.Gate)
	}
	if wait.Error() == w.Told || w.Words == maxGateWords {
		return nil
	}
	if err := link.runner.Comment(ctx, w.Gate, wait.Error()); err != nil {
		if errors.Is(err, githubapp.ErrNoApproval) {
			return g.gates.drop(w.Gate)
		}
		return err
	}
	return g.gates.change(func(all []waitingRun) []waitingRun {
		for i := range all {
			if all[i].Gate == w.Gate {
				all[i].Told, all[i].Words = wait.Error(), w.Words+1
			}
		}
		return all
	})
}

// anyProtectionRule says whether the App is to be asked by GitHub's
// environments.
func (a *App) anyProtectionRule() bool {
	for _, s := range a.config.Sites {
		if s.GitHub.ProtectionRule {
			return true
		}
	}
	return false
}
