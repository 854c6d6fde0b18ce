package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

var _ Purger = (*cloudflare)(nil)

const (
	cloudflareAPI = "https://api.cloudflare.com/client/v4"
	// cloudflareBatch is how many files, tags or prefixes one call takes on every
	// plan (Cloudflare docs, "Purge cache", 2026-07).
	cloudflareBatch = 100
	// Calls by tag and prefix have a bucket of 25 on the smaller plans; calls by file may
	// name 800 a second.
	cloudflareTags      = 10 * cloudflareBatch
	cloudflarePrefixes  = cloudflareBatch
	cloudflarePaths     = 3000
	cloudflareTagHeader = "x-amz-meta-cache-tag"
)

// cloudflare purges one host of a zone. A purge is in effect once it is answered.
type cloudflare struct {
	zone, token  string
	origin, host string // "https://www.example.org", "www.example.org"
	base         string
	tags         bool
	api          string
	client       client
}

func checkCloudflare(t target) error {
	if t.public.Host == "" {
		return fmt.Errorf("cloudflare purges by full address: %w", ErrNoPublicURL)
	}
	return nil
}

func openCloudflare(_ context.Context, t target) (Purger, error) {
	if t.secret == "" {
		return nil, errors.New("cloudflare needs an API token in CLOUDFLARE_API_TOKEN or a secret file")
	}
	return &cloudflare{
		zone: t.name, token: t.secret, origin: t.public.Scheme + "://" + t.public.Host, host: t.public.Host,
		base: t.base, tags: t.config.Tags, api: orDefault(t.config.Endpoint, cloudflareAPI), client: t.http,
	}, nil
}

func (c *cloudflare) Name() string { return "cloudflare:" + c.zone }

// Limits are Cloudflare's; a purge costs nothing.
func (c *cloudflare) Limits() Limits {
	l := Limits{Paths: cloudflarePaths, Prefixes: cloudflarePrefixes, Everything: true}
	if c.tags {
		l.Tags, l.TagHeader = cloudflareTags, cloudflareTagHeader
	}
	return l
}

// Purge makes one call for each hundred of each kind.
func (c *cloudflare) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, c.Name(), set, callLimits{total: cloudflareBatch, folders: true}, func(ctx context.Context, items []item) (string, error) {
		return "", c.send(ctx, c.body(items))
	})
}

// body is the body of a purge. Everything is the site's host or its folder there: the rest
// of the zone belongs to other sites.
func (c *cloudflare) body(items []item) map[string]any {
	var list []string
	name := ""
	for _, i := range items {
		switch i.kind {
		case kindAll:
			if c.base != "" {
				return map[string]any{"prefixes": []string{c.host + urlpath.Encode(c.base)}}
			}
			return map[string]any{"hosts": []string{c.host}}
		case kindTag:
			name, list = "tags", append(list, i.value)
		case kindPath:
			name, list = "files", append(list, c.origin+urlpath.Encode(i.value))
		case kindPrefix:
			// As Cloudflare writes it: without scheme and last slash.
			name, list = "prefixes", append(list, c.host+strings.TrimSuffix(urlpath.Encode(i.value), "/"))
		}
	}
	return map[string]any{name: list}
}

func (c *cloudflare) send(ctx context.Context, body map[string]any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	answer, err := c.client.do(ctx, call{
		method: http.MethodPost, url: c.api + "/zones/" + url.PathEscape(c.zone) + "/purge_cache",
		header: map[string]string{"Authorization": "Bearer " + c.token}, body: text,
	})
	if err == nil {
		err = refusal(answer)
	}
	if err != nil {
		return fmt.Errorf("purge cloudflare zone %s: %w", c.zone, advise(err, "check that the token may purge this zone's cache", "check the zone id"))
	}
	return nil
}

// refusal is the error in an answer, which may have status 200.
func refusal(answer []byte) error {
	var result struct {
		Success bool `json:"success"`
		Errors  []struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("its answer is not JSON: %w", err)
	}
	if result.Success {
		return nil
	}
	var why []string
	for _, e := range result.Errors {
		why = append(why, fmt.Sprintf("%d %q", e.Code, e.Message))
	}
	err := errors.New("it refused: " + strings.Join(why, "; "))
	if len(why) == 0 {
		return err
	}
	return &refusedError{Err: err}
}

func (c *cloudflare) Wait(context.Context, Receipt) error { return nil }
