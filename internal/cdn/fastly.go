package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

var _ Purger = (*fastly)(nil)

const (
	fastlyAPI = "https://api.fastly.com"
	// fastlyKeys is how many surrogate keys one call takes (Fastly API, "Purging").
	fastlyKeys = 256
	// fastlyPaths is how many paths are purged, one call each: an account has 100,000
	// calls an hour.
	fastlyPaths = 1000
	// fastlyTagHeader: Fastly reads tags from the origin's Surrogate-Key, and S3
	// can only store it as metadata, which a line of VCL copies over.
	fastlyTagHeader = "x-amz-meta-surrogate-key"
	callsAtOnce     = 8
)

// fastly purges one service. A purge is in effect once it is answered. Purges are soft
// where Fastly can: the old copy is served while a new one is fetched, or when the origin
// is down.
type fastly struct {
	service, token string
	host           string
	api            string
	client         client
}

func openFastly(_ context.Context, t target) (Purger, error) {
	if t.secret == "" {
		return nil, errors.New("fastly needs an API token in FASTLY_API_TOKEN or a secret file")
	}
	return &fastly{service: t.name, token: t.secret, host: t.public.Host, api: orDefault(t.config.Endpoint, fastlyAPI), client: t.http}, nil
}

func (f *fastly) Name() string { return "fastly:" + f.service }

// Limits are Fastly's: it knows no prefixes, and purges are free.
func (f *fastly) Limits() Limits {
	l := Limits{Tags: 16 * fastlyKeys, TagHeader: fastlyTagHeader, Everything: true}
	if f.host != "" {
		l.Paths = fastlyPaths
	}
	return l
}

// Purge drops tags in batches and paths one by one.
func (f *fastly) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, f.Name(), set, callLimits{total: fastlyKeys}, func(ctx context.Context, items []item) (string, error) {
		switch items[0].kind {
		case kindAll:
			// Fastly has no soft purge of everything.
			return "", f.send(ctx, "/service/"+url.PathEscape(f.service)+"/purge_all", nil, false)
		case kindTag:
			body, err := json.Marshal(map[string]any{"surrogate_keys": values(items, kindTag)})
			if err != nil {
				return "", err
			}
			return "", f.send(ctx, "/service/"+url.PathEscape(f.service)+"/purge", body, true)
		case kindPrefix:
			return "", errors.New("fastly can't purge by prefix: use tags or paths")
		case kindPath:
		}
		return "", f.paths(ctx, values(items, kindPath))
	})
}

func (f *fastly) paths(ctx context.Context, paths []string) error {
	if f.host == "" {
		return errors.New("fastly can't purge a path without the site's public address: set --public-url")
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callsAtOnce)
	for _, path := range paths {
		group.Go(func() error { return f.send(ctx, "/purge/"+f.host+urlpath.Encode(path), nil, true) })
	}
	return group.Wait()
}

func (f *fastly) send(ctx context.Context, path string, body []byte, soft bool) error {
	header := map[string]string{"Fastly-Key": f.token, "Accept": "application/json"}
	if soft {
		header["Fastly-Soft-Purge"] = "1"
	}
	_, err := f.client.do(ctx, call{method: http.MethodPost, url: f.api + path, header: header, body: body})
	if err != nil {
		return fmt.Errorf("purge fastly service %s: %w", f.service, advise(err,
			"check that the token may purge_select and purge_all", "check the service id"))
	}
	return nil
}

func (f *fastly) Wait(context.Context, Receipt) error { return nil }
