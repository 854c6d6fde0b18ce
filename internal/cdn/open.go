package cdn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Config names a CDN. It holds no secrets, only where they are.
type Config struct {
	// Address is "cloudfront:DISTRIBUTION", "fastly:SERVICE", "cloudflare:ZONE",
	// "varnish:http://server:6081[,http://another:6081]", "webhook:https://..."
	// or "none".
	Address   string `json:"address"`
	PublicURL string `json:"public_url,omitempty"` // the site's public address
	// Tags says that the CDN is set up to read cache tags (CloudFront,
	// Cloudflare; Varnish and webhooks always get them).
	Tags bool `json:"tags,omitempty"`
	// CleanURLs says that "/about" shows about.html: both addresses are purged.
	CleanURLs bool `json:"clean_urls,omitempty"`
	// NotFoundCached says that caches keep a "not found" for long: the addresses of
	// new pages are purged too.
	NotFoundCached bool `json:"not_found_cached,omitempty"`
	// SecretFile holds the API token or the webhook's secret. Without it the
	// environment is read, see [SecretVariable].
	SecretFile string `json:"secret_file,omitempty"`

	Getenv   func(string) string `json:"-"` // default os.Getenv
	Patience Patience            `json:"-"`
	Endpoint string              `json:"-"` // another address of the CDN's API, for tests
}

// Sync are the options of a [Sync] with this CDN.
func (c Config) Sync(site string) SyncOptions {
	return SyncOptions{Site: site, PublicURL: c.PublicURL, CleanURLs: c.CleanURLs, NotFoundCached: c.NotFoundCached}
}

// Input is what a [Plan] for this CDN begins with.
func (c Config) Input(site string) Input {
	return Input{Site: site, Base: basePath(c.PublicURL), CleanURLs: c.CleanURLs, NotFoundCached: c.NotFoundCached}
}

// Kinds are the CDNs that Open knows.
var Kinds = []string{"cloudfront", "fastly", "cloudflare", "varnish", "webhook", "none"}

// secretVariables are the environment variables of secrets. CloudFront uses
// AWS's own.
var secretVariables = map[string]string{
	"fastly": "FASTLY_API_TOKEN", "cloudflare": "CLOUDFLARE_API_TOKEN", "webhook": "PRESSRUN_CDN_WEBHOOK_SECRET",
}

// SecretVariable is the environment variable with the secret of an address's
// CDN; "" when it needs none.
func SecretVariable(address string) string {
	kind, _, _ := strings.Cut(address, ":")
	return secretVariables[kind]
}

// ErrNoPublicURL tells that a CDN can't be told anything without the site's
// public address.
var ErrNoPublicURL = errors.New("the site's public address is needed (--public-url https://www.example.org)")

// Check says what is wrong with a configuration, as far as that can be seen
// without its secrets and without sending anything. Errors show no more of the
// address than its kind.
func Check(c Config) error {
	_, err := c.parse()
	return err
}

// target is a configuration that was read.
type target struct {
	kind, name string
	public     *url.URL
	servers    []string // of varnish
	webhook    *url.URL
}

func (c Config) parse() (target, error) {
	kind, name, ok := strings.Cut(c.Address, ":")
	t := target{kind: kind, name: name}
	if kind == "none" && !ok {
		return t, nil
	}
	if name == "" {
		return t, fmt.Errorf("the CDN %q is not written as KIND:NAME, with KIND one of %s", kindOnly(c.Address), strings.Join(Kinds, ", "))
	}
	var err error
	if t.public, err = publicURL(c.PublicURL); err != nil {
		return t, err
	}
	switch kind {
	case "cloudfront", "fastly":
	case "cloudflare":
		if t.public.Host == "" {
			err = fmt.Errorf("cloudflare purges by full address: %w", ErrNoPublicURL)
		}
	case "varnish":
		t.servers, err = varnishServers(name)
		if err == nil && t.public.Host == "" {
			err = fmt.Errorf("varnish tells objects apart by host: %w", ErrNoPublicURL)
		}
	case "webhook":
		t.webhook, err = webhookURL(name)
	default:
		err = fmt.Errorf("the CDN %q is not known: use one of %s", kind, strings.Join(Kinds, ", "))
	}
	return t, err
}

// Open makes the purger that a configuration names. Nothing is sent yet.
func Open(ctx context.Context, c Config) (Purger, error) {
	t, err := c.parse()
	if err != nil {
		return nil, err
	}
	kind, name, public := t.kind, t.name, t.public
	if kind == "none" {
		return None{}, nil
	}
	secret, err := c.secret(kind)
	if err != nil {
		return nil, err
	}
	base, http := cleanBase(public.Path), newClient(c.Patience)
	switch kind {
	case "cloudfront":
		return newCloudFront(ctx, name, c)
	case "fastly":
		if secret == "" {
			return nil, errors.New("fastly needs an API token in FASTLY_API_TOKEN or a secret file")
		}
		return &Fastly{service: name, token: secret, host: public.Host, api: orDefault(c.Endpoint, fastlyAPI), client: http}, nil
	case "cloudflare":
		if secret == "" {
			return nil, errors.New("cloudflare needs an API token in CLOUDFLARE_API_TOKEN or a secret file")
		}
		return &Cloudflare{
			zone: name, token: secret, origin: public.Scheme + "://" + public.Host, host: public.Host,
			base: base, tags: c.Tags, api: orDefault(c.Endpoint, cloudflareAPI), client: http,
		}, nil
	case "varnish":
		return &Varnish{servers: t.servers, host: public.Host, base: base, client: http}, nil
	}
	return openWebhook(t.webhook, base, secret, http)
}

func varnishServers(list string) ([]string, error) {
	var servers []string
	for server := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(server)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
			return nil, errors.New("each varnish server must be an address like http://varnish:6081, without a name and password")
		}
		servers = append(servers, u.Scheme+"://"+u.Host)
	}
	return servers, nil
}

func webhookURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname()))) {
		return nil, errors.New("the webhook's address must be a URL like https://example.org/purge (plain http only on this machine)")
	}
	return u, nil
}

func openWebhook(u *url.URL, base, secret string, http client) (Purger, error) {
	w := &Webhook{url: u.String(), host: u.Host, base: base, client: http, now: time.Now}
	if secret != "" {
		var err error
		if w.key, err = webhookKey(secret); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// secret reads the CDN's secret. Blanks around it are an editor's.
func (c Config) secret(kind string) (string, error) {
	if c.SecretFile != "" {
		text, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return "", fmt.Errorf("read the CDN's secret: %w", err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	getenv := c.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	variable := secretVariables[kind]
	if variable == "" {
		return "", nil
	}
	return strings.TrimSpace(getenv(variable)), nil
}

func publicURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || (address != "" && (u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"))) {
		return nil, fmt.Errorf("the public address %q is not a URL like https://www.example.org", address)
	}
	return u, nil
}

// basePath is the folder that the site has in its public address.
func basePath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return cleanBase(u.Path)
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return strings.TrimRight(value, "/")
}

// kindOnly shows no more of an address than its kind: the rest may be a secret.
func kindOnly(address string) string {
	kind, rest, ok := strings.Cut(address, ":")
	if ok && rest != "" {
		return kind + ":..."
	}
	return address
}
