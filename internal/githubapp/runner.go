package githubapp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
)

// PublicAPI is the address of github.com's API.
const PublicAPI = "https://api.github.com"

// Options set a Runner up.
type Options struct {
	// APIURL is the base of the API: PublicAPI when empty, otherwise e.g.
	// https://HOST/api/v3 (GHES), https://api.SUBDOMAIN.ghe.com (data
	// residency) or https://HOST/api/v1 (Gitea).
	APIURL string
	// Gitea says that the server is a Gitea, where some calls differ.
	Gitea bool
	// AppID and Signer are those of the GitHub App; see KeySigner. Token is a
	// personal token, used instead where there is no App.
	AppID  int64
	Signer ghinstallation.Signer
	Token  string
	// Sites are the sites that GitHub carries out.
	Sites Sites
	// Transport is used for all calls; nil for a default one.
	Transport http.RoundTripper
	Log       *slog.Logger
	// Spacing is the least time between two calls that change something, per
	// installation; 0 means a second, as GitHub's best practices ask for.
	Spacing time.Duration
	// Now is a clock that agrees with GitHub's; nil for this machine's. It is used to check
	// the tokens of runs, and to date the App's JWTs.
	Now func() time.Time
	// Budgets share GitHub's rate limits with other processes that call as the same App;
	// nil for a process that calls alone.
	Budgets Budgets
}

// Runner carries releases out on GitHub. It is safe for concurrent use.
type Runner struct {
	options  Options
	log      *slog.Logger
	links    *links
	refusals refusals
	unsent   *unsent
}

// New makes a Runner. It makes no call: GitHub may be down when the app starts.
func New(o Options) (*Runner, error) {
	if o.APIURL == "" {
		o.APIURL = PublicAPI
	}
	base, err := url.Parse(strings.TrimRight(o.APIURL, "/") + "/")
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" {
		return nil, fmt.Errorf("the address of GitHub's API %q is not an http or https URL", o.APIURL)
	}
	if o.Token == "" && (o.AppID == 0 || o.Signer == nil) {
		return nil, errors.New("GitHub needs an App (its id and key) or a token")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Spacing == 0 {
		o.Spacing = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Signer != nil {
		o.Signer = dated{o.Signer, o.Now}
	}
	if o.Budgets == nil {
		o.Budgets = newOwnBudgets()
	}
	to := newLinks(o, base)
	return &Runner{options: o, log: o.Log, links: to, refusals: refusals{to}, unsent: newUnsent()}, nil
}

// Close ends idle connections. Runs go on.
func (r *Runner) Close() error {
	if t, ok := r.options.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// IsApp says whether calls are made as a GitHub App, not with a token.
func (r *Runner) IsApp() bool { return r.options.Token == "" }

// Forget drops the cached links of an installation of the App that was removed, suspended
// or changed.
func (r *Runner) Forget(installation int64) { r.links.forget(installation) }

// Sites are the sites that GitHub carries out. They must not be changed.
func (r *Runner) Sites() Sites { return r.options.Sites }

// Approvals answer GitHub for runs that wait for approval.
func (r *Runner) Approvals() Approvals { return Approvals{links: r.links, sites: r.options.Sites} }

// Deployments show releases at GitHub.
func (r *Runner) Deployments() Deployments {
	return Deployments{links: r.links, sites: r.options.Sites}
}
