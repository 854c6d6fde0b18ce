package github

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

const (
	// previewsEvery is how often due previews are looked for without a hint.
	previewsEvery = 5 * time.Second
	// previewsWait is the wait of a preview after an error.
	previewsWait = 30 * time.Second
	// mostActs bounds the acts on one preview at once.
	mostActs = 4
)

// previewing makes and removes the previews of pull requests and branches, on the commands
// of people who may write to the repository. Their states are in the ledger; package pull
// decides.
type previewing struct {
	connection *connection
	ledger     *ledger.Ledger
	store      previews.Store
	log        *slog.Logger
	arrived    chan struct{} // a preview changed
}

// concern says whether a webhook is about previews.
func (p *previewing) concern(hook githubapp.Webhook) bool {
	link := p.connection.link.Load()
	if link == nil || hook.Pull == 0 {
		return false
	}
	sites := link.runner.Sites().OfPreviews(hook.Repository)
	if len(sites) == 0 {
		return false
	}
	switch hook.Event {
	case githubapp.EventPull:
		return hook.Action == "synchronize" || hook.Action == "closed" || hook.Action == "reopened" || hook.Action == "labeled"
	case githubapp.EventComment:
		if hook.Action != "created" {
			return false
		}
		_, is := pull.Command(hook.Said.Comment, hook.Said.By)
		if is && hook.Said.Bot {
			p.log.Info("a command about a preview is ignored: a bot sent it", "repository", hook.Repository, "pull_request", hook.Pull, "by", hook.Said.By)
			return false
		}
		return is
	}
	return false
}

// receive stores the command of a webhook. GitHub is asked about it later.
func (p *previewing) receive(ctx context.Context, hook githubapp.Webhook) error {
	link := p.connection.link.Load()
	if link == nil {
		return nil
	}
	for _, site := range link.runner.Sites().OfPreviews(hook.Repository) {
		command, known := p.pendingOf(site, hook)
		err := p.store.Change(ctx, site, hook.Pull, func(s *pull.State) bool {
			switch {
			case known:
				*s = s.Receive(command)
			case s.Mark == "":
				return false // a pull request of which nobody asked for a preview
			default:
				s.Stale = true
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	p.wake()
	return nil
}

// pendingOf is the command in a webhook; false for one that only says that the pull request
// changed.
func (p *previewing) pendingOf(site string, hook githubapp.Webhook) (pull.Pending, bool) {
	said := hook.Said
	if said == nil || said.Bot {
		return pull.Pending{}, false
	}
	h := pull.Pending{By: said.By, ID: said.ID, Comment: said.Comment}
	if hook.Event == githubapp.EventPull {
		h.Label = hook.Action == "labeled" && said.Label == p.connection.config.Sites[site].GitHub.Previews.Label
		return h, h.Label
	}
	return h, true
}

// watch works on the previews that are due, until ctx ends.
func (p *previewing) watch(ctx context.Context) {
	every := previewsEvery
	if p.ledger.Shared() {
		every = lookForReplicas
	}
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		due, err := p.ledger.Previews().Due(ctx, ledger.Now(), batch)
		if err != nil && ctx.Err() == nil {
			p.log.Error("the previews of pull requests can't be read", "error", err)
		}
		for _, kept := range due {
			if err := p.one(ctx, kept); err != nil && ctx.Err() == nil && !errors.Is(err, ledger.ErrPreviewChanged) {
				p.log.Warn("the preview of a pull request has to wait", "site", kept.Site, "pull_request", kept.Number, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-p.arrived:
		case <-look.C:
		}
	}
}

// one works on one preview. It stores the state after each act, and before each dispatch.
func (p *previewing) one(ctx context.Context, kept ledger.Preview) error {
	s, err := previews.StateOf(kept)
	if err != nil {
		return err
	}
	w := &work{previewing: p, link: p.connection.link.Load(), kept: kept, state: s}
	site, ok := p.connection.config.Sites[kept.Site]
	if w.link == nil || !ok || site.GitHub.Previews == nil {
		return p.store.Put(ctx, kept, s, ledger.Now().Add(time.Hour)) // until it is configured again
	}
	w.address = pull.Address(site.GitHub.Previews.Address, s.Name())
	err = w.all(ctx)
	if errors.Is(err, ledger.ErrPreviewChanged) || errors.Is(err, errForgotten) {
		return nil // it is due at once
	}
	due := pull.Wake(w.state, ledger.Now())
	switch {
	case err != nil:
		due = ledger.Now().Add(previewsWait)
	case due.IsZero():
		due = ledger.Now().Add(24 * time.Hour)
	}
	return errors.Join(err, w.save(ctx, due))
}

// carry says whether a webhook is about a run of previews.
func (p *previewing) carry(hook githubapp.Webhook) bool {
	return hook.Event == "workflow_run" && len(p.carried(hook)) > 0
}

// carried are the sites whose previews a run's workflow makes.
func (p *previewing) carried(hook githubapp.Webhook) []string {
	link := p.connection.link.Load()
	if link == nil {
		return nil
	}
	sites := link.runner.Sites()
	return slices.DeleteFunc(sites.OfPreviews(hook.Repository), func(name string) bool { return sites[name].Previews != hook.Workflow })
}

// nudge has GitHub asked at once about a run after a webhook about it.
func (p *previewing) nudge(ctx context.Context, hook githubapp.Webhook) error {
	for _, site := range p.carried(hook) {
		all, err := p.store.Of(ctx, site)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Run == nil || s.Run.ID != hook.Run.ID && !strings.Contains(hook.Title, s.Run.Token) {
				continue
			}
			err = p.store.Change(ctx, site, s.Number, func(s *pull.State) bool {
				*s = pull.Step(*s, pull.Nudge{ID: hook.Run.ID, URL: hook.Run.URL, Title: hook.Title}, ledger.Now())
				return true
			})
			if err != nil {
				return err
			}
		}
	}
	p.wake()
	return nil
}

func (p *previewing) wake() {
	select {
	case p.arrived <- struct{}{}:
	default:
	}
}

// anyPreviews says whether any site has previews.
func (c *connection) anyPreviews() bool {
	for _, s := range c.config.Sites {
		if s.GitHub.Previews != nil {
			return true
		}
	}
	return false
}
