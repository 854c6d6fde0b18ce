package metrics

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// sites reads the states of the sites, at each scrape from one snapshot.
type sites struct {
	ledger *ledger.Ledger
	by     atomic.Pointer[configured]
	log    *slog.Logger
	now    func() time.Time
}

// configured is the part of the configuration that scrapes need.
type configured struct {
	hours map[string]calendar.Hours
	// handOffs are the targets of hand-offs.
	handOffs []ledger.NoticeTarget
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	stateOf    = gauge("pressrun_site_state", "1 for the state that a site is in, 0 for the others.", "site", "state")
	stoppedOf  = gauge("pressrun_site_stopped", "1 while the reason keeps releases of the site back.", "site", "reason")
	waitingOf  = gauge("pressrun_requests_unserved", "Requests in line that are not live yet.", "site")
	oldestOf   = gauge("pressrun_oldest_unserved_request_age_seconds", "Age of the oldest request in line that is not live; 0 for none.", "site")
	failuresOf = gauge("pressrun_failures_since_success", "Releases in a row that did not succeed.", "site")
	liveAgeOf  = gauge("pressrun_last_success_timestamp_seconds", "When the release that is live went live, in seconds since the epoch; absent before the first.", "site")
	numberOf   = gauge("pressrun_live_release_number", "Number of the release whose content is live; 0 for none.", "site")
	openOf     = gauge("pressrun_site_business_hours", "1 while a window of the site's schedules is open, or none has windows; else 0.", "site")
	workedOf   = gauge("pressrun_last_success_business_seconds", "Business hours, in seconds, since the live release went live, of 30 days at most; absent before the first.", "site")
	handedOf   = gauge("pressrun_handoff_watermark_timestamp_seconds", "Up to when a receiver knows content to be live, in seconds since the epoch; absent before the first hand-off.", "site", "target")
	handAgeOf  = gauge("pressrun_handoff_oldest_age_seconds", "Age of the oldest content that went live and that a receiver has not taken; 0 for none.", "site", "target")
	outboxOf   = gauge("pressrun_outbox_tasks", "Effects that wait to be carried out.")
	outboxAge  = gauge("pressrun_outbox_oldest_age_seconds", "Age of the oldest effect that waits; 0 for none.")
	upOf       = gauge("pressrun_ledger_readable", "1 if the ledger could be read for this scrape.")
)

// Describe implements prometheus.Collector.
func (s *sites) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{stateOf, stoppedOf, waitingOf, oldestOf, failuresOf, liveAgeOf, numberOf, openOf, workedOf, handedOf, handAgeOf, outboxOf, outboxAge, upOf} {
		out <- d
	}
}

// scrapeLimit bounds a scrape's wait for the ledger.
const scrapeLimit = 8 * time.Second

// Collect reads the ledger. A failed read sets one figure and is no error of the scrape,
// which would hide the figures of the process.
func (s *sites) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	var found []prometheus.Metric
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		found = append(found, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	err := s.ledger.Read(ctx, func(ctx context.Context, snap *ledger.Snapshot) error {
		for _, name := range snap.SiteNames() {
			site, err := snap.Site(ctx, name)
			if err != nil {
				return err
			}
			s.site(site, tell)
		}
		if err := s.handedOff(ctx, snap, tell); err != nil {
			return err
		}
		count, oldest, err := snap.OutboxWaits(ctx)
		if err != nil {
			return err
		}
		tell(outboxOf, float64(count))
		tell(outboxAge, s.age(oldest))
		return nil
	})
	if err != nil {
		s.log.Warn("the ledger can't be read for a scrape", "error", err)
		found = nil
	}
	tell(upOf, number(err == nil))
	for _, m := range found {
		out <- m
	}
}

// handedOff gives the progress of each target of hand-offs.
func (s *sites) handedOff(ctx context.Context, snap *ledger.Snapshot, tell func(*prometheus.Desc, float64, ...string)) error {
	for _, to := range s.by.Load().handOffs {
		handed, err := snap.Handed(ctx, to)
		if err != nil {
			return err
		}
		if !handed.Watermark.IsZero() {
			tell(handedOf, float64(handed.Watermark.UnixMilli())/1000, to.Site, to.Name)
		}
		tell(handAgeOf, s.age(handed.Oldest), to.Site, to.Name)
	}
	return nil
}

// countedBack bounds how far back business hours are counted at each scrape.
const countedBack = 30 * 24 * time.Hour

// site gives the figures of one site.
func (s *sites) site(site release.Site, tell func(*prometheus.Desc, float64, ...string)) {
	now := s.now()
	for _, state := range release.States {
		tell(stateOf, number(site.State == state), site.Name, string(state))
	}
	frozen := false
	for _, w := range site.Windows() {
		frozen = frozen || !now.Before(w.From) && now.Before(w.To)
	}
	for reason, on := range map[string]bool{
		"held": site.Hold.On(), "paused": site.Pause.On(now), "frozen": frozen, "differs": site.Differs(), "late": !site.Current.Late.IsZero(),
	} {
		tell(stoppedOf, number(on), site.Name, reason)
	}
	tell(waitingOf, float64(site.Accepted-site.Served), site.Name)
	tell(oldestOf, s.age(oldestUnserved(site)), site.Name)
	tell(failuresOf, float64(site.Failures), site.Name)
	tell(numberOf, float64(site.Shows()), site.Name)
	if at := site.NowLive().Times.Complete; !at.IsZero() {
		tell(liveAgeOf, float64(at.UnixMilli())/1000, site.Name)
		if back := now.Add(-countedBack); at.Before(back) {
			at = back
		}
		tell(workedOf, s.by.Load().hours[site.Name].Between(at, now).Seconds(), site.Name)
	}
	tell(openOf, number(s.by.Load().hours[site.Name].Open(now)), site.Name)
}

// oldestUnserved is when the oldest request that is not live was accepted; zero for none.
func oldestUnserved(site release.Site) time.Time {
	if site.Current.Outcome != release.Succeeded && site.Current.Requests.Count > 0 {
		return site.Current.Requests.First
	}
	return site.Waiting.First
}

func (s *sites) age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, s.now().Sub(since).Seconds())
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
