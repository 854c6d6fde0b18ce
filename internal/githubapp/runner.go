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

// Options are what a Runner needs to know of GitHub.
type Options struct {
	// APIURL is the base of the API: PublicAPI when empty, otherwise e.g.
	// https://HOST/api/v3 (GHES), https://api.SUBDOMAIN.ghe.com (data
	// residency) or https://HOST/api/v1 (Gitea).
	APIURL string
	// Gitea says that the server is a Gitea, which takes some calls otherwise.
	Gitea bool
	// AppID and Signer are those of the GitHub App; see KeySigner. Token is a
	// personal token, used instead where there is no App.
	AppID  int64
	Signer ghinstallation.Signer
	Token  string
	// Sites are the sites that GitHub carries out, by name.
	Sites map[string]Site
	// Transport is below all calls; nil for a default one.
	Transport http.RoundTripper
	Log       *slog.Logger
	// Spacing is the least time between two calls that change something, per
	// installation; 0 means a second, as GitHub asks for.
	Spacing time.Duration
}

// Site is where a site's releases run.
type Site struct {
	Repository string // owner/name
	Workflow   string // its file's name in .github/workflows
	Ref        string // the branch or tag dispatched
	// Environment and URL name the site in GitHub's deployments; Deployments
	// says whether they are made.
	Environment, URL string
	Deployments      bool
	// ProtectionRule says whether the app answers for the environment's
	// custom deployment protection rule; see ApprovalOf.
	ProtectionRule bool
}

func (s Site) owner() string { owner, _, _ := strings.Cut(s.Repository, "/"); return owner }
func (s Site) name() string  { _, name, _ := strings.Cut(s.Repository, "/"); return name }

// Runner carries releases out on GitHub. It is safe for concurrent use.
type Runner struct {
	options Options
	base    *url.URL
	log     *slog.Logger
	links   *links
	unsent  *unsent
}

// New makes a Runner. It makes no call: GitHub may be away when the app starts.
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
	r := &Runner{options: o, base: base, log: o.Log, unsent: newUnsent()}
	r.links = newLinks(r)
	return r, nil
}

// Close ends idle connections. Runs go on.
func (r *Runner) Close() error {
	if t, ok := r.options.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

func (r *Runner) site(name string) (Site, error) {
	site, ok := r.options.Sites[name]
	if !ok {
		return Site{}, fmt.Errorf("site %s does not run on GitHub", name)
	}
	return site, nil
}

// IsApp says whether calls are made as a GitHub App, not with a token.
func (r *Runner) IsApp() bool { return r.options.Token == "" }

// Sites gives the names of the sites that a workflow of a repository carries
// out. GitHub's names do not tell capitals apart.
func (r *Runner) Sites(repository, workflow string) []string {
	var names []string
	for name, s := range r.options.Sites {
		if strings.EqualFold(s.Repository, repository) && (workflow == "" || s.Workflow == workflow) {
			names = append(names, name)
		}
	}
	return names
}

// Site tells where a site's releases run.
func (r *Runner) Site(name string) (Site, bool) {
	s, ok := r.options.Sites[name]
	return s, ok
}
