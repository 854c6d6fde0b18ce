// Package fetch asks a source for its content: gently, again where that helps, and within
// bounds, since the other end is not trusted. Credentials go to the source's own origin
// alone, and are in no address that is logged or shown.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/internal/text"
)

// Bounds of one request.
const (
	// mostBytes bounds an answer, unpacked.
	mostBytes = 64 << 20
	// tryTimeout bounds one try, from the connection to the end of the answer.
	tryTimeout = 90 * time.Second
	// mostTries bounds how often a request without a good answer is sent.
	mostTries = 6
)

// Credential authenticates the requests to a source.
type Credential struct {
	// Header and Query are added to each request.
	Header http.Header
	Query  url.Values
}

// Options configure a Client.
type Options struct {
	// URL is the source's address, without a query.
	URL        string
	Credential Credential
	// Pace is shared by all who ask this source.
	Pace *pace.Pacer
	// Transport is below the calls; nil for the network.
	Transport http.RoundTripper
	// Agent is sent as User-Agent.
	Agent string
	// Now is our own clock, for sources that tell no time.
	Now func() time.Time
}

// Client asks one source. It is safe for use by many goroutines.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client

	requests, bytes, failed atomic.Int64
}

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// At is when it was made, by the source's clock; OwnClock says that it sent no time
	// and this is by this machine's clock.
	At       time.Time
	OwnClock bool
}

// StatusError says that a source answered with a status other than 2xx.
type StatusError struct {
	Status int
	// Asked is the requested address, without secrets; Says is the answer's own reason.
	Asked, Says string
	// At and OwnClock are the Answer's.
	At       time.Time
	OwnClock bool
}

// Error names the request and the answer.
func (e *StatusError) Error() string {
	words := fmt.Sprintf("%s answered %d %s", e.Asked, e.Status, http.StatusText(e.Status))
	if e.Says != "" {
		words += ": " + e.Says
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		words += "; check the credential, and that it may read this"
	case http.StatusNotFound:
		words += "; check the address and the kind of the source"
	}
	return words
}

// New makes a client. It refuses an address that is none, and one over which a
// credential would go unencrypted.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https"):
		return nil, errors.New("the source's address is no web address; expected https://HOST/PATH")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the source's address has a password, a ? or a # in it; expected an address without, and the credential by file or environment")
	}
	secret := len(o.Credential.Header)+len(o.Credential.Query) > 0
	if secret && base.Scheme == "http" && !outbound.Loopback(base.Hostname()) {
		return nil, fmt.Errorf("http://%s is not encrypted, so no credential is sent there; expected https (plain http with a credential only on this machine)", base.Host)
	}
	if o.Transport == nil {
		network := outbound.Transport(base.Hostname())
		network.MaxIdleConns, network.MaxIdleConnsPerHost = 64, 64
		o.Transport = network
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, base: base}
	c.http = &http.Client{Transport: o.Transport, Timeout: tryTimeout, CheckRedirect: c.redirect}
	return c, nil
}

