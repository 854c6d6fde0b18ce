package cdn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/text"
)

// RetryPolicy is the number of tries of a call, and the pauses between: a CDN's control
// plane is slow to answer and quick to throttle
// (https://github.com/aws/aws-sdk-js/issues/3983), and a failed purge leaves readers with old
// pages. The zero value is ten tries, with pauses from one to thirty seconds, with jitter.
type RetryPolicy struct {
	Tries      int
	First, Max time.Duration
}

func (p RetryPolicy) orDefault() RetryPolicy {
	if p.Tries <= 0 {
		p.Tries = 10
	}
	if p.First <= 0 {
		p.First = time.Second
	}
	if p.Max <= 0 {
		p.Max = 30 * time.Second
	}
	return p
}

// pause is the wait before the next try; attempt is 0 after the first. Half of it is
// random, so that the jobs of a workflow don't retry together.
func (p RetryPolicy) pause(attempt int) time.Duration {
	full := p.Max
	if attempt < 20 && p.First<<attempt < p.Max {
		full = p.First << attempt
	}
	return full/2 + rand.N(full/2+1) //nolint:gosec // spreads retries, hides nothing
}

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 1 << 20
	// maxRetryAfter caps Retry-After: Cloudflare's free plan refills five requests a minute.
	maxRetryAfter = 2 * time.Minute
)

// client calls an HTTP API and retries transient errors. All its calls may be repeated:
// the same purge twice is the same as once.
type client struct{ retry *retryablehttp.Client }

func newClient(p RetryPolicy) client {
	p = p.orDefault()
	r := retryablehttp.NewClient()
	// No redirects: a token must not be sent to wherever an answer points.
	r.HTTPClient = &http.Client{Timeout: callTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r.Logger = nil // it would log addresses
	r.RetryMax = p.Tries - 1
	r.Backoff = func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
		if after, ok := retryAfter(resp); ok {
			return after
		}
		return p.pause(attempt)
	}
	// The last answer says more than "giving up".
	r.ErrorHandler = func(resp *http.Response, err error, _ int) (*http.Response, error) {
		if resp != nil {
			return resp, nil
		}
		return nil, err
	}
	return client{retry: r}
}

// isTransient is the retry check of a call: whether its failure may be transient.
func isTransient(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0, false
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter), true
}

// call is one API request. Header values and addresses may be secrets, so no error has them.
type call struct {
	method string
	url    string
	header map[string]string
	host   string // the Host header; "" for the address's
	body   []byte
	sign   func(*http.Request) // before each try
}

// statusError is an answer with the status of a failure.
type statusError struct {
	status int
	body   string
}

// Error has the status and the start of the answer.
func (e *statusError) Error() string {
	if e.body == "" {
		return strings.TrimSpace(fmt.Sprintf("it answered %d %s", e.status, http.StatusText(e.status)))
	}
	why := text.ShortenBytes(strings.Join(strings.Fields(e.body), " "), 200)
	return strings.TrimSpace(fmt.Sprintf("it answered %d %s: %q", e.status, http.StatusText(e.status), why))
}

// do sends a call until it succeeds, and returns the answer's body.
func (c client) do(ctx context.Context, in call) ([]byte, error) {
	request, err := retryablehttp.NewRequestWithContext(ctx, in.method, in.url, in.body)
	if err != nil {
		return nil, errors.New("its address is not a URL")
	}
	if in.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	asWritten(request.URL, in.url)
	request.Header.Set("User-Agent", "pressrun")
	for name, value := range in.header {
		request.Header.Set(name, value)
	}
	if in.host != "" {
		request.Host = in.host
	}
	var last error // the error of the last try
	retry := retryablehttp.Client{
		HTTPClient: c.retry.HTTPClient, RetryMax: c.retry.RetryMax, Backoff: c.retry.Backoff, ErrorHandler: c.retry.ErrorHandler,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			last = outcome(ctx, last, resp, err)
			return isTransient(ctx, resp, err)
		},
	}
	if in.sign != nil {
		in.sign(request.Request)
		retry.PrepareRetry = func(r *http.Request) error { in.sign(r); return nil }
	}
	response, err := retry.Do(request)
	if err != nil && ctx.Err() != nil && last != nil {
		return nil, fmt.Errorf("%w; the last try: %w", context.Cause(ctx), last)
	}
	if err != nil {
		return nil, urlpath.HideURL(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read its answer: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, &statusError{status: response.StatusCode, body: string(bytes.ToValidUTF8(answer, []byte("?")))}
	}
	return answer, nil
}

// asWritten keeps the encoding of an address: net/url would encode characters that browsers
// don't encode, and the CDN would purge another object.
func asWritten(u *url.URL, address string) {
	_, rest, _ := strings.Cut(address, "://")
	i := strings.IndexByte(rest, '/')
	if i >= 0 && !strings.HasPrefix(rest[i:], "//") && u.RequestURI() != rest[i:] {
		u.Opaque, u.RawQuery, u.ForceQuery = rest[i:], "", false
	}
}

// outcome is the error of a try; if the try was cancelled, that of the try before.
func outcome(ctx context.Context, before error, resp *http.Response, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return before
	case err != nil:
		return urlpath.HideURL(err)
	}
	return &statusError{status: resp.StatusCode}
}

// advise adds advice to the status for a refused token or an unknown name.
func advise(err error, denied, missing string) error {
	status, ok := errors.AsType[*statusError](err)
	if !ok {
		return err
	}
	switch status.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w (%s)", err, denied)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fmt.Errorf("%w (%s)", err, missing)
	}
	return err
}
