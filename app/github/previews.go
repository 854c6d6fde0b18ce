package github

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

const (
	// previewsEvery is how often previews are looked at without anything having come.
	previewsEvery = 5 * time.Second
	// previewsWait is for how long one is left alone after an error.
	previewsWait = 30 * time.Second
	// mostActs bounds what is done about one preview at once.
	mostActs = 4
	// mostClashes bounds how often a change is made anew beside others.
	mostClashes = 10
)

// previews makes and removes the previews of pull requests, as people who may write to
// the repository ask for it. What they stand at is in the ledger; package pull decides.
type previews struct {
	connection *connection
	ledger     *ledger.Ledger
	log        *slog.Logger
	came       chan struct{} // something was heard
}

// concern says whether a webhook is about previews.
func (p *previews) concern(hook githubapp.Webhook) bool {
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
			p.log.Info("a command about a preview is ignored: it is of a bot", "repository", hook.Repository, "pull_request", hook.Pull, "by", hook.Said.By)
			return false
		}
		return is
	}
	return false
}

// hear keeps what a webhook tells. Nothing is asked of GitHub for it yet.
func (p *previews) hear(ctx context.Context, hook githubapp.Webhook) error {
	link := p.connection.link.Load()
	if link == nil {
		return nil
	}
	for _, site := range link.runner.Sites().OfPreviews(hook.Repository) {
		heard, known := p.heard(site, hook)
		err := p.change(ctx, site, hook.Pull, func(s *pull.State) bool {
			switch {
			case known:
				*s = s.Hear(heard)
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

// heard is what somebody asks for by a webhook; false for what only says that the pull
// request changed.
func (p *previews) heard(site string, hook githubapp.Webhook) (pull.Heard, bool) {
	said := hook.Said
	if said == nil || said.Bot {
		return pull.Heard{}, false
	}
	h := pull.Heard{By: said.By, ID: said.ID, Comment: said.Comment}
	if hook.Event == githubapp.EventPull {
		h.Label = hook.Action == "labeled" && said.Label == p.connection.config.Sites[site].GitHub.Previews.Label
		return h, h.Label
	}
	return h, true
}

// change changes what is kept of a pull request's preview; f says whether it did, and may
// be called again. It is due at once.
func (p *previews) change(ctx context.Context, site string, number int64, f func(*pull.State) bool) error {
	for range mostClashes {
		kept, _, err := p.ledger.Previews().Get(ctx, site, number)
		if err != nil {
			return err
		}
		s, err := stateOf(kept)
		if err != nil {
			return err
		}
		if !f(&s) {
			return nil
		}
		if s.Mark == "" {
			s.Mark = rand.Text()
		}
		if err := p.put(ctx, kept, s, ledger.Now()); !errors.Is(err, ledger.ErrPreviewChanged) {
			return err
		}
	}
	return fmt.Errorf("the preview of pull request %d of %s is changed by others again and again", number, site)
}

func stateOf(kept ledger.Preview) (pull.State, error) {
	s := pull.State{Site: kept.Site, Number: kept.Number}
	if kept.Doc == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(kept.Doc), &s); err != nil {
		return s, fmt.Errorf("read what is known of the preview of pull request %d of %s: %w", kept.Number, kept.Site, err)
	}
	return s, nil
}

func (p *previews) put(ctx context.Context, kept ledger.Preview, s pull.State, due time.Time) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write what is known of a preview: %w", err)
	}
	kept.Doc, kept.Due = string(doc), due
	return p.ledger.Previews().Put(ctx, kept)
}

// watch does what is to be done about previews, until ctx ends.
func (p *previews) watch(ctx context.Context) {
	every := previewsEvery
	if p.ledger.Shared() {
		every = lookForOthers
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
		case <-p.came:
		case <-look.C:
		}
	}
}

// one does what is to be done about one preview. What was done is written down after each
// act, and what is about to be sent before it.
func (p *previews) one(ctx context.Context, kept ledger.Preview) error {
	s, err := stateOf(kept)
	if err != nil {
		return err
	}
	w := &work{previews: p, link: p.connection.link.Load(), kept: kept, state: s}
	site, ok := p.connection.config.Sites[kept.Site]
	if w.link == nil || !ok || site.GitHub.Previews == nil {
		return p.put(ctx, kept, s, ledger.Now().Add(time.Hour)) // until it is configured again
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

// carry says whether a webhook is of a run of previews.
func (p *previews) carry(hook githubapp.Webhook) bool {
	return hook.Event == "workflow_run" && len(p.carried(hook)) > 0
}

// carried are the sites whose previews a run's workflow makes.
func (p *previews) carried(hook githubapp.Webhook) []string {
	link := p.connection.link.Load()
	if link == nil {
		return nil
	}
	sites := link.runner.Sites()
	return slices.DeleteFunc(sites.OfPreviews(hook.Repository), func(name string) bool { return sites[name].Previews != hook.Workflow })
}

// mostAtOnce bounds the previews of a site whose run a webhook is compared with.
const mostAtOnce = 1000

// nudge has GitHub asked at once about a run that a webhook says changed.
func (p *previews) nudge(ctx context.Context, hook githubapp.Webhook) error {
	for _, site := range p.carried(hook) {
		all, err := p.ledger.Previews().Of(ctx, site, mostAtOnce)
		if err != nil {
			return err
		}
		for _, kept := range all {
			s, err := stateOf(kept)
			if err != nil || s.Run == nil || s.Run.ID != hook.Run.ID && !strings.Contains(hook.Title, s.Run.Token) {
				continue
			}
			err = p.change(ctx, site, kept.Number, func(s *pull.State) bool {
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

func (p *previews) wake() {
	select {
	case p.came <- struct{}{}:
	default:
	}
}

// anyPreviews says whether pull requests of any site are previewed.
func (c *connection) anyPreviews() bool {
	for _, s := range c.config.Sites {
		if s.GitHub.Previews != nil {
			return true
		}
	}
	return false
}
