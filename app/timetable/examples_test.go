package timetable_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// example are the schedules of an example's site.
func example(t *testing.T, file string) []calendar.Schedule {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // tokens of one's own
		text = bytes.Replace(text, []byte("PUT-A-HASH-HERE-see-pressrun-token-new"), fmt.Appendf(nil, "%x", sha256.Sum256([]byte(fmt.Sprint(file, n)))), 1)
	}
	c, err := config.Parse(file, "/etc/pressrun", text)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Schedules("www")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// livesThrough lets time pass until an instant, with releases that take so long each.
func (d *desk) livesThrough(until string, takes time.Duration) {
	d.t.Helper()
	end := at(d.t, until)
	var done time.Time // when the release that is under way ends
	for d.clock.Before(end) {
		next := d.answered(d.clock.Format(time.RFC3339))
		site, err := d.ledger.Site(d.t.Context(), "www")
		if err != nil {
			d.t.Fatal(err)
		}
		switch busy := site.State != release.Ready; {
		case !busy:
			done = time.Time{}
		case done.IsZero():
			done = d.clock.Add(takes)
		case !d.clock.Before(done):
			d.released()
			done = time.Time{}
			continue
		}
		if !done.IsZero() && (next.IsZero() || done.Before(next)) {
			next = done
		}
		if next.IsZero() {
			d.t.Fatal("nothing would ever happen again")
		}
		d.clock = next
	}
}

// askedBy counts the requests of a schedule.
func (d *desk) askedBy(schedule string) int {
	n := 0
	for _, key := range d.asked() {
		if strings.HasPrefix(key, "schedule:"+schedule+":") {
			n++
		}
	}
	return n
}

// mozillasCMS has something to publish at 8:55 and 16:55.
type mozillasCMS struct{ called map[time.Time]int }

func (mozillasCMS) Calls(_, schedule string) bool { return schedule == "scheduled-pages" }

func (m mozillasCMS) Publish(_ context.Context, slot timetable.Slot) (int64, error) {
	if m.called[slot.At]++; slot.At.Hour()%8 == 0 && slot.At.Hour() > 0 {
		return 2, nil
	}
	return 0, nil
}

// November 2026 has 21 days from Monday to Friday, of which Veterans Day and
// Thanksgiving are holidays; New York's clocks are set back on the 1st.
func TestVAGovForAMonth(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "2026-11-01T04:00:00Z", example(t, "va.gov.yaml")...)
	d.livesThrough("2026-12-01T05:00:00Z", time.Hour)
	if got := d.askedBy("daily"); got != 30 {
		t.Errorf("asked daily %d times in 30 days", got)
	}
	for _, r := range d.requests() {
		if r.Actor == "schedule daily" && !strings.Contains(r.Reason, ", 15:30 E") {
			t.Errorf("asked daily at %s", r.Reason)
		}
	}
	// One after the other from 8 to 20, an hour each, in 19 days; the release of
	// 15:30 may be one of them.
	if got := d.askedBy("working-hours"); got < 19*11 || got > 19*12 {
		t.Errorf("asked in working hours %d times in 19 days", got)
	}
}

