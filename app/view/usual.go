package app

import (
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// paces remember how long releases of the sites usually take, which changes
// only when one goes live: every answer about a request asks for it.
type paces struct {
	mu    sync.Mutex
	sites map[string]pace
}

type pace struct {
	live int64 // the release that was live when took was learnt
	took time.Duration
}

// of is the usual time of a site's releases, learnt anew if one went live since.
func (p *paces) of(site release.Site, learn func() time.Duration) time.Duration {
	p.mu.Lock()
	known, ok := p.sites[site.Name]
	p.mu.Unlock()
	if ok && known.live == site.Live.Number {
		return known.took
	}
	took := learn()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sites == nil {
		p.sites = map[string]pace{}
	}
	p.sites[site.Name] = pace{live: site.Live.Number, took: took}
	return took
}
