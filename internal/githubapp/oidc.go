package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/pressrun/pressrun/internal/release"
)

// PublicIssuer issues the tokens of github.com's runs.
const PublicIssuer = "https://token.actions.githubusercontent.com"

// Identity is the identity of a run, by GitHub's token. The claim `sub` is not used on
// purpose: its form changed in 2026, and owners can change it further.
type Identity struct {
	Repository, Event, Environment, Actor string
	Run                                   release.Run
	// ID names the token, which is valid once. Expires is when the ID may be forgotten.
	ID      string
	Expires time.Time
	// Sites are the sites that the run may release.
	Sites []string
}

// claims are the claims of a token that Pressrun reads. GitHub sends all as strings
// (docs.github.com: OpenID Connect reference).
type claims struct {
	RepositoryID string `json:"repository_id"`
	OwnerID      string `json:"repository_owner_id"`
	Repository   string `json:"repository"`
	WorkflowRef  string `json:"workflow_ref"`
	Ref          string `json:"ref"`
	Event        string `json:"event_name"`
	RunID        string `json:"run_id"`
	RunAttempt   string `json:"run_attempt"`
	Environment  string `json:"environment"`
	Actor        string `json:"actor"`
	ID           string `json:"jti"`
}

// ErrIdentity says why a run's token is not accepted, in words for the run's log.
type ErrIdentity struct{ Why string }

func (e *ErrIdentity) Error() string { return e.Why }

func notAccepted(format string, args ...any) error {
	return &ErrIdentity{Why: fmt.Sprintf(format, args...)}
}

// Identities checks the OIDC tokens of runs.
type Identities struct {
	links    *links
	verifier *oidc.IDTokenVerifier
	issuer   string

	mu    sync.Mutex
	repos map[string]repository // by owner/name
}

// repository is the repository that a name stands for, by GitHub.
type repository struct {
	id, owner int64
	at        time.Time
}

// repositoryFor is how long a name's id is cached: names change hands, ids do not.
const repositoryFor = 10 * time.Minute

// events are those that may start a release's run.
var events = map[string]bool{"workflow_dispatch": true, "schedule": true, "repository_dispatch": true, "workflow_run": true}

// NewIdentities makes a checker of one issuer's tokens for one audience, which is the
// app's own address. It makes no call yet: keys are fetched when the first token comes,
// and again when a token names an unknown key.
func NewIdentities(ctx context.Context, r *Runner, issuer, audience string) *Identities {
	if issuer == "" {
		issuer = PublicIssuer
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: 10 * time.Second, Transport: r.options.Transport})
	keys := &lazyKeys{ctx: ctx, issuer: issuer}
	return &Identities{
		links: r.links, issuer: issuer, repos: map[string]repository{},
		verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256}, Now: r.options.Now}),
	}
}

// lazyKeys finds the issuer's keys through its discovery document, at the first token
// instead of at the start: GitHub may be down then.
type lazyKeys struct {
	ctx    context.Context //nolint:containedctx // carries the client, for as long as the app lives
	issuer string
	mu     sync.Mutex
	keys   oidc.KeySet
	failed error // of the last try, which is repeated until again
	again  time.Time
}

// findAgain is the pause after an issuer could not be reached. Anybody may send a token:
// without it each token would wait for a time-out of its own.
const findAgain = 5 * time.Second

// VerifySignature implements oidc.KeySet.
func (l *lazyKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	keys, err := l.find()
	if err != nil {
		return nil, err
	}
	return keys.VerifySignature(ctx, token)
}

// errIssuer says that the issuer could not be reached, which says nothing about the token.
var errIssuer = errors.New("GitHub's issuer of tokens can't be reached")

func (l *lazyKeys) find() (oidc.KeySet, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil && time.Now().After(l.again) {
		if l.keys, l.failed = l.discover(); l.failed != nil {
			l.again = time.Now().Add(findAgain)
		}
	}
	if l.keys == nil {
		return nil, l.failed
	}
	return l.keys, nil
}

// discover reads the issuer's discovery document.
func (l *lazyKeys) discover() (oidc.KeySet, error) {
	provider, err := oidc.NewProvider(l.ctx, l.issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIssuer, err)
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil || found.Keys == "" {
		return nil, fmt.Errorf("%w: its discovery document names no keys", errIssuer)
	}
	return oidc.NewRemoteKeySet(l.ctx, found.Keys), nil
}

// Check verifies the token of a run. The error is an *ErrIdentity when the token is not
// accepted, and another one when that could not be found out.
func (i *Identities) Check(ctx context.Context, token string) (Identity, error) {
	return i.check(ctx, token, func(s Site) string { return s.Workflow })
}

// CheckPreview verifies the token of a run that previews pull requests. Check does not
// accept such a run, nor CheckPreview one of a release.
func (i *Identities) CheckPreview(ctx context.Context, token string) (Identity, error) {
	return i.check(ctx, token, func(s Site) string { return s.Previews })
}

