package cdn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

// Config names a CDN. It holds no secrets, only where they are.
type Config struct {
	// Address has the syntax in the table of kinds: "cloudfront:DISTRIBUTION".
	Address   string `json:"address"`
	PublicURL string `json:"public_url,omitempty"` // the site's public address
	// Tags says that CloudFront or Cloudflare is set up to read cache tags. The other CDNs
	// always get them.
	Tags bool `json:"tags,omitempty"`
	// CleanURLs says that the site also shows about.html at "/about": both are purged.
	CleanURLs bool `json:"clean_urls,omitempty"`
	// NotFoundCached says that caches keep a "not found" for long: then addresses of new
	// pages are purged too.
	NotFoundCached bool `json:"not_found_cached,omitempty"`
	// SecretFile holds the API token or the webhook's secret. Without it the
	// environment is read, see [SecretVariable].
	SecretFile string `json:"secret_file,omitempty"`

	Getenv   func(string) string `json:"-"` // default os.Getenv
	Retry    RetryPolicy         `json:"-"`
	Endpoint string              `json:"-"` // another address of the CDN's API, for tests
}

// Sync are the options of a [Sync] with this CDN.
func (c Config) Sync(site string) SyncOptions {
	return SyncOptions{Site: site, PublicURL: c.PublicURL, CleanURLs: c.CleanURLs, NotFoundCached: c.NotFoundCached}
}

// Input is the [Input] of a plan for this CDN, without the release and its changes.
func (c Config) Input(site string) Input {
	return Input{Site: site, Base: urlpath.Folder(c.PublicURL), CleanURLs: c.CleanURLs, NotFoundCached: c.NotFoundCached}
}

// cdnKind is a kind of CDN. A new one is a file of its own and a line in kinds.
type cdnKind struct {
	name   string // the start of its addresses
	syntax string // of its addresses
	// variable is the environment variable with its API token or secret; "" when it
	// needs none, or uses AWS's own.
	variable string
	// check finds mistakes in an address without its secret. Errors show no more of the
	// address than its kind.
	check func(t target) error
	open  func(ctx context.Context, t target) (Purger, error)
}

// kinds is the table of CDNs.
var kinds = []cdnKind{
	{name: "cloudfront", syntax: "cloudfront:DISTRIBUTION", open: openCloudFront},
	{name: "fastly", syntax: "fastly:SERVICE", variable: "FASTLY_API_TOKEN", open: openFastly},
	{name: "cloudflare", syntax: "cloudflare:ZONE", variable: "CLOUDFLARE_API_TOKEN", check: checkCloudflare, open: openCloudflare},
	{name: "varnish", syntax: "varnish:http://SERVER:6081[,http://SERVER:6081]", check: checkVarnish, open: openVarnish},
	{name: "webhook", syntax: "webhook:https://...", variable: "PRESSRUN_CDN_WEBHOOK_SECRET", check: checkWebhook, open: openWebhook},
	{name: "none", syntax: "none"},
}

// target is a CDN and a site's part of it, as configured.
type target struct {
	name   string   // the address without its kind
	public *url.URL // the site's public address; its fields are empty when there is none
	base   string   // the site's folder in it
	secret string   // from the kind's variable or the secret file
	http   client
	config Config
}

// Kinds are the names of the CDNs that Open knows.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// SecretVariable is the environment variable with the secret of an address's
// CDN; "" when it needs none.
func SecretVariable(address string) string {
	name, _, _ := strings.Cut(address, ":")
	return kindNamed(name).variable
}

func (k cdnKind) example() string {
	if k.name == "" {
		return ""
	}
	return "; here " + k.syntax
}

func kindNamed(name string) cdnKind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	return cdnKind{}
}

// ErrNoPublicURL says that the CDN can't be purged without the site's public address.
var ErrNoPublicURL = errors.New("the site's public address is needed (--public-url https://www.example.org)")

// Check finds mistakes in a configuration without its secrets and without sending
// anything. Errors show no more of the address than its kind.
func Check(c Config) error {
	_, _, err := c.parse()
	return err
}

func (c Config) parse() (cdnKind, target, error) {
	name, rest, ok := strings.Cut(c.Address, ":")
	k := kindNamed(name)
	if k.name == "none" && !ok {
		return k, target{}, nil
	}
	if rest == "" {
		return k, target{}, fmt.Errorf("the CDN %q is not written as KIND:NAME, with KIND one of %s%s", kindOnly(c.Address), strings.Join(Kinds(), ", "), k.example())
	}
	public, err := urlpath.Parse(c.PublicURL)
	if err != nil {
		return k, target{}, err
	}
	if k.name == "" || k.name == "none" {
		return k, target{}, fmt.Errorf("the CDN %q is not known: use one of %s", name, strings.Join(Kinds(), ", "))
	}
	t := target{name: rest, public: public, base: urlpath.Base(public.Path), config: c}
	if k.check != nil {
		err = k.check(t)
	}
	return k, t, err
}

// Open makes the purger of a configuration; nil for "none". It sends nothing.
func Open(ctx context.Context, c Config) (Purger, error) {
	k, t, err := c.parse()
	if err != nil || k.open == nil {
		return nil, err
	}
	if t.secret, err = c.secret(k); err != nil {
		return nil, err
	}
	t.http = newClient(c.Retry)
	return k.open(ctx, t)
}

// secret reads the CDN's secret. Blanks around it are trimmed: editors add a line end.
func (c Config) secret(kind cdnKind) (string, error) {
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
	if kind.variable == "" {
		return "", nil
	}
	return strings.TrimSpace(getenv(kind.variable)), nil
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
