package githubapp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestWhatIsKnownOfAnHourIsWhatCameLast(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	known := Budget{Quota: 5000, Remaining: 4000, Reset: at}
	for name, c := range map[string]struct{ said, want Budget }{
		"a later call":                 {Budget{Quota: 5000, Remaining: 3990, Reset: at}, Budget{Quota: 5000, Remaining: 3990, Reset: at}},
		"a call whose answer was late": {Budget{Quota: 5000, Remaining: 4010, Reset: at}, known},
		"the next hour":                {Budget{Quota: 5000, Remaining: 4999, Reset: at.Add(time.Hour)}, Budget{Quota: 5000, Remaining: 4999, Reset: at.Add(time.Hour)}},
		"the hour before":              {Budget{Quota: 5000, Remaining: 3, Reset: at.Add(-time.Hour)}, known},
		"nothing of it":                {Budget{}, known},
		"a pause":                      {Budget{Until: at, Refusals: 1}, Budget{Quota: 5000, Remaining: 4000, Reset: at, Until: at, Refusals: 1}},
	} {
		if got := known.With(c.said); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestReadsAreSpreadOnceFewCallsAreLeft(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for remaining, want := range map[int]time.Duration{5000: 0, 500: 0, 499: 30 * time.Minute / 399, 200: 30 * time.Minute / 100, 101: 30 * time.Minute, 100: 30 * time.Minute, 1: 30 * time.Minute} {
		if got := (Budget{Quota: 5000, Remaining: remaining, Reset: now.Add(30 * time.Minute)}).readInterval(now); got != want {
			t.Errorf("%d left: %s apart, want %s", remaining, got, want)
		}
	}
	if got := (Budget{Quota: 5000, Remaining: 1, Reset: now}).readInterval(now); got != 0 {
		t.Errorf("the hour is over: %s apart", got)
	}
}

// answers is a GitHub of which each call costs one of the hour's.
type answers struct {
	remaining int
	reset     time.Time
	calls     []time.Time
}

func (a *answers) RoundTrip(*http.Request) (*http.Response, error) {
	a.calls = append(a.calls, time.Now())
	a.remaining--
	h := http.Header{}
	h.Set("X-RateLimit-Limit", "1000")
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, a.remaining)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(a.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	return &http.Response{StatusCode: http.StatusOK, Header: h, Body: http.NoBody}, nil
}

// Two replicas look at runs without end: they slow down together, keep what changes need, and
// never meet the limit.
func TestReplicasSlowDownTogetherBeforeTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := &answers{remaining: 150, reset: time.Now().Add(30 * time.Minute).Truncate(time.Second)}
		o := Options{Transport: hub, Spacing: time.Second, Budgets: newOwnBudgets(), Log: slog.New(slog.DiscardHandler)}
		replicas := []*rateLimiter{newRateLimiter(o, 7, &unshared{log: o.Log}), newRateLimiter(o, 7, &unshared{log: o.Log})}
		refused := 0
		for i := 0; time.Until(hub.reset) > time.Minute; i++ {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example/repos/a/b/actions/runs/1", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := replicas[i%2].RoundTrip(r)
			if _, limited := errors.AsType[*LimitedError](err); limited {
				refused++
			} else if err != nil {
				t.Fatal(err)
			} else if err := resp.Body.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if hub.remaining < 20 || hub.remaining > 40 || refused == 0 {
			t.Errorf("%d calls are left of the hour, and %d were put off", hub.remaining, refused)
		}
		// What changes something goes at once.
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example/repos/a/b/dispatches", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		resp, err := replicas[0].RoundTrip(r)
		if err != nil || time.Since(began) > time.Second {
			t.Fatalf("a change took %s: %v", time.Since(began), err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestChangesOfReplicasAreKeptApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := &answers{remaining: 900, reset: time.Now().Add(time.Hour)}
		o := Options{Transport: hub, Spacing: time.Second, Budgets: newOwnBudgets(), Log: slog.New(slog.DiscardHandler)}
		for range 6 {
			go func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example/repos/a/b/dispatches", http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				one := newRateLimiter(o, 7, &unshared{log: o.Log}) // of another replica each
				resp, err := one.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait() // what the others wrote is seen
		if len(hub.calls) != 6 {
			t.Fatalf("%d calls were made", len(hub.calls))
		}
		for i := 1; i < len(hub.calls); i++ {
			if gap := hub.calls[i].Sub(hub.calls[i-1]); gap < time.Second {
				t.Errorf("call %d came %s after the one before", i, gap)
			}
		}
	})
}

// GitHub's wish for a pause is heard by one replica and obeyed by the other.
func TestAPauseThatOneIsToldOfIsObeyedByAll(t *testing.T) {
	shared := newOwnBudgets()
	first := start(t, fakegithub.Options{}, func(o *Options) { o.Budgets = shared })
	second := start(t, fakegithub.Options{}, func(o *Options) { o.Budgets = shared })
	first.github.Inject(fakegithub.Times(1, fakegithub.Always(fakegithub.SecondaryLimit(http.StatusForbidden, time.Minute))))
	if _, err := first.runner.Find(t.Context(), job("TOKEN1")); err == nil {
		t.Fatal("the limit was not met")
	}
	before := len(second.github.Calls())
	_, err := second.runner.Find(t.Context(), job("TOKEN2"))
	limited, ok := errors.AsType[*LimitedError](err)
	if !ok || time.Until(limited.Until) < 30*time.Second {
		t.Errorf("the other is told %v", err)
	}
	if n := len(second.github.Calls()) - before; n != 0 {
		t.Errorf("it made %d calls meanwhile", n)
	}
}

// noBudgets can't be shared, for all installations but one.
type noBudgets struct {
	Budgets
	works int64
}

func (b *noBudgets) Budget(ctx context.Context, installation int64) (Budget, error) {
	if installation != b.works {
		return Budget{}, errors.New("the ledger is away")
	}
	return b.Budgets.Budget(ctx, installation)
}

func TestThatBudgetsCannotBeSharedIsLoggedOnceForAllInstallations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		shared := &noBudgets{Budgets: newOwnBudgets()}
		l := newLinks(Options{Budgets: shared, Log: slog.New(slog.NewTextHandler(&log, nil))}, nil)
		lines := func(calls int, want ...string) {
			t.Helper()
			for range calls {
				for id := int64(1); id <= 200; id++ {
					l.limiter(id).look(t.Context())
				}
			}
			got := strings.Split(strings.TrimSpace(log.String()), "\n")
			log.Reset()
			if len(want) == 0 && len(got) == 1 && got[0] == "" {
				return
			}
			if len(got) != len(want) {
				t.Fatalf("%d lines, want %q: %q", len(got), want, got)
			}
			for i := range want {
				if !strings.Contains(got[i], "can't be shared with the other replicas") || !strings.Contains(got[i], " "+want[i]+" ") {
					t.Errorf("the line is %s, want %s", got[i], want[i])
				}
			}
		}
		lines(3, "installations=1")
		time.Sleep(time.Minute)
		lines(3, "installations=200")
		time.Sleep(time.Hour)
		lines(3) // it is known
		shared.works = 7
		lines(1)
		shared.works = 0
		lines(1, "installations=200")
	})
}
