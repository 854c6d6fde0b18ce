package cdn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How patient a purge is: a CDN's control plane is slow to answer and quick to
// refuse (research: deploy.md 4.1), and a purge that is given up leaves readers
// with old pages.
const (
	maxTries   = 10
	firstPause = time.Second
	maxPause   = 20 * time.Second
	callTime   = 30 * time.Second
	maxAnswer  = 1 << 20
)

// client calls an HTTP API and retries what may pass.
type client struct {
	http  *http.Client
	pause time.Duration // before the second try; 0 for firstPause
}

// call is one API request. Header values may be secrets: they are in no error.
type call struct {
	Method string
	URL    string
	Header map[string]string
	Body   any // JSON, nil for none
	Host   string
}

// explain names the host alone: a path or a query may hold a token, and so does
// the text of a *url.Error.
func (c call) explain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("%s at %s: %w", c.Method, hostOf(c.URL), err)
}

// statusError is an answer that is no success.
type statusError struct {
	Status int
	Body   string
	After  time.Duration
}

// Error shows the start of the answer, which says why.
func (e *statusError) Error() string {
	text := strings.Join(strings.Fields(e.Body), " ")
	return fmt.Sprintf("answered %d %s %s", e.Status, http.StatusText(e.Status), text[:min(len(text), 200)])
}

func (e *statusError) passing() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// do sends a request until it succeeds, and returns the answer's body.
func (c *client) do(ctx context.Context, in call) ([]byte, error) {
	pause := c.pause
	if pause == 0 {
		pause = firstPause
	}
	for try := 1; ; try++ {
		body, err := c.once(ctx, in)
		if err == nil {
			return body, nil
		}
		var status *statusError
		final := errors.As(err, &status) && !status.passing()
		if final || try == maxTries || ctx.Err() != nil {
			return nil, in.explain(err)
		}
		wait := pause/2 + rand.N(pause) //nolint:gosec // spreads retries, hides nothing
		if status != nil && status.After > 0 {
			wait = min(status.After, maxPause)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, in.explain(err)
		}
		pause = min(2*pause, maxPause)
	}
}

func (c *client) once(ctx context.Context, in call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var body io.Reader = http.NoBody
	if in.Body != nil {
		text, err := json.Marshal(in.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, in.Method, in.URL, body)
	if err != nil {
		return nil, err
	}
	if in.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range in.Header {
		request.Header.Set(name, value)
	}
	if in.Host != "" {
		request.Host = in.Host
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, &statusError{Status: response.StatusCode, Body: string(answer), After: retryAfter(response.Header)}
	}
	return answer, nil
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
