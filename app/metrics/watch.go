package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
)

// Watcher counts the events of a ledger from its start on. Prometheus expects counters to
// begin anew with a process.
type Watcher struct {
	metrics *Metrics
	ledger  *ledger.Ledger
	log     *slog.Logger
	after   int64
	// live is when the newest release of each site went live.
	live  map[string]time.Time
	sites *sites
}

// Configure sets the hours and hand-offs of another configuration.
func (w *Watcher) Configure(hours map[string]calendar.Hours, handOffs []ledger.NoticeTarget) {
	w.sites.by.Store(&configured{hours, handOffs})
}

// Watch makes a Watcher that begins after the last event, and has scrapes read the ledger.
func (m *Metrics) Watch(ctx context.Context, l *ledger.Ledger, hours map[string]calendar.Hours, handOffs []ledger.NoticeTarget, log *slog.Logger) (*Watcher, error) {
	after, err := l.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	live := map[string]time.Time{}
	for _, name := range l.SiteNames() {
		site, err := l.Site(ctx, name)
		if err != nil {
			return nil, err
		}
		live[name] = site.NowLive().Times.Complete
	}
	w := &Watcher{metrics: m, ledger: l, log: log, after: after, live: live, sites: &sites{ledger: l, log: log, now: ledger.Now}}
	w.Configure(hours, handOffs)
	if err := m.registry.Register(w.sites); err != nil {
		return nil, err
	}
	return w, nil
}

const (
	eventsAtOnce   = 500
	requestsAtOnce = 1000
	// again is the wait after a failed read.
	again = 10 * time.Second
)

// Run counts until ctx ends. Accepted requests, perhaps thousands a second, do not wake it.
func (w *Watcher) Run(ctx context.Context) {
	for {
		ended, unknown := w.ledger.Happened(release.KindEnded), w.ledger.Happened(release.KindUnknown)
		if err := w.count(ctx); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "events could not be counted", "error", err)
			if sleep.For(ctx, again) != nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ended:
		case <-unknown:
		}
	}
}

// count counts the events since the last call.
func (w *Watcher) count(ctx context.Context) error {
	last, err := w.ledger.LastEvent(ctx)
	if err != nil {
		return err
	}
	for {
		events, err := w.ledger.EventsOf(ctx, w.after, last, eventsAtOnce, release.KindEnded, release.KindUnknown)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := w.event(ctx, e); err != nil {
				return err
			}
			w.after = e.ID
		}
		if len(events) < eventsAtOnce {
			w.after = last
			return nil
		}
	}
}

func (w *Watcher) event(ctx context.Context, e ledger.Event) error {
	switch e.Kind {
	case release.KindUnknown:
		w.metrics.unknowns.WithLabelValues(e.Site).Inc()
	case release.KindEnded:
		r, err := w.ledger.Release(ctx, e.Site, e.Release)
		if err != nil {
			return err
		}
		waits, err := w.waits(ctx, r) // all reads come before the first count: after an error the event is counted anew
		if err != nil {
			return err
		}
		w.metrics.ended(e.Site, r.Release)
		w.between(e.Site, r.Release)
		for _, wait := range waits {
			w.metrics.toLive.WithLabelValues(r.Site).Observe(wait.Seconds())
		}
	}
	return nil
}

// between counts the time from the release that was live before.
func (w *Watcher) between(site string, r release.Release) {
	if r.Outcome != release.Succeeded {
		return
	}
	at, before := r.Times.Complete, w.live[site]
	if !before.IsZero() && at.After(before) {
		w.metrics.interval.WithLabelValues(site).Observe(at.Sub(before).Seconds())
	}
	w.live[site] = at
}

// waits are the times that the requests of a release waited until they went live.
func (w *Watcher) waits(ctx context.Context, r ledger.Release) ([]time.Duration, error) {
	if r.Outcome != release.Succeeded || r.RollbackTo != 0 {
		return nil, nil
	}
	var waits []time.Duration
	for upto := r.Upto; ; {
		found, err := w.ledger.Requests(ctx, r.Site, r.After, upto, requestsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, q := range found {
			from := q.AcceptedAt
			if q.NotBefore.After(from) {
				from = q.NotBefore
			}
			waits = append(waits, r.Times.Complete.Sub(from))
			upto = q.Place - 1
		}
		if len(found) < requestsAtOnce {
			return waits, nil
		}
	}
}
