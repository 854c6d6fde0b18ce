package githubapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/sleep"
)

// LimitedError says that GitHub accepts no calls before an instant. The call was not carried out.
type LimitedError struct{ Until time.Time }

func (e *LimitedError) Error() string {
	return "GitHub takes no more calls before " + e.Until.UTC().Format("15:04:05 MST")
}

// errTurn is for a call that ended before its turn came: it was not sent.
var errTurn = errors.New("the call did not get its turn in time")

// rateLimiter carries all calls of one installation. It sends calls that change something
// one at a time, with an interval between, spreads reads once few calls are left, and
// sends nothing while GitHub has asked for a pause: ignoring that may get the App banned
// (GitHub's "Best practices for using the REST API"). It shares its budget with other
// processes that call as the installation.
type rateLimiter struct {
	next         http.RoundTripper
	spacing      time.Duration
	installation int64
	shared       Budgets
	unshared     *unshared

	turn      chan struct{} // holds one token: the turn of a change
	mu        sync.Mutex
	known     Budget    // also while the shared budget can't be read
	published Budget    // the last shared budget
	last      time.Time // the end of the last change
}

func newRateLimiter(o Options, installation int64, un *unshared) *rateLimiter {
	return &rateLimiter{next: o.Transport, spacing: o.Spacing, installation: installation, shared: o.Budgets, unshared: un, turn: make(chan struct{}, 1)}
}

// RoundTrip implements http.RoundTripper.
func (g *rateLimiter) RoundTrip(r *http.Request) (*http.Response, error) {
	known := g.look(r.Context())
	if until := known.closedUntil(time.Now()); !until.IsZero() {
		return nil, &LimitedError{Until: until}
	}
	// Making a token changes no data, and must not delay a dispatch by a second.
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return g.send(r)
	}
	if r.Method == http.MethodGet {
		if err := g.spread(r.Context(), known.readInterval(time.Now())); err != nil {
			return nil, err
		}
		return g.send(r)
	}
	return g.change(r)
}

// change sends a call that changes something, in its turn.
func (g *rateLimiter) change(r *http.Request) (*http.Response, error) {
	select {
	case g.turn <- struct{}{}:
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", errTurn, r.Context().Err())
	}
	defer func() { <-g.turn }()
	g.mu.Lock()
	free := g.last.Add(g.spacing)
	g.mu.Unlock()
	if err := wait(r.Context(), free); err != nil {
		return nil, err
	}
	if err := g.reserve(r.Context(), true, g.spacing, longestTurn); err != nil {
		return nil, err
	}
	if until := g.look(r.Context()).closedUntil(time.Now()); !until.IsZero() {
		return nil, &LimitedError{Until: until}
	}
	resp, err := g.send(mark(r))
	g.mu.Lock()
	g.last = time.Now()
	g.mu.Unlock()
	return resp, err
}

const (
	// longestTurn is the longest wait of a change for its turn, and longestSpread that of
	// a read, before the call fails with a LimitedError.
	longestTurn   = time.Minute
	longestSpread = 2 * time.Second
)

// spread delays a call that reads, once few calls are left.
func (g *rateLimiter) spread(ctx context.Context, interval time.Duration) error {
	if interval == 0 {
		return nil
	}
	return g.reserve(ctx, false, interval, longestSpread)
}

// reserve waits for an instant that no other process reserves that calls as the installation.
func (g *rateLimiter) reserve(ctx context.Context, change bool, interval, limit time.Duration) error {
	at, ok, err := g.shared.Turn(ctx, g.installation, change, interval, limit)
	switch {
	case err != nil:
		g.unshared.failed(g.installation, err)
		return nil // the others keep their own interval
	case !ok:
		return &LimitedError{Until: at}
	}
	return wait(ctx, at)
}

func wait(ctx context.Context, until time.Time) error {
	span := time.Until(until)
	if span <= 0 {
		return nil
	}
	if sleep.For(ctx, span) != nil {
		return fmt.Errorf("%w: %w", errTurn, ctx.Err())
	}
	return nil
}