// Mozilla's CMS publishes scheduled pages when it is told to, every hour: here something
// is due twice a day.
func TestMozillaForAMonth(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "2026-11-01T00:00:00Z", example(t, "mozilla.yaml")...)
	wagtail := mozillasCMS{called: map[time.Time]int{}}
	d.publisher = wagtail
	d.restart("2026-11-01T00:00:00Z")
	d.livesThrough("2026-12-01T00:00:00Z", 12*time.Minute)
	if len(wagtail.called) != 30*24 {
		t.Errorf("the CMS was told to publish what is due %d times", len(wagtail.called))
	}
	want := map[string]int{"whole-site": 30 * 24, "scheduled-pages": 30 * 2}
	if diff := cmp.Diff(want, map[string]int{"whole-site": d.askedBy("whole-site"), "scheduled-pages": d.askedBy("scheduled-pages")}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The cases of VA.gov's own scheduler, as configuration: at most one request an
// hour, on working days from 8 to 20 in New York
// (https://github.com/department-of-veterans-affairs/va.gov-cms,
// tests/phpunit/FrontendBuild/BuildSchedulerTest.php).
func TestVAGovsOwnCasesOfScheduling(t *testing.T) {
	c, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(`
pages: {access: loopback}
sites:
  www:
    runner: local
    time_zone: America/New_York
    source: {folder: frontend}
    build: {output: public}
    deploy: {to: live}
    schedules:
      - {name: hourly, continuous: true, max_age: 1h, windows: ["Mon-Fri 08:00-20:00"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Schedules("www")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, now string
		last      time.Duration // before now; 0 for never
		want      bool
	}{
		{"weekend before hours, never", "2026-03-14T06:00:00-04:00", 0, false},
		{"weekend before hours, 65 minutes ago", "2026-03-14T06:00:00-04:00", 65 * time.Minute, false},
		{"weekend in hours, never", "2026-03-14T12:00:00-04:00", 0, false},
		{"weekend in hours, 65 minutes ago", "2026-03-14T12:00:00-04:00", 65 * time.Minute, false},
		{"weekend after hours, never", "2026-03-14T21:00:00-04:00", 0, false},
		{"weekend after hours, 65 minutes ago", "2026-03-14T21:00:00-04:00", 65 * time.Minute, false},
		{"weekday before hours, never", "2026-03-16T07:59:00-04:00", 0, false},
		{"weekday before hours, 65 minutes ago", "2026-03-16T07:59:00-04:00", 65 * time.Minute, false},
		{"weekday in hours, never", "2026-03-16T12:00:00-04:00", 0, true},
		{"weekday in hours, 65 minutes ago", "2026-03-16T12:00:00-04:00", 65 * time.Minute, true},
		{"weekday in hours, 55 minutes ago", "2026-03-16T12:00:00-04:00", 55 * time.Minute, false},
		{"weekday after hours, never", "2026-03-16T21:00:00-04:00", 0, false},
		{"weekday after hours, 65 minutes ago", "2026-03-16T21:00:00-04:00", 65 * time.Minute, false},
		{"20:01", "2026-03-16T20:01:00-04:00", 65 * time.Minute, false},
		{"8:00 on the day after the clocks were set forward", "2026-03-09T08:00:00-04:00", 0, true},
		{"7:59 on that day", "2026-03-09T07:59:00-04:00", 0, false},
	} {
		now, content := at(t, test.now), calendar.Content{}
		if test.last > 0 {
			content.AsOf = now.Add(-test.last)
		}
		if got, _ := all[0].Again(content, now); got != test.want {
			t.Errorf("%s: asks %v, want %v", test.name, got, test.want)
		}
	}
}

// The cases of VA.gov's BuildStateEventSubscriberTest, against the example: a release
// asks for the next when it is complete, on a weekday in hours, and never else
// (https://github.com/department-of-veterans-affairs/va.gov-cms,
// tests/phpunit/FrontendBuild/BuildStateEventSubscriberTest.php). That holidays
// rest is of ours: VA.gov's guide says so, its code does not.
func TestVAGovsOwnCasesOfContinuousReleases(t *testing.T) {
	i := slices.IndexFunc(example(t, "va.gov.yaml"), func(s calendar.Schedule) bool { return s.Continuous })
	s := example(t, "va.gov.yaml")[i]
	for _, test := range []struct {
		name, now string
		busy      bool
		want      bool
	}{
		{"complete, weekday in hours", "2026-11-24T12:00:00-05:00", false, true},
		{"complete, the first minute", "2026-11-24T08:00:00-05:00", false, true},
		{"complete, the last minute", "2026-11-24T19:59:59-05:00", false, true},
		{"complete, weekday after hours", "2026-11-24T20:00:00-05:00", false, false},
		{"complete, weekday before hours", "2026-11-24T07:59:59-05:00", false, false},
		{"complete, weekend", "2026-11-28T12:00:00-05:00", false, false},
		{"any other state, weekday in hours", "2026-11-24T12:00:00-05:00", true, false},
		{"complete, Thanksgiving", "2026-11-26T12:00:00-05:00", false, false},
		{"complete, Independence Day as observed", "2026-07-03T12:00:00-04:00", false, false},
		{"complete, the day before the clocks are set back, a Friday", "2026-10-30T19:30:00-04:00", false, true},
		{"complete, the Monday after", "2026-11-02T08:00:00-05:00", false, true},
		{"complete, the same hour as before", "2026-11-02T07:30:00-05:00", false, false},
	} {
		now := at(t, test.now)
		if got, _ := s.Again(calendar.Content{Busy: test.busy, Changed: true, AsOf: now.Add(-time.Hour)}, now); got != test.want {
			t.Errorf("%s: asks %v, want %v", test.name, got, test.want)
		}
	}
}

// TestAFailedReleaseOfVAGovIsAskedForOnceMore is "error: exactly one request to retry"
// of the same tests: the release is tried again, and the schedule asks for no more.
func TestAFailedReleaseOfVAGovIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "2026-11-24T12:59:59-05:00", example(t, "va.gov.yaml")...)
	d.look("2026-11-24T13:00:00-05:00")
	before := d.askedBy("working-hours")
	run := release.Run{ID: "run", Attempt: 1}
	site, err := d.ledger.ClaimTurn(t.Context(), ledger.Request{Site: "www", Source: release.FromWorkflow}, release.Claim{Run: run})
	if err != nil {
		t.Fatal(err)
	}
	if site, err = d.ledger.Decide(t.Context(), "www", release.Failure{Release: site.Number, Run: run, Sequence: 1, Why: "the build broke"}); err != nil {
		t.Fatal(err)
	}
	d.look("2026-11-24T13:00:30-05:00")
	d.look("2026-11-24T13:02:00-05:00")
	if after := d.askedBy("working-hours"); before != 1 || after != 1 {
		t.Errorf("asked %d times before the failure, %d after it", before, after)
	}
	if site.State != release.Requested || site.Failures != 1 {
		t.Errorf("the retry: %+v", site)
	}
}
