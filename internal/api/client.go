package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxAnswer bounds how many bytes of an answer a client reads.
const maxAnswer = 16 << 20

// Client talks to an app. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	token   string
	zone    string       // of the times in sentences of answers; "" for each site's own
	http    *http.Client // makes each call once
	patient *http.Client // repeats a failed call: only for calls that may be repeated
}

// Options are settings of a client; the zero value is fine.
type Options struct {
	// Tries bounds how often a repeatable call is made; 0 means 6, over about
	// 30 seconds.
	Tries int
	// Transport is used for all calls; nil for a default one.
	Transport http.RoundTripper
	// OnRetry is called with the error of each failed try before the next one; may be nil.
	OnRetry func(err string)
	// UserAgent names the program; "" means "pressrun".
	UserAgent string
}

// NewClient makes a client of the app at a base URL such as
// https://pressrun.example.gov. The token may be empty.
func NewClient(base, token string, opts Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the app's address %q is not an http or https URL", base)
	}
	if u.User != nil {
		return nil, errors.New("the app's address must not contain a password: give the token by itself")
	}
	transport := opts.Transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	agent := opts.UserAgent
	if agent == "" {
		agent = "pressrun"
	}
	transport = withAgent{transport, agent}
	c := &Client{base: u, token: token, http: &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: onlyReads}}
	c.patient = patient(transport, opts)
	return c, nil
}

// onlyReads follows redirects of calls that read. Any other call would be repeated as a
// GET without its body, and the answer to that would pass for success.
func onlyReads(_ *http.Request, via []*http.Request) error {
	const most = 10
	switch {
	case via[0].Method != http.MethodGet:
		return http.ErrUseLastResponse
	case len(via) >= most:
		return fmt.Errorf("the app's address redirects %d times", most)
	}
	return nil
}

type withAgent struct {
	next  http.RoundTripper
	agent string
}

func (w withAgent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", w.agent)
	return w.next.RoundTrip(r)
}

func patient(transport http.RoundTripper, opts Options) *http.Client {
	r := retryablehttp.NewClient()
	r.Logger = nil
	r.HTTPClient = &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: onlyReads}
	r.RetryMax = 5
	if opts.Tries > 0 {
		r.RetryMax = opts.Tries - 1
	}
	r.RetryWaitMin, r.RetryWaitMax = 250*time.Millisecond, 15*time.Second
	r.ErrorHandler = AnswerOrError
	if opts.OnRetry != nil {
		r.ResponseLogHook = func(_ retryablehttp.Logger, resp *http.Response) {
			if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
				opts.OnRetry(resp.Status)
			}
		}
	}
	standard := r.StandardClient()
	standard.CheckRedirect = onlyReads
	return standard
}

// AnswerOrError ends the tries of a call with the last answer or with an error, never
// with both: net/http ignores an answer beside an error, which leaks its body and timer.
// Both exist when the caller gives up just as the answer comes.
func AnswerOrError(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err == nil || resp == nil {
		return resp, err
	}
	_ = resp.Body.Close() // the error matters more
	return nil, err
}

// WithToken is the same client with another bearer token.
func (c *Client) WithToken(token string) *Client {
	with := *c
	with.token = token
	return &with
}

// TimeZoneHeader gives the IANA name of the zone for the times in an answer's sentences
// and for its time_zone. Without it they are in the zone of each site.
const TimeZoneHeader = "Time-Zone"

// In is the same client with another zone for the times in sentences; "" for that of each site.
func (c *Client) In(zone string) *Client {
	with := *c
	with.zone = zone
	return &with
}

// BaseURL is the app's address.
func (c *Client) BaseURL() string { return c.base.String() }

type call struct {
	method, path string
	query        url.Values
	key          string // idempotency key
	body, answer any
	repeatable   bool
}

func (c *Client) do(ctx context.Context, k call) error {
	resp, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if k.answer == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(k.answer); err != nil {
		return fmt.Errorf("read the app's answer to %s %s: %w", k.method, k.path, err)
	}
	return nil
}

// send makes the call and turns anything but a 2xx into an error.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	req, err := c.request(ctx, k)
	if err != nil {
		return nil, err
	}
	client := c.http
	if k.repeatable {
		client = c.patient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reach the app at %s: %w", c.base.Host, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problemOf(resp)
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	u := c.base.JoinPath(k.path)
	u.RawQuery = k.query.Encode()
	var body io.Reader
	if k.body != nil {
		text, err := json.Marshal(k.body)
		if err != nil {
			return nil, fmt.Errorf("write the body of %s %s: %w", k.method, k.path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, k.method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the call %s %s: %w", k.method, k.path, err)
	}
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.key != "" {
		req.Header.Set("Idempotency-Key", k.key)
	}
	if c.zone != "" {
		req.Header.Set(TimeZoneHeader, c.zone)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

func problemOf(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read the app's refusal (%s): %w", resp.Status, err)
	}
	p := &Problem{Status: resp.StatusCode, Title: http.StatusText(resp.StatusCode)}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/problem+json" {
		if err := json.Unmarshal(text, p); err == nil {
			p.Status = resp.StatusCode
			return p
		}
	}
	if to := resp.Header.Get("Location"); resp.StatusCode >= 300 && resp.StatusCode < 400 && to != "" {
		p.Detail = fmt.Sprintf("%s redirects to %q: give the app's own address, not one behind another sign-in", resp.Request.URL.Host, to)
		return p
	}
	p.Detail = fmt.Sprintf("%s answered %s, which is no answer of Pressrun", resp.Request.URL.Host, resp.Status)
	return p
}
