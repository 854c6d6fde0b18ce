package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"
	"github.com/hashicorp/go-retryablehttp"
)

// link has the clients for one repository: one for calls that only read, which retries,
// and one for calls that change something, which never does.
type link struct {
	reads, writes *github.Client
	installation  int64 // 0 with a token
}

// links keeps a link per repository. Each has its own AppsTransport: sharing
// one is a data race (ghinstallation writes to it when it renews a token).
type links struct {
	options  Options
	base     *url.URL
	mu       sync.Mutex
	known    map[string]*link
	limiters map[int64]*rateLimiter // per installation; 0: the token's, -1: the App's own
	unshared *unshared
	// dialect is the form in which the server is asked for a run's id.
	dialect atomic.Int32
}

func newLinks(o Options, base *url.URL) *links {
	return &links{options: o, base: base, known: map[string]*link{}, limiters: map[int64]*rateLimiter{}, unshared: &unshared{log: o.Log}}
}

// apiTimeout bounds one try of one call.
const apiTimeout = 30 * time.Second

// to returns the link to a site's repository.
func (l *links) to(ctx context.Context, site Site) (*link, error) {
	return l.by(ctx, site, site.Repository, l.permissions())
}

// toPulls returns the link for reading and commenting on a repository's pull requests. It
// has a token of its own, so that releases work without its permissions.
func (l *links) toPulls(ctx context.Context, site Site) (*link, error) {
	return l.by(ctx, site, site.Repository+pullsKey, &github.InstallationPermissions{
		Metadata: github.String("read"), PullRequests: github.String("read"),
		Issues:      github.String("write"), // a comment on a pull request is one on an issue
		Deployments: github.String("write"),
	})
}

// toRefs returns the link for looking up branches and tags. It alone may read a
// repository's contents, and is made only when it is needed.
func (l *links) toRefs(ctx context.Context, site Site) (*link, error) {
	return l.by(ctx, site, site.Repository+refsKey, &github.InstallationPermissions{Metadata: github.String("read"), Contents: github.String("read")})
}

// refsKey ends the keys of links for refs.
const refsKey = " refs"

// pullsKey ends the keys of links for pull requests.
const pullsKey = " pulls"

func (l *links) by(ctx context.Context, site Site, key string, permissions *github.InstallationPermissions) (*link, error) {
	l.mu.Lock()
	known := l.known[key]
	l.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made := &link{}
	var transport http.RoundTripper
	if l.options.Token != "" {
		transport = withToken{l.limiter(0), l.options.Token}
	} else {
		id, err := l.installation(ctx, site)
		if err != nil {
			return nil, err
		}
		made.installation = id
		if transport, err = l.installed(id, &github.InstallationTokenOptions{Repositories: []string{site.name()}, Permissions: permissions}); err != nil {
			return nil, err
		}
	}
	made.reads, made.writes = l.client(patient(transport)), l.client(transport)
	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.known[key]; other != nil {
		return other, nil
	}
	l.known[key] = made
	return made, nil
}

// installed signs in as an installation, with a token for the scope's repository and
// permissions only.
func (l *links) installed(id int64, scope *github.InstallationTokenOptions) (http.RoundTripper, error) {
	o := l.options
	atr, err := ghinstallation.NewAppsTransportWithOptions(lasting{l.limiter(id), o.Now}, o.AppID, ghinstallation.WithSigner(o.Signer))
	if err != nil {
		return nil, fmt.Errorf("sign in as the GitHub App: %w", err)
	}
	atr.BaseURL = l.baseURL()
	tr := ghinstallation.NewFromAppsTransport(atr, id)
	tr.InstallationTokenOptions = scope
	return tr, nil
}

// permissions are the permissions that releases need.
func (l *links) permissions() *github.InstallationPermissions {
	p := &github.InstallationPermissions{Actions: github.String("write"), Metadata: github.String("read")}
	for _, s := range l.options.Sites {
		if s.Deployments || s.ProtectionRule {
			p.Deployments = github.String("write")
		}
	}
	return p
}

func (l *links) limiter(id int64) *rateLimiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limiters[id] == nil {
		l.limiters[id] = newRateLimiter(l.options, id, l.unshared)
	}
	return l.limiters[id]
}

// forget drops the cached links of an installation that was removed or changed.
func (l *links) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for repository, known := range l.known {
		if known.installation == id {
			delete(l.known, repository)
		}
	}
}

