package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
)

// GitHubOptions are what GitHub is asked with. The client is the GitHub App's
// own (docs.github.com: generating a user access token for a GitHub App), or an
// OAuth app with the scope read:org.
type GitHubOptions struct {
	// URL is the address for people, APIURL the base of the API.
	URL, APIURL            string
	ClientID, ClientSecret string
	// Scopes are for an OAuth app; a GitHub App has permissions instead.
	Scopes []string
	// Organizations, Teams (organization/team) and Repositories (owner/name) are
	// those that are looked at; nothing else of somebody is asked.
	Organizations, Teams, Repositories []string
	// Transport is below all calls; nil for the network.
	Transport http.RoundTripper
}

// GitHub is GitHub as a place to sign in.
type GitHub struct {
	options GitHubOptions
	client  *http.Client
}

// NewGitHub makes the provider; it calls nobody.
func NewGitHub(o GitHubOptions) *GitHub {
	return &GitHub{options: o, client: client(o.Transport)}
}

// Organization is the group of those in an organization. Names count in any case
// on GitHub.
func Organization(name string) string { return "organization " + strings.ToLower(name) }

// Team is the group of those in a team, written organization/team.
func Team(name string) string { return "team " + strings.ToLower(name) }

// User is the group of one person alone.
func User(login string) string { return "user " + strings.ToLower(login) }

// Repository is the group of those with a permission on a repository, written
// owner/name.
func Repository(name, permission string) string {
	return "repository " + strings.ToLower(name) + " " + permission
}

// Permissions are GitHub's on a repository that not everybody has on a public
// one, the highest first.
var Permissions = []string{"admin", "maintain", "push", "triage"}

func (g *GitHub) oauth(redirect string) *oauth2.Config {
	base := strings.TrimRight(g.options.URL, "/") + "/login/oauth/"
	return &oauth2.Config{
		ClientID: g.options.ClientID, ClientSecret: g.options.ClientSecret, RedirectURL: redirect, Scopes: g.options.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: base + "authorize", TokenURL: base + "access_token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Begin is the address to which a browser is sent. GitHub takes a challenge for
// the code since July 2025; an older server ignores it.
func (g *GitHub) Begin(_ context.Context, a Attempt) (string, error) {
	return g.oauth(a.Redirect).AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.Verifier), oauth2.SetAuthURLParam("allow_signup", "false")), nil
}

// SignOut is nowhere: who signs out here stays signed in to GitHub.
func (g *GitHub) SignOut(string) string { return "" }

// Finish exchanges the code and asks who it is of and what they belong to. The
// token is used for that alone, and kept nowhere.
func (g *GitHub) Finish(ctx context.Context, a Attempt, query url.Values) (Identity, error) {
	code, err := answered(a, query, "")
	if err != nil {
		return Identity{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, g.client)
	token, err := g.oauth(a.Redirect).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	var user struct {
		ID          int64
		Login, Name string
		Type        string
	}
	if err := g.get(ctx, token, &user, "user"); err != nil {
		return Identity{}, err
	}
	if user.ID == 0 || user.Login == "" {
		return Identity{}, refused("GitHub did not say who it is")
	}
	id := Identity{Via: ViaGitHub, Subject: strconv.FormatInt(user.ID, 10), Name: Called(user.Name, "@"+user.Login), Groups: []string{User(user.Login)}}
	for _, look := range []func(context.Context, *oauth2.Token, string) ([]string, error){g.organizations, g.teams, g.repositories} {
		groups, err := look(ctx, token, user.Login)
		if err != nil {
			return Identity{}, err
		}
		id.Groups = append(id.Groups, groups...)
	}
	return id, nil
}

// membership is GitHub's of an organization or a team: an invitation that nobody
// has taken is pending.
type membership struct{ State string }

func (g *GitHub) organizations(ctx context.Context, token *oauth2.Token, _ string) ([]string, error) {
	var in []string
	for _, name := range g.options.Organizations {
		var m membership
		if err := g.get(ctx, token, &m, "user", "memberships", "orgs", name); err != nil && !isNone(err) {
			return nil, err
		}
		if m.State == "active" {
			in = append(in, Organization(name))
		}
	}
	return in, nil
}

func (g *GitHub) teams(ctx context.Context, token *oauth2.Token, login string) ([]string, error) {
	var in []string
	for _, name := range g.options.Teams {
		org, team, _ := strings.Cut(name, "/")
		var m membership
		if err := g.get(ctx, token, &m, "orgs", org, "teams", team, "memberships", login); err != nil && !isNone(err) {
			return nil, err
		}
		if m.State == "active" {
			in = append(in, Team(name))
		}
	}
	return in, nil
}

func (g *GitHub) repositories(ctx context.Context, token *oauth2.Token, _ string) ([]string, error) {
	var in []string
	for _, name := range g.options.Repositories {
		owner, repo, _ := strings.Cut(name, "/")
		var r struct{ Permissions map[string]bool }
		if err := g.get(ctx, token, &r, "repos", owner, repo); err != nil && !isNone(err) {
			return nil, err
		}
		for _, permission := range Permissions {
			if r.Permissions[permission] {
				in = append(in, Repository(name, permission))
			}
		}
	}
	return in, nil
}

// none is an answer that says that somebody does not belong.
type none struct{ status int }

func (n *none) Error() string { return fmt.Sprintf("GitHub answered %d", n.status) }

func isNone(err error) bool {
	_, ok := errors.AsType[*none](err)
	return ok
}

// get reads one answer of the API. A redirect, such as of a renamed repository,
// is followed on the same host alone, as Go takes the token off for others.
func (g *GitHub) get(ctx context.Context, token *oauth2.Token, into any, path ...string) error {
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	address := strings.TrimRight(g.options.APIURL, "/") + "/" + strings.Join(path, "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask GitHub: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	resp, err := g.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: ask GitHub: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusForbidden && resp.Header.Get("X-RateLimit-Remaining") == "0":
		return fmt.Errorf("%w: GitHub's rate limit is spent", ErrUnreachable)
	case slices.Contains([]int{http.StatusForbidden, http.StatusNotFound}, resp.StatusCode):
		return &none{resp.StatusCode}
	case resp.StatusCode < 500:
		return refused("GitHub answered %d to a question about who somebody is", resp.StatusCode)
	default:
		return fmt.Errorf("%w: GitHub answered %d", ErrUnreachable, resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%w: read GitHub's answer: %w", ErrUnreachable, err)
	}
	return nil
}
