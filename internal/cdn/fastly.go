package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var _ Purger = (*Fastly)(nil)

const (
	fastlyAPI  = "https://api.fastly.com"
	fastlyKeys = 256 // surrogate keys in one call (Fastly API, "Purging")
	// fastlyTagHeader: Fastly reads tags from the origin's Surrogate-Key; S3 can
	// only store it as metadata, which a VCL line copies over.
	fastlyTagHeader = "x-amz-meta-surrogate-key"
	// fastlyPaths are purged one call each, of 100,000 allowed an hour.
	fastlyPaths = 500
)

// Fastly purges one service. Purges take effect as they are answered.
type Fastly struct {
	Service string
	Token   string
	// Host is the site's public host, needed to purge by path.
	Host string
	// Hard drops objects at once; else they turn stale and may be served while a
	// new one is fetched, or when the origin is down.
	Hard bool
	API  string // for tests

	client client
}

// String names the service.
func (f *Fastly) String() string { return "fastly " + f.Service }

// Abilities are Fastly's: it knows no folders.
func (f *Fastly) Abilities() Abilities {
	return Abilities{TagHeader: fastlyTagHeader, Paths: fastlyPaths}
}

// Purge drops tags in batches, and paths one by one.
func (f *Fastly) Purge(ctx context.Context, p Purge) (Receipt, error) {
	api := f.API
	if api == "" {
		api = fastlyAPI
	}
	if p.All {
		// Fastly has no soft purge of everything.
		return nil, f.send(ctx, api+"/service/"+url.PathEscape(f.Service)+"/purge_all", nil, false)
	}
	for keys := range slices.Chunk(p.Tags, fastlyKeys) {
		body := map[string]any{"surrogate_keys": keys}
		if err := f.send(ctx, api+"/service/"+url.PathEscape(f.Service)+"/purge", body, true); err != nil {
			return nil, err
		}
	}
	if len(p.Paths) > 0 && f.Host == "" {
		return nil, errors.New("fastly can't purge a path without the site's public host: set --public-url")
	}
	for _, path := range p.Paths {
		if err := f.send(ctx, api+"/purge/"+f.Host+encodePath(path), nil, true); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (f *Fastly) send(ctx context.Context, address string, body any, soft bool) error {
	header := map[string]string{"Fastly-Key": f.Token, "Accept": "application/json"}
	if soft && !f.Hard {
		header["Fastly-Soft-Purge"] = "1"
	}
	_, err := f.client.do(ctx, call{Method: http.MethodPost, URL: address, Header: header, Body: body})
	if err != nil {
		return fmt.Errorf("purge fastly service %s: %w", f.Service, advise(err, "check the token and its purge permissions", "check the service id"))
	}
	return nil
}

// Wait returns at once: a purge that was answered is in effect.
func (f *Fastly) Wait(context.Context, Receipt) error { return nil }

// advise adds what to do about a refused token or an unknown name.
func advise(err error, denied, missing string) error {
	var status *statusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s: %w", denied, err)
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w", missing, err)
	}
	return err
}

// trimmed is an address without its last slash.
func trimmed(address string) string { return strings.TrimRight(address, "/") }