// redirect follows a few redirects, within the source's host alone.
func (c *Client) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || !c.own(r.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// own says whether an address is of the source's own origin; https in place of http is.
func (c *Client) own(u *url.URL) bool {
	return strings.EqualFold(u.Host, c.base.Host) && (u.Scheme == c.base.Scheme || u.Scheme == "https")
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Figures are how many requests were sent, how many bytes of answers were read
// (unpacked), and how many requests had to be sent again.
func (c *Client) Figures() (requests, bytes, again int64) {
	return c.requests.Load(), c.bytes.Load(), c.failed.Load()
}

// Ask asks until read accepts an answer, at most 6 times: then the error is a
// *TriedError. A status other than 2xx is a *StatusError.
func (c *Client) Ask(ctx context.Context, r content.Request, read func(Answer) error) error {
	u, err := url.Parse(r.URL)
	if err != nil || !c.own(u) {
		return fmt.Errorf("the source leads to %s, which is not at %s: nothing is read from there", text.Shorten(text.OneLine(r.URL), 200), c.base.Host)
	}
	for try := 1; ; try++ {
		again, err := c.try(ctx, r, u, read)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !again {
			return err
		}
		c.failed.Add(1)
		if try == mostTries {
			return &TriedError{Err: err}
		}
	}
}

// TriedError says that all tries of a request failed.
type TriedError struct{ Err error }

func (e *TriedError) Error() string { return fmt.Sprintf("after %d tries: %v", mostTries, e.Err) }

// Unwrap gives the last failure.
func (e *TriedError) Unwrap() error { return e.Err }

// try asks once, when its turn has come, and says whether to try again.
func (c *Client) try(ctx context.Context, r content.Request, u *url.URL, read func(Answer) error) (again bool, err error) {
	turn := c.o.Pace.Do(ctx, func() pace.Answer {
		var answer Answer
		var load pace.Answer
		answer, load, err = c.send(ctx, r, u)
		switch {
		case err != nil:
			again = ctx.Err() == nil && !errors.Is(err, errTooLarge)
			return load
		case answer.Status/100 != 2:
			o, _ := content.ParseObject(answer.Body) // an answer without JSON says nothing
			err = &StatusError{answer.Status, asked(r, u), o.Complaint(), answer.At, answer.OwnClock}
			again = answer.Status >= 500 || answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusRequestTimeout
			return load
		}
		if err = read(answer); err != nil {
			again = errors.Is(err, content.ErrNotAList)
			err = fmt.Errorf("read what %s answered: %w", asked(r, u), err)
			load.Verdict = pace.Failed
		}
		return load
	})
	return again, errors.Join(turn, err)
}

// errTooLarge says that an answer is too large for a page of a list.
var errTooLarge = fmt.Errorf("the answer is larger than %s (unpacked): ask for smaller pages", text.Bytes(mostBytes))

func (c *Client) send(ctx context.Context, r content.Request, u *url.URL) (Answer, pace.Answer, error) {
	request, err := c.request(ctx, r, u)
	if err != nil {
		return Answer{}, pace.Answer{Verdict: pace.Failed}, err
	}
	c.requests.Add(1)
	resp, err := c.http.Do(request)
	if err != nil {
		return Answer{}, pace.OfResponse(nil, c.o.Now()), fmt.Errorf("ask %s: %w", asked(r, u), reason(err))
	}
	defer resp.Body.Close()
	load := pace.OfResponse(resp, c.o.Now())
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBytes+1))
	c.bytes.Add(int64(len(body)))
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	var undated error
	if answer.At, undated = http.ParseTime(resp.Header.Get("Date")); undated != nil { // to the second (RFC 9110, 6.6.1)
		answer.At, answer.OwnClock = c.o.Now(), true
	}
	switch {
	case err != nil:
		return answer, pace.Answer{Verdict: pace.Overloaded}, fmt.Errorf("read what %s answered: %w", asked(r, u), reason(err))
	case len(body) > mostBytes:
		return answer, load, fmt.Errorf("read what %s answered: %w", asked(r, u), errTooLarge)
	}
	return answer, load, nil
}

func (c *Client) request(ctx context.Context, r content.Request, u *url.URL) (*http.Request, error) {
	at := *u
	if len(c.o.Credential.Query) > 0 {
		query := at.Query()
		for key, values := range c.o.Credential.Query {
			query[key] = values
		}
		at.RawQuery = query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, at.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("the request can't be made: its address is no web address")
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for key, values := range c.o.Credential.Header {
		request.Header[key] = values
	}
	request.Header.Set("User-Agent", c.o.Agent)
	request.Header.Set("Cache-Control", "no-cache")
	request.Header.Set("Accept", "application/vnd.api+json, application/json;q=0.9, */*;q=0.1")
	return request, nil
}

// asked names a request to people: it has no secret, which is added later.
func asked(r content.Request, u *url.URL) string {
	return r.Method + " " + text.Shorten(text.OneLine(u.Path+query(u)), 300)
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	if plain, err := url.QueryUnescape(u.RawQuery); err == nil {
		return "?" + plain
	}
	return "?" + u.RawQuery
}

// reason is an error without the address, which may have a secret.
func reason(err error) error {
	if whole, ok := errors.AsType[*url.Error](err); ok {
		if whole.Timeout() {
			return fmt.Errorf("no whole answer within %s", tryTimeout)
		}
		return whole.Err
	}
	return err
}
