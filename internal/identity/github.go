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

// GitHubOptions set up sign-in by GitHub. The client is the GitHub App's own
// (docs.github.com: generating a user access token for a GitHub App), or an OAuth app
// with the scope read:org.
type GitHubOptions struct {
	// URL is the address for people, APIURL the base of the API.
	URL, APIURL            string
	ClientID, ClientSecret string
	// Scopes are for an OAuth app; a GitHub App has permissions instead.
	Scopes []string
	// Organizations, Teams (organization/team) and Repositories (owner/name) are the only
	// ones in which a person's membership is looked up.
	Organizations, Teams, Repositories []string
	// Transport is below all calls; nil for the network.
	Transport http.RoundTripper
}

// GitHub signs people in by their GitHub accounts.
type GitHub struct {
	options GitHubOptions
	client  *http.Client
}

// NewGitHub makes the provider; it calls nobody.
func NewGitHub(o GitHubOptions) *GitHub {
	return &GitHub{options: o, client: client(o.Transport)}
}

// Organization names the group of an organization's members. GitHub's names ignore case.
func Organization(name string) string { return "organization " + strings.ToLower(name) }

// Team names the group of a team's members; the team is written organization/team.
func Team(name string) string { return "team " + strings.ToLower(name) }

// User names the group of one person alone.
func User(login string) string { return "user " + strings.ToLower(login) }

// Repository names the group of those who have a permission on a repository, written owner/name.
func Repository(name, permission string) string {
	return "repository " + strings.ToLower(name) + " " + permission
}

// Permissions are the permissions on a repository that GitHub grants to named people only
// (everybody can pull from a public one), the highest first.
var Permissions = []string{"admin", "maintain", "push", "triage"}

func (g *GitHub) oauth(redirect string) *oauth2.Config {
	base := strings.TrimRight(g.options.URL, "/") + "/login/oauth/"
	return &oauth2.Config{
		ClientID: g.options.ClientID, ClientSecret: g.options.ClientSecret, RedirectURL: redirect, Scopes: g.options.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: base + "authorize", TokenURL: base + "access_token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Begin gives the address to which a browser is sent. GitHub supports a PKCE challenge
// since July 2025; an older server ignores it.
func (g *GitHub) Begin(_ context.Context, a Attempt) (string, error) {
	return g.oauth(a.Redirect).AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.Verifier), oauth2.SetAuthURLParam("allow_signup", "false")), nil
}

// SignOut gives no address: signing out here does not sign out of GitHub.
func (g *GitHub) SignOut(string) string { return "" }

// Finish exchanges the code for a token, and asks GitHub for the person and their
// memberships. The token is used for that alone, and not kept.
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

// membership is GitHub's answer for an organization or a team: an invitation that was not
// accepted is pending.
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

// none is an answer that says that a person is not a member.
type none struct{ status int }

func (n *none) Error() string { return fmt.Sprintf("GitHub answered %d", n.status) }

func isNone(err error) bool {
	_, ok := errors.AsType[*none](err)
	return ok
}

// get reads one answer of the API. A redirect, such as that of a renamed repository,
// works on the same host only: Go's client drops the token for others.
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
		return refused("GitHub answered %d when asked who signed in", resp.StatusCode)
	default:
		return fmt.Errorf("%w: GitHub answered %d", ErrUnreachable, resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%w: read GitHub's answer: %w", ErrUnreachable, err)
	}
	return nil
}
