package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var _ Purger = (*Cloudflare)(nil)

const (
	cloudflareAPI = "https://api.cloudflare.com/client/v4"
	// cloudflareBatch is how many files, tags or prefixes one call takes
	// (Cloudflare docs, "Purge cache", 2026-07).
	cloudflareBatch     = 100
	cloudflarePaths     = 3000
	cloudflarePrefixes  = 100
	cloudflareTagHeader = "x-amz-meta-cache-tag"
)

// Cloudflare purges one zone. Purges take effect as they are answered.
type Cloudflare struct {
	Zone  string
	Token string
	// Base is the site's public address, "https://www.example.org".
	Base string
	// Tags is for zones where a rule copies x-amz-meta-cache-tag to Cache-Tag.
	Tags bool
	API  string // for tests

	client client
}

// String names the zone.
func (c *Cloudflare) String() string { return "cloudflare " + c.Zone }

// Abilities are Cloudflare's.
func (c *Cloudflare) Abilities() Abilities {
	can := Abilities{Paths: cloudflarePaths, Prefixes: cloudflarePrefixes}
	if c.Tags {
		can.TagHeader = cloudflareTagHeader
	}
	return can
}

// Purge sends one call for each hundred of each kind.
func (c *Cloudflare) Purge(ctx context.Context, p Purge) (Receipt, error) {
	if p.All {
		return nil, c.send(ctx, map[string]any{"purge_everything": true})
	}
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" {
		return nil, errors.New("cloudflare purges by full address: set --public-url to the site's, like https://www.example.org")
	}
	for kind, list := range map[string][]string{
		"tags":     p.Tags,
		"files":    each(p.Paths, func(path string) string { return trimmed(c.Base) + encodePath(path) }),
		"prefixes": each(p.Prefixes, func(path string) string { return base.Host + trimmed(base.Path) + encodePath(path) }),
	} {
		for batch := range slices.Chunk(list, cloudflareBatch) {
			if err := c.send(ctx, map[string]any{kind: batch}); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func each(list []string, f func(string) string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, f(s))
	}
	return out
}

func (c *Cloudflare) send(ctx context.Context, body any) error {
	api := c.API
	if api == "" {
		api = cloudflareAPI
	}
	answer, err := c.client.do(ctx, call{
		Method: http.MethodPost, URL: api + "/zones/" + url.PathEscape(c.Zone) + "/purge_cache",
		Header: map[string]string{"Authorization": "Bearer " + c.Token}, Body: body,
	})
	if err != nil {
		return fmt.Errorf("purge cloudflare zone %s: %w", c.Zone, advise(err, "check the token and that it may purge the cache", "check the zone id"))
	}
	var result struct {
		Success bool `json:"success"`
		Errors  []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("purge cloudflare zone %s: its answer is not JSON: %w", c.Zone, err)
	}
	if !result.Success {
		var why []string
		for _, e := range result.Errors {
			why = append(why, e.Message)
		}
		return fmt.Errorf("purge cloudflare zone %s: refused: %s", c.Zone, strings.Join(why, "; "))
	}
	return nil
}

// Wait returns at once: a purge that was answered is in effect.
func (c *Cloudflare) Wait(context.Context, Receipt) error { return nil }
