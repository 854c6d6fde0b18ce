package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// approvalsEvery is how often runs that wait are looked at although no site changed:
	// a pause or a freeze ends by itself.
	approvalsEvery = 5 * time.Second
	// approvalLife is GitHub's: a job that waits for longer fails.
	approvalLife = 30 * 24 * time.Hour
	// maxComments leaves one of GitHub's ten comments for the approval.
	maxComments = 9
)

// approvals approves the runs that wait at GitHub for a site's turn. They are stored in the
// ledger, so that none waits for ever after a restart.
type approvals struct {
	connection *connection
	ledger     *ledger.Ledger
	log        *slog.Logger
	arrived    chan struct{} // a run began to wait
}

// importFile moves the runs that an earlier version stored in a file of the state folder
// into the ledger, once, and removes the file.
func (a *approvals) importFile(ctx context.Context, state string) error {
	file := filepath.Join(state, "github-gates.json")
	text, err := os.ReadFile(filepath.Clean(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var kept []struct {
		Gate  githubapp.Approval `json:"gate"`
		Since time.Time          `json:"since"`
		Told  string             `json:"told"`
		Words int                `json:"words"`
	}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return fmt.Errorf("read which runs wait at GitHub: %w: remove %s, and let the runs that wait begin by hand on GitHub", err, file)
	}
	var all []ledger.Approval
	for _, k := range kept {
		all = append(all, ledger.Approval{
			Site: k.Gate.Site, Run: k.Gate.Run, Environment: k.Gate.Environment, Since: k.Since, Comment: k.Told, Comments: k.Words,
		})
	}
	if err := a.ledger.Approvals().Put(ctx, all...); err != nil {
		return fmt.Errorf("store which runs wait at GitHub: %w", err)
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("remove the file of runs that wait, which are in the ledger now: %w", err)
	}
	return nil
}

// add stores a run that waits; it is on disk when add returns.
func (a *approvals) add(ctx context.Context, run githubapp.Approval) error {
	err := a.ledger.Approvals().Put(ctx, ledger.Approval{Site: run.Site, Run: run.Run, Environment: run.Environment, Since: ledger.Now()})
	if err != nil {
		return fmt.Errorf("store which runs wait at GitHub: %w", err)
	}
	select {
	case a.arrived <- struct{}{}:
	default:
	}
	return nil
}

// answerAll approves runs when it is their site's turn, until ctx ends.
func (a *approvals) answerAll(ctx context.Context) {
	look := time.NewTicker(approvalsEvery)
	defer look.Stop()
	changes := a.ledger.Changes()
	defer changes.Close()
	for {
		sites, err := a.answerWaiting(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("the runs that wait at GitHub can't be approved, and are tried again", "error", err)
		}
		if !a.rest(ctx, changes, look.C, sites, err != nil) {
			return
		}
	}
}

// rest waits until a site with a waiting run changes, another run begins to wait, or it is
// time to look again; after a failure changes of sites don't count. It is false when ctx
// ended.
func (a *approvals) rest(ctx context.Context, changes *ledger.Changes, look <-chan time.Time, sites []string, failed bool) bool {
	ready := changes.Ready()
	if failed {
		ready = nil
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ready:
			if slices.ContainsFunc(changes.Take().Sites, func(name string) bool { return slices.Contains(sites, name) }) {
				return true
			}
		case <-a.arrived:
			return true
		case <-look:
			return true
		}
	}
}

// answerWaiting answers for every run that waits, and gives the names of their sites.
func (a *approvals) answerWaiting(ctx context.Context) (sites []string, err error) {
	waiting, err := a.ledger.Approvals().Waiting(ctx)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, w := range waiting {
		sites = append(sites, w.Site)
		if err := a.answer(ctx, w); err != nil {
			errs = append(errs, fmt.Errorf("run %s of %s: %w", w.Run, w.Site, err))
		}
	}
	return sites, errors.Join(errs...)
}

// answer approves one run, or comments why it has to wait.
func (a *approvals) answer(ctx context.Context, w ledger.Approval) error {
	link, now := a.connection.link.Load(), ledger.Now()
	if link == nil {
		return nil
	}
	if s, ok := link.runner.Sites()[w.Site]; !ok || !s.ProtectionRule || now.Sub(w.Since) > approvalLife {
		return a.ledger.Approvals().Drop(ctx, w)
	}
	site, err := a.ledger.Site(ctx, w.Site)
	if err != nil {
		return err
	}
	run := githubapp.Approval{Site: w.Site, Run: w.Run, Environment: w.Environment}
	wait := site.Admit(w.Run, now)
	if wait == nil {
		err := link.runner.Approvals().Approve(ctx, run, "It is the turn of "+w.Site+".")
		if err != nil && !errors.Is(err, githubapp.ErrNoApproval) {
			return err
		}
		a.log.Info("a run was approved", "site", w.Site, "run", w.Run, "note", err)
		return a.ledger.Approvals().Drop(ctx, w)
	}
	if wait.Error() == w.Comment || w.Comments == maxComments {
		return nil
	}
	if err := link.runner.Approvals().Comment(ctx, run, wait.Error()); err != nil {
		if errors.Is(err, githubapp.ErrNoApproval) {
			return a.ledger.Approvals().Drop(ctx, w)
		}
		return err
	}
	return a.ledger.Approvals().Comment(ctx, w, wait.Error())
}

// anyProtectionRule says whether the App is a protection rule of environments at GitHub.
func (c *connection) anyProtectionRule() bool {
	for _, s := range c.config.Sites {
		if s.GitHub.ProtectionRule {
			return true
		}
	}
	return false
}