// look merges this process's budget with the shared one.
func (g *rateLimiter) look(ctx context.Context) Budget {
	shared, err := g.shared.Budget(ctx, g.installation)
	if err != nil {
		g.unshared.failed(g.installation, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.unshared.works(g.installation)
		g.known = g.known.With(shared)
	}
	return g.known
}

// send makes a call and turns GitHub's request for a pause into a LimitedError.
func (g *rateLimiter) send(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	limited, err := isLimited(resp)
	if err != nil {
		_ = resp.Body.Close() // its error does not matter
		return nil, err
	}
	said := g.note(resp, limited, !strings.HasSuffix(r.URL.Path, "/access_tokens"))
	g.share(r.Context(), said)
	if limited {
		_ = resp.Body.Close() // its error does not matter
		return nil, &LimitedError{Until: said.Until}
	}
	return resp, nil
}

// maxRefusal bounds the part of a refusal that is read, in bytes.
const maxRefusal = 1 << 20

// isLimited says whether GitHub asks for a pause. Both limits come as 403 or as 429
// (docs.github.com: rate limits for the REST API).
func isLimited(resp *http.Response) (bool, error) {
	if resp.StatusCode != http.StatusForbidden {
		return resp.StatusCode == http.StatusTooManyRequests, nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return false, fmt.Errorf("read GitHub's refusal: %w", err)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(text), resp.Body}
	return resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0" || bytes.Contains(text, []byte("rate limit")), nil
}

// note updates the budget from an answer, and returns it. Making a token counts against
// another limit.
func (g *rateLimiter) note(resp *http.Response, limited, counts bool) Budget {
	now := time.Now()
	var said Budget
	if counts {
		said = budgetOf(resp.Header)
	}
	if most := now.Add(time.Hour); said.Reset.After(most.Add(time.Minute)) {
		said.Reset = most
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	said.Refusals = g.known.Refusals
	switch {
	case limited:
		said.Refusals++
		if said.Until = pauseEnd(resp.Header, now); said.Until.IsZero() {
			said.Until = now.Add(min(time.Minute<<min(said.Refusals-1, 5), 20*time.Minute))
		}
	case resp.StatusCode < 400:
		said.Refusals = 0
	}
	g.known = g.known.With(said)
	return g.known
}

// share publishes the budget if it has changed enough: by a pause, another hour, a
// hundredth of the hour's calls, or by any call once few are left.
func (g *rateLimiter) share(ctx context.Context, b Budget) {
	g.mu.Lock()
	before := g.published
	changed := b.Refusals != before.Refusals || b.Until.After(before.Until) || b.Quota != before.Quota || b.Reset.Sub(before.Reset).Abs() > sameReset ||
		b.Remaining <= before.Remaining-max(1, b.Quota/100) || b.Remaining < before.Remaining && b.Remaining*scarcePart < b.Quota
	if changed {
		g.published = b
	}
	g.mu.Unlock()
	if !changed {
		return
	}
	if err := g.shared.Update(context.WithoutCancel(ctx), g.installation, b); err != nil {
		g.unshared.failed(g.installation, err)
	}
}

// pauseEnd is when GitHub says that it accepts calls again; zero when it does not say. It
// is an hour ahead at most.
func pauseEnd(h http.Header, now time.Time) time.Time {
	if seconds, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32); err == nil && seconds >= 0 {
		return now.Add(min(time.Duration(max(seconds, 1))*time.Second, time.Hour))
	}
	if h.Get("X-RateLimit-Remaining") != "0" {
		return time.Time{}
	}
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	at := time.Unix(reset, 0).Add(time.Second) // GitHub's clock may be ahead of this one
	if at.Before(now.Add(time.Second)) {
		at = now.Add(time.Second)
	}
	if at.After(now.Add(time.Hour + time.Minute)) {
		at = now.Add(time.Hour)
	}
	return at
}

type sentKey struct{}

// watchSending returns a context and a flag, which says afterwards whether a change may
// have reached GitHub: without a connection it has not.
func watchSending(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := new(atomic.Bool)
	return context.WithValue(ctx, sentKey{}, sent), sent
}

func mark(r *http.Request) *http.Request {
	sent, ok := r.Context().Value(sentKey{}).(*atomic.Bool)
	if !ok {
		return r
	}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	}))
}

var _ http.RoundTripper = (*rateLimiter)(nil)
