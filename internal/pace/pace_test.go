package pace

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// crowd sends so many requests, all waiting at once, and says how many were under way
// together at most.
func crowd(ctx context.Context, p *Pacer, requests int, answer func(n int) Answer) (most int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	running, n := 0, 0
	for range requests {
		all.Go(func() {
			_ = p.Do(ctx, func() Answer {
				mu.Lock()
				running++
				n++
				mine := n
				most = max(most, running)
				mu.Unlock()
				a := answer(mine)
				mu.Lock()
				running--
				mu.Unlock()
				return a
			})
		})
	}
	all.Wait()
	return most
}

func takes(d time.Duration) func(int) Answer {
	return func(int) Answer { time.Sleep(d); return Answer{} }
}

func TestFewAtFirstMoreWhileQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Limits{})
		if most := crowd(t.Context(), p, 4, takes(20*time.Millisecond)); most != 4 {
			t.Errorf("%d at first, want 4", most)
		}
		if most := crowd(t.Context(), p, 500, takes(20*time.Millisecond)); most != 16 {
			t.Errorf("%d after 500 quick answers, want 16", most)
		}
	})
}

func TestHalvedOnceForAllThatWereUnderWayTogether(t *testing.T) {
	for name, bad := range map[string]func(int) Answer{
		"429":       func(int) Answer { time.Sleep(time.Millisecond); return Answer{Verdict: Overloaded} },
		"slow":      takes(4 * time.Second),
		"no answer": func(int) Answer { time.Sleep(time.Minute); return OfResponse(nil, time.Now()) },
	} {
		synctest.Test(t, func(t *testing.T) {
			p := New(Limits{})
			crowd(t.Context(), p, 500, takes(20*time.Millisecond))
			crowd(t.Context(), p, 16, bad)
			if got, running := p.AtOnce(); got != 8 || running != 0 {
				t.Errorf("%s: %d at once and %d running, want 8 and 0", name, got, running)
			}
		})
	}
}

func TestAServerThatAsksForTimeGetsItUpToACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Limits{MaxWait: time.Minute})
		for asked, want := range map[time.Duration]time.Duration{30 * time.Second: 30 * time.Second, time.Hour: time.Minute} {
			crowd(t.Context(), p, 1, func(int) Answer { return Answer{Verdict: Overloaded, RetryAfter: asked} })
			since := time.Now()
			crowd(t.Context(), p, 1, takes(0))
			if waited := time.Since(since); waited != want {
				t.Errorf("asked for %s, waited %s, want %s", asked, waited, want)
			}
		}
	})
}

// A server that always says no is asked ever more rarely, and comes back in the end.
func TestOneAtATimeMayBeTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Limits{})
		since := time.Now()
		crowd(t.Context(), p, 12, func(int) Answer { return Answer{Verdict: Overloaded} })
		if waited := time.Since(since); waited < 2*time.Minute {
			t.Errorf("12 requests to a server that refuses took %s only", waited)
		}
		crowd(t.Context(), p, 400, takes(20*time.Millisecond))
		if got, _ := p.AtOnce(); got != 16 {
			t.Errorf("%d at once after the server came back, want 16", got)
		}
	})
}

func TestSoManyInASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now()
		crowd(t.Context(), New(Limits{PerSecond: 10}), 101, takes(0))
		if took := time.Since(since); took != 10*time.Second {
			t.Errorf("101 requests took %s, want 10 s", took)
		}
	})
}

func TestWhoNoLongerWaitsTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Limits{Start: 1, Most: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go crowd(t.Context(), p, 1, takes(time.Hour))
		synctest.Wait()
		if err := p.Do(ctx, func() Answer { t.Error("was carried out"); return Answer{} }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * time.Hour)
		if _, running := p.AtOnce(); running != 0 {
			t.Errorf("%d are running", running)
		}
	})
}

func TestARequestThatPanicsGivesItsTurnBack(t *testing.T) {
	p := New(Limits{})
	func() {
		defer func() { _ = recover() }()
		_ = p.Do(t.Context(), func() Answer { panic("broken") })
	}()
	if _, running := p.AtOnce(); running != 0 {
		t.Errorf("%d are running", running)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 5 ": 5 * time.Second, "0.5": time.Second, "-3": 0, "soon": 0, "NaN": 0,
		"9e99": longest, "Inf": longest,
		"Sat, 21 Nov 2026 17:00:30 GMT": 40 * time.Second, // by the server's clock
		"Sat, 21 Nov 2020 17:00:30 GMT": 0,
	} {
		h := http.Header{"Retry-After": {value}, "Date": {"Sat, 21 Nov 2026 16:59:50 GMT"}}
		if got := RetryAfter(h, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestWhatAnswersSay(t *testing.T) {
	for status, want := range map[int]Verdict{200: Good, 304: Good, 404: Good, 500: Failed, 429: Overloaded, 502: Overloaded, 503: Overloaded, 504: Overloaded} {
		if got := OfResponse(&http.Response{StatusCode: status, Header: http.Header{}}, time.Now()); got.Verdict != want {
			t.Errorf("%d: %v, want %v", status, got.Verdict, want)
		}
	}
}

// Whatever comes, the limits hold and there is always a way on.
func TestTheLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{Start: rapid.IntRange(0, 9).Draw(t, "start"), Most: rapid.IntRange(1, 9).Draw(t, "most")}
		c, now := NewControl(limits), time.Unix(1e9, 0)
		var under []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "passed")))
			ok, at := c.Begin(now)
			switch {
			case ok:
				under = append(under, now)
			case at.IsZero() && len(under) == 0:
				t.Fatal("nothing is under way, and nothing may begin")
			case at.Sub(now) > 2*time.Minute:
				t.Fatalf("waits for %s", at.Sub(now))
			}
			if len(under) > limits.Most || len(under) != c.Running() {
				t.Fatalf("%d are under way, of %d", len(under), limits.Most)
			}
			if len(under) > 0 && rapid.Bool().Draw(t, "ends") {
				c.End(under[0], now, Answer{Verdict: Verdict(rapid.IntRange(0, 2).Draw(t, "verdict")), RetryAfter: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "asked"))})
				under = under[1:]
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("Sat, 21 Nov 2026 17:00:30 GMT", "Sat, 21 Nov 2026 17:00:00 GMT")
	f.Fuzz(func(t *testing.T, value, date string) {
		got := RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Unix(1e9, 0))
		if got < 0 || got > longest {
			t.Errorf("%q: %s", value, got)
		}
	})
}
