package retention

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/release"
)

const day = 24 * time.Hour

var now = time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)

// history is a made-up site with all its releases, and the places that each kept
// request needs a release for.
type history struct {
	site release.Site
	all  []Past
}

// drawHistory makes up what the rules could have left: numbers grow, places grow with
// them, only what was served is behind Served.
func drawHistory(t *rapid.T) history {
	h := history{site: release.NewSite("www", release.Policy{})}
	at := now.Add(-time.Duration(rapid.IntRange(0, 900).Draw(t, "days")) * day)
	for range rapid.IntRange(0, 40).Draw(t, "releases") {
		at = at.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "hours")) * time.Hour)
		h.site.Number++
		r := release.Release{Number: h.site.Number, After: h.site.Served, Upto: h.site.Served}
		if h.site.Live.Number > 0 && rapid.IntRange(0, 6).Draw(t, "kind") == 0 {
			r.RollbackTo = rapid.Int64Range(1, h.site.Live.Number).Draw(t, "to")
		} else {
			h.site.Accepted = max(h.site.Accepted, r.After+rapid.Int64Range(1, 5).Draw(t, "asked"))
			r.Upto = h.site.Accepted
		}
		outcomes := []release.Outcome{release.Succeeded, release.Failed, release.Cancelled, release.Stale}
		if h.site.Live.Number > 0 && r.RollbackTo == 0 {
			outcomes = append(outcomes, release.Unchanged)
		}
		r.Outcome = rapid.SampledFrom(outcomes).Draw(t, "outcome")
		r.Times.Ended = at
		if r.Outcome == release.Succeeded || r.Outcome == release.Unchanged {
			h.site.Served = max(h.site.Served, r.Upto)
		}
		if r.Outcome == release.Succeeded {
			h.site.Live = r
		}
		h.site.Last = r
		h.all = append(h.all, Past{Number: r.Number, Upto: r.Upto, Outcome: r.Outcome, Rollback: r.RollbackTo != 0, Ended: at})
	}
	if h.site.Served < h.site.Accepted && rapid.Bool().Draw(t, "running") {
		h.site.Number++
		h.site.State = release.InProgress
		h.site.Current = release.Release{Number: h.site.Number, Retry: h.site.Last.Number, After: h.site.Served, Upto: h.site.Accepted}
		h.all = append(h.all, Past{Number: h.site.Number, Upto: h.site.Accepted})
	}
	return h
}

func drawPolicy(t *rapid.T) Policy {
	return Policy{For: time.Duration(rapid.IntRange(1, 500).Draw(t, "for")) * day, Releases: rapid.IntRange(0, 12).Draw(t, "keep")}
}

func TestWhatIsNeededNeverGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, p := drawHistory(t), drawPolicy(t)
		window := rapid.IntRange(0, len(h.all)).Draw(t, "window") // not all need be read at once
		cut, ok := Decide(h.site, h.all[:window], len(h.all), p, now)
		if !ok {
			return
		}
		kept := 0
		for _, r := range h.all {
			if r.Number > cut.Release {
				kept++
				continue
			}
			switch {
			case r.Ended.IsZero() || now.Sub(r.Ended) <= p.For:
				t.Fatalf("#%d goes, and is younger than %s", r.Number, p.For)
			case r.Number == h.site.Live.Number, r.Number == h.site.Live.Content(), r.Number == h.site.Last.Number,
				r.Number == h.site.Current.Number, r.Number == h.site.Current.Retry:
				t.Fatalf("#%d goes, and is needed", r.Number)
			}
		}
		if kept < p.Releases {
			t.Fatalf("%d releases stay, and %d should", kept, p.Releases)
		}
		if cut.Place > h.site.Served {
			t.Fatalf("requests up to %d go, and only %d are served", cut.Place, h.site.Served)
		}
		// The rules agree, and once only.
		after, _, err := release.Step(h.site, cut, now)
		if err != nil {
			t.Fatalf("the rules refuse it: %v", err)
		}
		if _, _, err := release.Step(after, cut, now); err == nil {
			t.Fatal("the same history goes twice")
		}
	})
}

// servedBy is the release that made a place live, as the ledger finds it.
func servedBy(all []Past, place int64) (served, live int64) {
	for _, r := range all {
		if r.Upto < place || !r.ends() {
			continue
		}
		if r.Outcome == release.Succeeded {
			return r.Number, r.Number
		}
		for _, before := range all { // there was nothing to do: what was live before
			if before.Number < r.Number && before.Outcome == release.Succeeded {
				live = before.Number
			}
		}
		return r.Number, live
	}
	return 0, 0
}

func TestEachRequestThatStaysHasTheSameReleaseAsBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, p := drawHistory(t), drawPolicy(t)
		cut, ok := Decide(h.site, h.all, len(h.all), p, now)
		if !ok {
			return
		}
		var kept []Past
		for _, r := range h.all {
			if r.Number > cut.Release {
				kept = append(kept, r)
			}
		}
		for place := cut.Place + 1; place <= h.site.Accepted; place++ {
			served, live := servedBy(h.all, place)
			nowServed, nowLive := servedBy(kept, place)
			if served != nowServed || live != nowLive {
				t.Fatalf("place %d was served by #%d and live with #%d; after removing up to #%d it is #%d and #%d", place, served, live, cut.Release, nowServed, nowLive)
			}
		}
	})
}

func TestOldHistoryGoesUpToTheNewestReleases(t *testing.T) {
	h := history{site: release.NewSite("www", release.Policy{})}
	for i := range int64(10) {
		at := now.Add(-time.Duration(1000-i) * day)
		r := release.Release{Number: i + 1, After: i, Upto: i + 1, Outcome: release.Succeeded, Times: release.Times{Ended: at}}
		h.site.Number, h.site.Accepted, h.site.Served, h.site.Live, h.site.Last = r.Number, r.Upto, r.Upto, r, r
		h.all = append(h.all, Past{Number: r.Number, Upto: r.Upto, Outcome: r.Outcome, Ended: at})
	}
	for _, c := range []struct {
		name string
		p    Policy
		want int64
	}{
		{"by age", Policy{For: 995 * day, Releases: 1}, 5},
		{"the newest stay", Policy{For: day, Releases: 4}, 6},
		{"what is live stays", Policy{For: day}, 9},
		{"for ever", Policy{}, 0},
		{"all are young", Policy{For: 2000 * day}, 0},
	} {
		cut, ok := Decide(h.site, h.all, len(h.all), c.p, now)
		if cut.Release != c.want || ok != (c.want > 0) {
			t.Errorf("%s: up to #%d (%t), want #%d", c.name, cut.Release, ok, c.want)
		}
	}
}
