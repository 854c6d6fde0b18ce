package githubapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// Manifest is GitHub's description of a new App (docs.github.com: registering a GitHub
// App from a manifest).
type Manifest struct {
	Name               string            `json:"name"`
	URL                string            `json:"url"`
	HookAttributes     hookAttributes    `json:"hook_attributes"`
	RedirectURL        string            `json:"redirect_url"`
	CallbackURLs       []string          `json:"callback_urls"`
	SetupURL           string            `json:"setup_url"`
	Public             bool              `json:"public"`
	DefaultEvents      []string          `json:"default_events"`
	DefaultPermissions map[string]string `json:"default_permissions"`
}

type hookAttributes struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// maxAppName is the longest name of an App that GitHub accepts, in characters.
const maxAppName = 34

// NewManifest describes the App that Pressrun needs, and no more: it is private to its
// owner, and may not read a repository's contents. It supports sign-in, and reads the
// members of an organization and its teams: otherwise sign-in by teams (sign_in.github)
// would need an owner's consent a second time. GitHub sends no webhooks to addresses that
// it can't reach; then the app polls. protection says whether the App is to be asked by
// custom deployment protection rules, previews whether it previews pull requests.
func NewManifest(appURL, name string, protection, previews bool) Manifest {
	events := []string{"workflow_run", "workflow_job", EventRepository}
	if protection {
		events = append(events, EventProtectionRule)
	}
	permissions := map[string]string{"actions": "write", "deployments": "write", "metadata": "read", "members": "read"}
	if previews { // a comment on a pull request is one on an issue
		events = append(events, EventComment, EventPull)
		permissions["issues"], permissions["pull_requests"] = "write", "read"
	}
	appURL = strings.TrimRight(appURL, "/")
	return Manifest{
		Name: text.Shorten(name, maxAppName), URL: appURL, Public: false,
		HookAttributes: hookAttributes{URL: appURL + "/v1/github/webhooks", Active: strings.HasPrefix(appURL, "https://")},
		RedirectURL:    appURL + "/setup/created", SetupURL: appURL + "/setup/installed",
		CallbackURLs:       []string{appURL + "/signin/github/callback"},
		DefaultEvents:      events,
		DefaultPermissions: permissions,
	}
}

// JSON is the manifest for GitHub's form.
func (m Manifest) JSON() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // only strings and a map of strings
	}
	return string(text)
}

// Made is the App that GitHub has made. Key and WebhookSecret are secrets.
type Made struct {
	AppID                             int64
	Slug, HTMLURL, Key, WebhookSecret string
}

// Convert exchanges GitHub's code for the App. The code is valid once, for an hour.
func Convert(ctx context.Context, apiURL, code string, transport http.RoundTripper) (Made, error) {
	r, err := New(Options{APIURL: apiURL, Token: "none", Transport: transport})
	if err != nil {
		return Made{}, err
	}
	// Without signing in: the code itself is the credential.
	conf, _, err := r.links.client(r.links.limiter(0)).Apps.CompleteAppManifest(ctx, url.PathEscape(code)) // it becomes part of the path
	if err != nil {
		return Made{}, fmt.Errorf("exchange GitHub's code for the App: %w", err)
	}
	made := Made{AppID: conf.GetID(), Slug: conf.GetSlug(), HTMLURL: conf.GetHTMLURL(), Key: conf.GetPEM(), WebhookSecret: conf.GetWebhookSecret()}
	if made.AppID == 0 || made.Key == "" {
		return Made{}, errors.New("exchange GitHub's code for the App: GitHub gave no id or no key")
	}
	return made, nil
}
