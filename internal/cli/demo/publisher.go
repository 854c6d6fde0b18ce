package demo

import (
	"context"
	"sync"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/release"
)

// publisher is what stands between the demo's CMS and the app, as a plug-in of
// a real CMS would: each content change becomes a request over the app's HTTP
// API, and editors are told what became of it.
type publisher struct {
	client *api.Client
	mu     sync.Mutex
	asked  map[string]string // change -> request
}

var (
	_ cms.Publisher    = (*publisher)(nil)
	_ cms.StatusSource = (*publisher)(nil)
)

// ContentChanged asks for a release. The change's id is the idempotency key:
// however often a change is delivered, it is one request.
func (p *publisher) ContentChanged(ctx context.Context, change cms.Change) error {
	asked, err := p.client.Ask(ctx, demoSite, change.ID, api.RequestInput{
		Source: release.FromContent, Actor: change.Actor, Title: change.Title,
		Link: change.Link, Entity: change.Entity, Reason: change.Action,
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[change.ID] = asked.ID
	return nil
}

// request is the request that a change became, "" before it has.
func (p *publisher) request(change string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[change]
}

// Status answers "is this change live?" for the CMS's pages.
func (p *publisher) Status(ctx context.Context, change string) (state, text string, err error) {
	id := p.request(change)
	if id == "" {
		return cms.StateWaiting, "", nil
	}
	r, err := p.client.Request(ctx, id)
	if err != nil {
		return "", "", err
	}
	switch {
	case r.Status == release.Live:
		return cms.StateLive, r.Text, nil
	case len(r.Failed) > 0:
		return cms.StateFailed, r.Text, nil
	default:
		return cms.StateWaiting, r.Text, nil
	}
}
