package metrics

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pressrun/pressrun/internal/release"
)

// Metrics are the figures of one app.
type Metrics struct {
	registry *prometheus.Registry

	releases *prometheus.CounterVec
	unknowns *prometheus.CounterVec
	toLive   *prometheus.HistogramVec
	inState  *prometheus.HistogramVec
	took     *prometheus.HistogramVec
	commits  prometheus.Histogram
	interval *prometheus.HistogramVec
	delay    *prometheus.HistogramVec
	handling *prometheus.HistogramVec
	removed  *prometheus.CounterVec
	failed   prometheus.Counter
}

// Buckets of durations from seconds to hours: a release, or the wait for one.
var spans = []float64{1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200}

// Buckets of durations of parts of a second, or minutes when something is wrong.
var lags = []float64{.005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// New makes the figures. Watch has them count.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		releases: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pressrun_releases_total", Help: "Releases that ended, by outcome and by whose fault it was.",
		}, []string{"site", "outcome", "fault"}),
		unknowns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pressrun_dispatch_unknown_total", Help: "Dispatches whose outcome was not known at first.",
		}, []string{"site"}),
		toLive: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pressrun_request_to_live_seconds", Help: "From the acceptance of a request, or its not-before, until it was live.", Buckets: spans,
		}, []string{"site"}),
		inState: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pressrun_release_state_seconds", Help: "Time that releases which went live spent in each state.", Buckets: spans,
		}, []string{"site", "state"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pressrun_release_duration_seconds", Help: "From dispatch until a release was live, or until it ended without that.", Buckets: spans,
		}, []string{"site", "outcome"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pressrun_ledger_commit_seconds", Help: "Time that one commit of the ledger took, the wait for the disk included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
	}
	m.interval = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "pressrun_release_interval_seconds", Help: "From one release that went live until the next one did.",
		Buckets: []float64{60, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 604800},
	}, []string{"site"})
	m.delay = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "pressrun_webhook_delay_seconds", Help: "From when a webhook's sender says that something happened until it was received.", Buckets: lags,
	}, []string{"sender"})
	m.handling = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "pressrun_webhook_processing_seconds", Help: "From the receipt of a webhook until what follows from it was decided.", Buckets: lags,
	}, []string{"sender"})
	m.removed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pressrun_history_removed_rows_total", Help: "Rows of old history that were exported and removed, by table.",
	}, []string{"table"})
	m.failed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "pressrun_history_passes_failed_total", Help: "Passes over old history that broke off; nothing goes that was not exported.",
	})
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pressrun_build_info", Help: "1; the version of the program is a label.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.releases, m.unknowns, m.toLive, m.inState, m.took, m.commits, m.interval, m.delay, m.handling, m.removed, m.failed, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Committed counts a commit of the ledger.
func (m *Metrics) Committed(took time.Duration) { m.commits.Observe(took.Seconds()) }

// HistoryRemoved counts removed rows of old history.
func (m *Metrics) HistoryRemoved(table string, rows int) {
	m.removed.WithLabelValues(table).Add(float64(rows))
}

// HistoryFailed counts a pass over old history that failed.
func (m *Metrics) HistoryFailed() { m.failed.Inc() }

// oldest bounds the delay that is counted: an older time is not that of the webhook, but
// perhaps that at which the content was last changed.
const oldest = 24 * time.Hour

// WebhookHandled counts a webhook: the dialect of its sender, the time of the event by the
// sender's clock (zero where it sends none), that of the receipt, and that at which the
// effects were decided.
func (m *Metrics) WebhookHandled(sender string, stamped, received, processed time.Time) {
	if delay := received.Sub(stamped); !stamped.IsZero() && delay < oldest {
		m.delay.WithLabelValues(sender).Observe(max(0, delay.Seconds()))
	}
	m.handling.WithLabelValues(sender).Observe(max(0, processed.Sub(received).Seconds()))
}

// Handler answers scrapes, in the format that the scraper asks for.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), EnableOpenMetrics: true})
}

// ended counts a release that has ended.
func (m *Metrics) ended(site string, r release.Release) {
	m.releases.WithLabelValues(site, string(r.Outcome), string(r.Fault)).Inc()
	begun, end := r.Dispatch.Intended, r.Times.Complete
	if begun.IsZero() {
		begun = r.Times.Starting // a run that nobody dispatched
	}
	if end.IsZero() {
		end = r.Times.Ended
	}
	if !begun.IsZero() && !end.IsZero() {
		m.took.WithLabelValues(site, string(r.Outcome)).Observe(end.Sub(begun).Seconds())
	}
	if r.Outcome != release.Succeeded {
		return
	}
	from := release.State("")
	for _, state := range release.States[1:] {
		at := r.Times.Of(state)
		if at.IsZero() {
			continue
		}
		if from != "" {
			m.inState.WithLabelValues(site, string(from)).Observe(at.Sub(r.Times.Of(from)).Seconds())
		}
		from = state
	}
}
