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
)

// LimitedError says that GitHub takes no calls before an instant. The call was
// not carried out.
type LimitedError struct{ Until time.Time }

func (e *LimitedError) Error() string {
	return "GitHub takes no more calls before " + e.Until.UTC().Format("15:04:05 MST")
}

// errTurn is for a call that ended before its turn came: it was not sent.
var errTurn = errors.New("the call did not get its turn in time")

// rateLimiter is below all calls of one installation. It keeps calls that change
// something apart, one at a time, and sends nothing while GitHub has asked for
// a pause: ignoring that may get the App banned (GitHub's "Best practices for
// using the REST API").
type rateLimiter struct {
	next    http.RoundTripper
	spacing time.Duration

	turn   chan struct{} // holds one: whose turn it is
	mu     sync.Mutex
	until  time.Time // nothing before
	inARow int       // limits met in a row, for those that don't say how long
	last   time.Time // the end of the last change
}

func newRateLimiter(next http.RoundTripper, spacing time.Duration) *rateLimiter {
	return &rateLimiter{next: next, spacing: spacing, turn: make(chan struct{}, 1)}
}

// RoundTrip implements http.RoundTripper.
func (g *rateLimiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.closed(); err != nil {
		return nil, err
	}
	// Making a token changes nothing of anybody's and must not hold a dispatch
	// up for a second.
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return g.send(r)
	}
	select {
	case g.turn <- struct{}{}:
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", errTurn, r.Context().Err())
	}
	defer func() { <-g.turn }()
	if err := g.space(r.Context()); err != nil {
		return nil, err
	}
	if err := g.closed(); err != nil {
		return nil, err
	}
	resp, err := g.send(mark(r))
	g.mu.Lock()
	g.last = time.Now()
	g.mu.Unlock()
	return resp, err
}

func (g *rateLimiter) closed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.until) {
		return &LimitedError{Until: g.until}
	}
	return nil
}

func (g *rateLimiter) space(ctx context.Context) error {
	g.mu.Lock()
	wait := time.Until(g.last.Add(g.spacing))
	g.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errTurn, ctx.Err())
	}
}

// send makes a call and turns GitHub's wish for a pause into a LimitedError.
func (g *rateLimiter) send(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	until, err := g.pause(resp)
	if err != nil || !until.IsZero() {
		_ = resp.Body.Close() // its end is no news
		if err != nil {
			return nil, err
		}
		return nil, &LimitedError{Until: until}
	}
	return resp, nil
}

// maxRefusal bounds what is read of a refusal, in bytes.
const maxRefusal = 1 << 20

// pause reads from an answer until when GitHub asks for a pause. Both limits
// come as 403 or as 429 (docs.github.com: rate limits for the REST API).
func (g *rateLimiter) pause(resp *http.Response) (time.Time, error) {
	now := time.Now()
	limited := resp.StatusCode == http.StatusTooManyRequests
	if resp.StatusCode == http.StatusForbidden {
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
		if err != nil {
			return time.Time{}, fmt.Errorf("read GitHub's refusal: %w", err)
		}
		resp.Body = struct {
			io.Reader
			io.Closer
		}{bytes.NewReader(text), resp.Body}
		limited = resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0" || bytes.Contains(text, []byte("rate limit"))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !limited {
		if resp.StatusCode < 400 {
			g.inARow = 0
		}
		return time.Time{}, nil
	}
	g.inARow++
	until := pauseEnd(resp.Header, now)
	if until.IsZero() {
		until = now.Add(min(time.Minute<<min(g.inARow-1, 5), 20*time.Minute))
	}
	if until.After(g.until) {
		g.until = until
	}
	return g.until, nil
}

// pauseEnd is when GitHub says that it takes calls again; zero when it does
// not say. Nothing makes us wait for longer than its hour.
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
	at := time.Unix(reset, 0).Add(time.Second) // its clock may be ahead of ours
	if at.Before(now.Add(time.Second)) {
		at = now.Add(time.Second)
	}
	if at.After(now.Add(time.Hour + time.Minute)) {
		at = now.Add(time.Hour)
	}
	return at
}

type sentKey struct{}

// watchSending gives a context in which it can be told afterwards whether a
// change can have reached GitHub: without a connection nothing has.
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
