// Package marker reads the marker of a release at the sites' public addresses and brings
// it before the rules, which so notice a destination that was changed without the app.
package marker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// every is how often an address is looked at.
	every = time.Minute
	// again is the wait before a look that found a difference is made once more: a file
	// can be missed in the instant in which it is replaced.
	again = 2 * time.Second
	// limit bounds one look.
	limit = 20 * time.Second
)

// Ledger is what a Watcher needs of a *ledger.Ledger.
type Ledger interface {
	Changes() *ledger.Changes
	Site(ctx context.Context, name string) (release.Site, error)
	Decide(ctx context.Context, site string, event release.Event) (release.Site, error)
}

// Options are what New needs.
type Options struct {
	Ledger Ledger
	// URLs are the public addresses of the sites, by name.
	URLs map[string]string
	// Transport carries all looks; nil for the network.
	Transport http.RoundTripper
	Log       *slog.Logger
}

// Watcher looks at the sites' public addresses.
type Watcher struct {
	ledger Ledger
	sites  map[string]*watched
	client *http.Client
	log    *slog.Logger
}

// watched is one site that is looked at.
type watched struct {
	url  string
	live chan struct{} // receives when another release is live
	seen int64         // the number of the live release at the last such time
	// begun says that the address was read once: before a first release it tells only
	// whether an earlier ledger published there.
	begun atomic.Bool
}

// New makes a Watcher.
func New(o Options) *Watcher {
	w := &Watcher{ledger: o.Ledger, sites: map[string]*watched{}, client: &http.Client{Timeout: limit, Transport: o.Transport}, log: o.Log}
	for name, url := range o.URLs {
		if url != "" {
			w.sites[name] = &watched{url: url, live: make(chan struct{}, 1)}
		}
	}
	return w
}

// Run looks every minute, and after each release, until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	if len(w.sites) == 0 {
		return
	}
	var looks sync.WaitGroup
	for name, site := range w.sites {
		looks.Go(func() { w.watch(ctx, name, site) })
	}
	w.follow(ctx)
	looks.Wait()
}

// follow wakes the look at a site when another release of it is live.
func (w *Watcher) follow(ctx context.Context) {
	changes := w.ledger.Changes()
	defer changes.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes.Ready():
		}
		for _, name := range changes.Take().Sites {
			if site := w.sites[name]; site != nil {
				w.wake(ctx, name, site)
			}
		}
	}
}

func (w *Watcher) wake(ctx context.Context, name string, site *watched) {
	now, err := w.ledger.Site(ctx, name)
	if err != nil || now.NowLive().Number == site.seen {
		return // the next look reads it anew
	}
	site.seen = now.NowLive().Number
	select {
	case site.live <- struct{}{}:
	default:
	}
}

func (w *Watcher) watch(ctx context.Context, name string, site *watched) {
	beat := time.NewTicker(every)
	defer beat.Stop()
	for {
		if err := w.Look(ctx, name); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "the marker at a site's public address can't be stored", "site", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case <-site.live:
		}
	}
}

// Look looks at a site's address, and soon again if its marker is not the expected one. It
// writes nothing when the look failed or changes nothing.
func (w *Watcher) Look(ctx context.Context, name string) error {
	seen, err := w.lookOnce(ctx, name)
	if seen == nil || err != nil {
		return err
	}
	if !seen.differs() {
		return w.decide(ctx, name, seen)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(again):
	}
	if seen, err = w.lookOnce(ctx, name); seen == nil || err != nil {
		return err
	}
	return w.decide(ctx, name, seen)
}

// observation is a marker that was read, and the site before it is decided about.
type observation struct {
	event  release.MarkerSeen
	before release.Site
}

// differs says whether the marker is not the one that the site expects.
func (o *observation) differs() bool {
	after, _, err := release.Step(o.before, o.event, ledger.Now())
	return err == nil && after.Differs()
}

// lookOnce looks at a site's address; nil when the look failed or would change nothing.
func (w *Watcher) lookOnce(ctx context.Context, name string) (*observation, error) {
	began := ledger.Now()
	before, err := w.ledger.Site(ctx, name)
	if err != nil {
		return nil, err
	}
	if w.sites[name].begun.Swap(true) && before.NowLive().Number == 0 {
		return nil, nil //nolint:nilnil // nothing was released that could be seen
	}
	m, learnt := w.read(ctx, name)
	if !learnt {
		return nil, nil //nolint:nilnil // the look failed
	}
	// A release that went live while the address was read must not be judged by it.
	if before, err = w.ledger.Site(ctx, name); err != nil {
		return nil, err
	}
	event := release.MarkerSeen{Marker: m, At: began}
	after, _, err := release.Step(before, event, ledger.Now())
	if err != nil || after.Public == before.Public {
		return nil, err
	}
	return &observation{event, before}, nil
}

// decide lets the rules decide about an observation.
func (w *Watcher) decide(ctx context.Context, name string, o *observation) error {
	after, err := w.ledger.Decide(ctx, name, o.event)
	if errors.Is(err, ledger.ErrNoSite) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store the marker of %s: %w", name, err)
	}
	if after.Differs() {
		w.log.WarnContext(ctx, "the public address does not show the live release", "site", name, "what", after.PublicWords())
	}
	return nil
}

// read reads a site's marker, and says whether it could: an address that does not answer,
// or not to everybody, tells nothing.
func (w *Watcher) read(ctx context.Context, name string) (release.Marker, bool) {
	got, finding := verify.Marker(ctx, w.client, w.sites[name].url, name)
	if finding == nil {
		return release.Marker{Release: got.Release, Sequence: got.Sequence}, true
	}
	switch finding.Mismatch { //nolint:exhaustive // all others tell nothing of what is there
	case verify.MismatchNotFound, verify.MismatchNoMarker:
		return release.Marker{Missing: "the public address shows nothing that Pressrun published"}, true
	case verify.MismatchOtherSite:
		return release.Marker{Missing: fmt.Sprintf("the public address shows another site, %s", text.Shorten(text.OneLine(got.Site), 80))}, true
	default:
		w.log.DebugContext(ctx, "the marker at a site's public address can't be read", "site", name, "why", finding.Detail)
		return release.Marker{}, false
	}
}
