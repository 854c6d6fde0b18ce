// Package marker looks at the sites' public addresses for the marker of a release,
// and brings what it says before the rules: a destination that was changed without
// the app is noticed so.
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
	// again is after how long a look that found something else is made once more: a
	// file can be missed in the instant in which it is replaced.
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
	// Transport is below all looks; nil for the network.
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
	live chan struct{} // another release is live
	seen int64         // the number of the live release that was heard of last
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
			w.log.WarnContext(ctx, "what a site's public address shows can't be kept", "site", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case <-site.live:
		}
	}
}

// Look looks at a site's address, and at once again if it shows something else than
// expected. It changes nothing where nothing could be learnt, and writes nothing
// where nothing is new.
func (w *Watcher) Look(ctx context.Context, name string) error {
	news, err := w.lookOnce(ctx, name)
	if news == nil || err != nil {
		return err
	}
	if !differs(*news) {
		return w.tell(ctx, name, *news)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(again):
	}
	if news, err = w.lookOnce(ctx, name); news == nil || err != nil {
		return err
	}
	return w.tell(ctx, name, *news)
}

// news is what a look would change.
type news struct {
	event  release.MarkerSeen
	before release.Site
}

// differs says whether the look found the address to differ.
func differs(n news) bool {
	after, _, err := release.Step(n.before, n.event, ledger.Now())
	return err == nil && after.Differs()
}

// lookOnce looks at a site's address; nil when that changes nothing of what is known.
func (w *Watcher) lookOnce(ctx context.Context, name string) (*news, error) {
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
		return nil, nil //nolint:nilnil // nothing is known
	}
	// What was released while the address was read must not be judged by it.
	if before, err = w.ledger.Site(ctx, name); err != nil {
		return nil, err
	}
	event := release.MarkerSeen{Marker: m, At: began}
	after, _, err := release.Step(before, event, ledger.Now())
	if err != nil || after.Public == before.Public {
		return nil, err
	}
	return &news{event, before}, nil
}

func (w *Watcher) tell(ctx context.Context, name string, n news) error {
	after, err := w.ledger.Decide(ctx, name, n.event)
	if errors.Is(err, ledger.ErrNoSite) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep what %s shows: %w", name, err)
	}
	if after.Differs() {
		w.log.WarnContext(ctx, "the public address shows something else than was released", "site", name, "what", after.PublicWords())
	}
	return nil
}

// read reads a site's marker, and says whether anything was learnt: an address that
// does not answer, or not to everybody, tells nothing.
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
		w.log.DebugContext(ctx, "a site's public address tells nothing", "site", name, "why", finding.Detail)
		return release.Marker{}, false
	}
}
