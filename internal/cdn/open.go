package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config names a CDN. Secrets come from files or the environment, never from an
// address or a command line.
type Config struct {
	// Address is "cloudfront:DISTRIBUTION", "fastly:SERVICE", "cloudflare:ZONE",
	// "varnish:http://server:6081[,http://another:6081]" or "webhook:https://...".
	Address   string
	PublicURL string // the site's public address; needed by all but CloudFront and webhooks
	Token     string // Fastly's and Cloudflare's API token, or the webhook's secret
	Tags      bool   // the CDN is set up to read tags (CloudFront, Cloudflare)
	Endpoint  string // another address of the CDN's API, for tests
}

// Kinds are the CDNs that Open knows.
var Kinds = []string{"cloudfront", "fastly", "cloudflare", "varnish", "webhook"}

// Open makes the purger that a configuration names. Nothing is sent yet.
func Open(ctx context.Context, c Config) (Purger, error) {
	kind, name, ok := strings.Cut(c.Address, ":")
	if !ok || name == "" {
		return nil, fmt.Errorf("the CDN %q is not written as KIND:NAME, with KIND one of %s", c.Address, strings.Join(Kinds, ", "))
	}
	public, err := parsePublic(c.PublicURL)
	if err != nil {
		return nil, err
	}
	api := client{http: &http.Client{Timeout: callTime + 5*time.Second, CheckRedirect: noRedirect}}
	switch kind {
	case "cloudfront":
		return NewCloudFront(ctx, CloudFrontOptions{Distribution: name, PathPrefix: public.Path, Tags: c.Tags, Endpoint: c.Endpoint})
	case "fastly":
		if c.Token == "" {
			return nil, errors.New("fastly needs an API token: set FASTLY_API_TOKEN")
		}
		return &Fastly{Service: name, Token: c.Token, Host: public.Host + trimmed(public.Path), API: c.Endpoint, client: api}, nil
	case "cloudflare":
		if c.Token == "" {
			return nil, errors.New("cloudflare needs an API token: set CLOUDFLARE_API_TOKEN")
		}
		return &Cloudflare{Zone: name, Token: c.Token, Base: c.PublicURL, Tags: c.Tags, API: c.Endpoint, client: api}, nil
	case "varnish":
		servers := strings.Split(name, ",")
		for _, s := range servers {
			if u, err := url.Parse(s); err != nil || u.Host == "" {
				return nil, fmt.Errorf("the varnish server %q is not an address like http://varnish:6081", s)
			}
		}
		return &Varnish{Servers: servers, Host: public.Host, client: api}, nil
	case "webhook":
		if u, err := url.Parse(name); err != nil || u.Host == "" {
			return nil, errors.New("the webhook's address is not a URL like https://example.org/purge")
		}
		return &Webhook{URL: name, Secret: c.Token, client: api}, nil
	}
	return nil, fmt.Errorf("the CDN %q is not known: use one of %s", kind, strings.Join(Kinds, ", "))
}

// noRedirect keeps a token from being sent to wherever an answer points.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func parsePublic(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || (address != "" && u.Host == "") {
		return nil, fmt.Errorf("the public address %q is not a URL like https://www.example.org", address)
	}
	return u, nil
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Host
}