func (i *Identities) check(ctx context.Context, token string, workflow func(Site) string) (Identity, error) {
	verified, err := i.verifier.Verify(ctx, token)
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return Identity{}, notAccepted("the run's token has expired at %s: ask GitHub for a new one", expired.Expiry.UTC().Format(time.RFC3339))
	}
	// go-oidc has no error values for it.
	if err != nil && (strings.Contains(err.Error(), errIssuer.Error()) || strings.Contains(err.Error(), "fetching keys")) {
		return Identity{}, fmt.Errorf("check the run's token: %w", err)
	}
	if err != nil {
		return Identity{}, notAccepted("the run's token is not one of %s for this app: %s", i.issuer, extract(err.Error()))
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return Identity{}, notAccepted("the run's token can't be read: %s", extract(err.Error()))
	}
	attempt, err := strconv.Atoi(c.RunAttempt)
	if err != nil || attempt < 1 || c.RunID == "" || c.ID == "" {
		return Identity{}, notAccepted("the run's token has no run_id, run_attempt or jti")
	}
	if !events[c.Event] {
		return Identity{}, notAccepted("a run that was started by %q may not release a site: only workflow_dispatch, schedule, repository_dispatch and workflow_run may", extract(c.Event))
	}
	who := Identity{
		Repository: c.Repository, Event: c.Event, Environment: c.Environment, Actor: c.Actor, ID: c.ID, Expires: verified.Expiry,
		Run: release.Run{ID: c.RunID, Attempt: attempt},
	}
	who.Sites, err = i.sites(ctx, c, workflow)
	return who, err
}

// sites are the sites whose repository, workflow and ref match a token.
func (i *Identities) sites(ctx context.Context, c claims, workflow func(Site) string) ([]string, error) {
	var out []string
	why := notAccepted("no site's releases run in repository %s", extract(c.Repository))
	for name, site := range i.links.options.Sites {
		if site.Workflow = workflow(site); site.Workflow == "" {
			continue
		}
		if !strings.EqualFold(site.Repository, c.Repository) {
			if moved := i.moved(ctx, site, c); moved != nil {
				why = moved
			}
			continue
		}
		ids, err := i.repository(ctx, site)
		if err != nil {
			return nil, err
		}
		if err := matches(site, ids, c); err != nil {
			why = err
			continue
		}
		out = append(out, name)
	}
	if len(out) == 0 {
		return nil, why
	}
	return out, nil
}

// moved says that a run is not accepted because the site's repository has another name
// now. It asks GitHub only for repositories of the same owner, since anybody's runs may
// send tokens; for others it uses the cached ids.
func (i *Identities) moved(ctx context.Context, site Site, c claims) error {
	i.mu.Lock()
	known, ok := i.repos[site.Repository]
	i.mu.Unlock()
	if ok && c.RepositoryID == strconv.FormatInt(known.id, 10) {
		return notAccepted("%v", &movedError{from: site.Repository, to: extract(c.Repository)})
	}
	owner, _, _ := strings.Cut(c.Repository, "/")
	if ok || !strings.EqualFold(owner, site.owner()) {
		return nil
	}
	_, err := i.repository(ctx, site)
	if moved, is := errors.AsType[*movedError](err); is && strings.EqualFold(moved.to, c.Repository) {
		return notAccepted("%v", moved)
	}
	return nil
}

// matches compares a token's claims with a site's configuration. Names are compared whole
// and with case, since another case is another workflow; names of repositories ignore
// case.
func matches(site Site, ids repository, c claims) error {
	if c.RepositoryID != strconv.FormatInt(ids.id, 10) || c.OwnerID != strconv.FormatInt(ids.owner, 10) {
		return notAccepted("the run's repository %s (id %s) is not the one that is called so now (id %d)", extract(c.Repository), extract(c.RepositoryID), ids.id)
	}
	file, ref, ok := strings.Cut(c.WorkflowRef, "@")
	repository, workflow, _ := strings.Cut(file, "/.github/workflows/")
	if !ok || !strings.EqualFold(repository, site.Repository) || workflow != site.Workflow {
		return notAccepted("the run is of workflow %s, and the site's is %s", extract(file), site.Workflow)
	}
	for _, r := range []string{"refs/heads/" + site.Ref, "refs/tags/" + site.Ref} {
		if ref == r && c.Ref == r {
			return nil
		}
	}
	return notAccepted("the run is of %s (its workflow of %s), and the site is released from %s", extract(c.Ref), extract(ref), site.Ref)
}

// repository asks GitHub which repository a name stands for.
func (i *Identities) repository(ctx context.Context, site Site) (repository, error) {
	i.mu.Lock()
	known, ok := i.repos[site.Repository]
	i.mu.Unlock()
	if ok && time.Since(known.at) < repositoryFor {
		return known, nil
	}
	to, err := i.links.to(ctx, site)
	if err != nil {
		return repository{}, fmt.Errorf("ask GitHub about %s: %w", site.Repository, err)
	}
	found, _, err := to.reads.Repositories.Get(ctx, site.owner(), site.name())
	if err != nil {
		if ok {
			return known, nil // GitHub can't be reached: the cached id counts
		}
		return repository{}, fmt.Errorf("ask GitHub about %s: %w", site.Repository, err)
	}
	if moved := movedFrom(site, found); moved != nil {
		return repository{}, moved
	}
	fresh := repository{id: found.GetID(), owner: found.GetOwner().GetID(), at: time.Now()}
	i.mu.Lock()
	i.repos[site.Repository] = fresh
	i.mu.Unlock()
	return fresh, nil
}

// LooksLikeToken says whether a bearer is a JWT, which only runs send.
func LooksLikeToken(bearer string) bool {
	return strings.HasPrefix(bearer, "eyJ") && strings.Count(bearer, ".") == 2
}
