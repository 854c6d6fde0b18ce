package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// answerLimit is how long an app may take to begin an answer whose body is then read
// without limit. A backup is copied before its first byte is sent.
const answerLimit = 2 * time.Minute

var errLate = errors.New("no answer within " + answerLimit.String())

// LongLog is Log without the time limit of other calls.
func (c *Client) LongLog(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	resp, err := c.stream(ctx, call{method: http.MethodGet, path: releasePath(site, number, "log")}, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// stream makes a call whose answer may take any time to read. It is made once.
func (c *Client) stream(ctx context.Context, k call, header http.Header) (*http.Response, error) {
	// The limit ends the call only until the answer begins.
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(answerLimit, func() { cancel(errLate) })
	req, err := c.request(ctx, k)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := (&http.Client{Transport: c.http.Transport}).Do(req)
	late.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), errLate) {
			err = &url.Error{Op: "GET", URL: c.base.String() + k.path, Err: errLate}
		}
		cancel(nil)
		return nil, fmt.Errorf("reach the app at %s: %w", c.base.Host, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer cancel(nil)
		defer resp.Body.Close()
		return nil, problemOf(resp)
	}
	resp.Body = &cancelled{resp.Body, cancel}
	return resp, nil
}

// cancelled is an answer's body that ends its call when it is closed.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close ends the call.
func (c *cancelled) Close() error {
	defer c.cancel(nil)
	return c.ReadCloser.Close()
}