// forgetRepository drops the link to a repository.
func (l *links) forgetRepository(repository string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, repository)
	delete(l.known, repository+pullsKey)
	delete(l.known, repository+refsKey)
}

// app is a client that signs in as the App itself.
func (l *links) app() (*github.Client, error) {
	if l.options.Token != "" {
		return nil, errors.New("a token is in use, not a GitHub App")
	}
	atr, err := ghinstallation.NewAppsTransportWithOptions(l.limiter(-1), l.options.AppID, ghinstallation.WithSigner(l.options.Signer))
	if err != nil {
		return nil, fmt.Errorf("sign in as the GitHub App: %w", err)
	}
	atr.BaseURL = l.baseURL()
	return l.client(atr), nil
}

// installation finds the App's installation on a repository.
func (l *links) installation(ctx context.Context, site Site) (int64, error) {
	app, err := l.app()
	if err != nil {
		return 0, err
	}
	found, response, err := app.Apps.FindRepositoryInstallation(ctx, site.owner(), site.name())
	if response != nil && redirected(site, response.Response) {
		return 0, l.renamed(ctx, site, found, response.Response)
	}
	if err != nil {
		return 0, fmt.Errorf("find the App's installation on %s: %w", site.Repository, err)
	}
	return found.GetID(), nil
}

// renamed asks for the new name of a repository whose installation was found at another
// address. A token for its id can see it; one for its old name can't.
func (l *links) renamed(ctx context.Context, site Site, found *github.Installation, response *http.Response) error {
	moved := &movedError{from: site.Repository}
	parts := strings.Split(strings.TrimPrefix(response.Request.URL.Path, l.base.Path), "/")
	if len(parts) > 2 && parts[0] == "repos" {
		moved.to = parts[1] + "/" + parts[2]
		return moved
	}
	if len(parts) < 2 || parts[0] != "repositories" || found.GetID() == 0 {
		return moved
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return moved
	}
	transport, err := l.installed(found.GetID(), &github.InstallationTokenOptions{RepositoryIDs: []int64{id}, Permissions: l.permissions()})
	if err != nil {
		return moved
	}
	if repository, _, err := l.client(patient(transport)).Repositories.GetByID(ctx, id); err == nil {
		moved.to = repository.GetFullName()
	}
	return moved
}

func (l *links) baseURL() string {
	text := l.base.String()
	return text[:len(text)-1]
}

func (l *links) client(transport http.RoundTripper) *github.Client {
	c := github.NewClient(&http.Client{Transport: transport, Timeout: apiTimeout, CheckRedirect: onlyReads})
	// Not WithEnterpriseURLs: it would append /api/v3/ to what Gitea and
	// api.SUBDOMAIN.ghe.com have without it.
	c.BaseURL, c.UploadURL = l.base, l.base
	c.UserAgent = "pressrun"
	return c
}

// onlyReads follows redirects of reads only: a change must not go to a repository with
// another name than the site's.
func onlyReads(_ *http.Request, before []*http.Request) error {
	if before[0].Method != http.MethodGet && before[0].Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if len(before) >= 10 {
		return fmt.Errorf("GitHub redirects %s again and again", before[0].URL.Path)
	}
	return nil
}

// withToken signs calls with a token.
type withToken struct {
	next  http.RoundTripper
	token string
}

// RoundTrip implements http.RoundTripper.
func (w withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	return w.next.RoundTrip(r)
}

// patient retries calls that only read, and refuses others: GitHub can answer 5xx after
// it has acted, and a retrying client once made 56 runs of one dispatch
// (https://github.com/pytorch/test-infra/pull/8061).
func patient(transport http.RoundTripper) http.RoundTripper {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient = &http.Client{Transport: transport, Timeout: apiTimeout}
	c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = 2, 200*time.Millisecond, 2*time.Second
	c.ErrorHandler = answerOrError
	c.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		if _, limited := errors.AsType[*LimitedError](err); limited {
			return false, err
		}
		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	}
	return readsOnly{&retryablehttp.RoundTripper{Client: c}}
}

// answerOrError ends the tries with the last answer or with an error: net/http ignores an
// answer beside an error, and leaves its body open.
func answerOrError(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err != nil && resp != nil {
		_ = resp.Body.Close() // the error matters more
		resp = nil
	}
	return resp, err
}

type readsOnly struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o readsOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return nil, fmt.Errorf("%s %s: only reads are tried again", r.Method, r.URL.Path)
	}
	return o.next.RoundTrip(r)
}
