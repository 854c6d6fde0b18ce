package app

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

const monitorToken = "a monitor's token, long enough"

func withMonitor(c *config.Config) {
	c.Tokens = append(c.Tokens, config.Token{Name: "prometheus", Role: "monitor", SHA256: auth.HashToken(monitorToken)})
}

func (b *bench) scrape(t *testing.T) string {
	t.Helper()
	resp := b.fetch(t, "/metrics", monitorToken)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %v", resp.Status, err)
	}
	return string(text)
}

func TestFiguresTellHowASiteStandsAndHowReleasesWent(t *testing.T) {
	b := start(t, withMonitor)
	has := func(text string, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line) {
				t.Errorf("no %s in\n%s", line, text)
			}
		}
	}
	has(b.scrape(t), `pressrun_site_state{site="www",state="ready"} 1`, `pressrun_requests_unserved{site="www"} 0`,
		`pressrun_oldest_unserved_request_age_seconds{site="www"} 0`, `pressrun_ledger_readable 1`, `pressrun_build_info{version="`)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	has(b.scrape(t), `pressrun_requests_unserved{site="www"} 1`, `pressrun_site_state{site="www",state="ready"} 0`)
	b.run(t, job, release.Ready)
	eventually.Holds(t, "the release is counted", func() bool {
		return strings.Contains(b.scrape(t), `pressrun_releases_total{fault="",outcome="succeeded",site="www"} 1`)
	})
	has(b.scrape(t), `pressrun_request_to_live_seconds_count{site="www"} 1`, `pressrun_release_duration_seconds_count{outcome="succeeded",site="www"} 1`,
		`pressrun_live_release_number{site="www"} 1`, `pressrun_failures_since_success{site="www"} 0`, `pressrun_last_success_timestamp_seconds{site="www"} 1`, `pressrun_last_success_business_seconds{site="www"} `)
	b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.Ready)
	eventually.Holds(t, "the interval is counted", func() bool {
		return strings.Contains(b.scrape(t), `pressrun_release_interval_seconds_count{site="www"} 1`)
	})
}

func TestFiguresTellHowLateWebhooksComeAndHowLongTheyWait(t *testing.T) {
	b := start(t, withMonitor)
	now := time.Now()
	handled := b.app.metrics.WebhookHandled
	handled("drupal", now.Add(-7*time.Second), now, now.Add(20*time.Millisecond))
	handled("drupal", now.Add(-100*time.Hour), now, now) // when the page was changed, and no word on the webhook
	handled("drupal", time.Time{}, now, now)
	handled("drupal", now.Add(time.Minute), now, now) // its clock is ahead
	text := b.scrape(t)
	for _, line := range []string{
		`pressrun_webhook_delay_seconds_count{sender="drupal"} 2`, `pressrun_webhook_delay_seconds_sum{sender="drupal"} 7`, `pressrun_webhook_processing_seconds_count{sender="drupal"} 4`,
		`pressrun_webhook_processing_seconds_bucket{sender="drupal",le="0.025"} 4`, `pressrun_site_business_hours{site="www"} 1`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
}
