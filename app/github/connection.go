package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/githubapp/secrets"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// github is the app's side of GitHub. link is nil until GitHub is set up,
// which /setup may do while the app runs.
type github struct {
	app *App
	// wanted says whether any site runs on GitHub.
	wanted bool
	link   atomic.Pointer[githubLink]
	news   chan struct{} // a webhook came
	setup  setup
	gates  gates
}

// githubLink is what the app has of GitHub once it is set up.
type githubLink struct {
	runner     *githubapp.Runner
	identities *githubapp.Identities
	secrets    []string // of webhooks
	callbacks  []string // of runs without OIDC
}

// wireGitHub puts GitHub beside the runner of the other sites, if any site
// runs there.
func (a *App) wireGitHub(ctx context.Context) error {
	a.github = &github{app: a, news: make(chan struct{}, 1)}
	for _, s := range a.config.Sites {
		a.github.wanted = a.github.wanted || s.Runner == config.RunnerGitHub
	}
	if !a.github.wanted {
		return nil
	}
	others := a.runner
	a.runner = runner.BySite{
		Of: func(site string) runner.Provider {
			if a.config.Sites[site].Runner == config.RunnerGitHub {
				return a.github.provider()
			}
			return others
		},
		All: []runner.Provider{others, a.github.provider()},
	}
	if err := a.github.gates.load(a.config.State); err != nil {
		return err
	}
	link, err := a.github.open(ctx)
	if err != nil {
		return err
	}
	if link == nil {
		a.github.setup.begin(a)
		return nil
	}
	a.github.link.Store(link)
	return nil
}

// runner is what carries the GitHub sites' releases out now.
func (g *github) runner() runner.Runner {
	if link := g.link.Load(); link != nil {
		return link.runner
	}
	return notSetUp{url: g.app.config.URL}
}

// gitHubProvider is what carries the GitHub sites' releases out, as the server
// treats every runner.
type gitHubProvider struct {
	runner.Plain
	github *github
}

func (g *github) provider() runner.Provider {
	return gitHubProvider{runner.Plain{Runner: g.runner()}, g}
}

// Remote says that GitHub may be away.
func (gitHubProvider) Remote(string) bool { return true }

// Start begins what GitHub's side needs done over time.
func (p gitHubProvider) Start(_ context.Context, tasks *sync.WaitGroup) {
	tasks.Go(p.github.tend)
	tasks.Go(p.github.showDeployments)
	tasks.Go(p.github.keepGates)
}

// open makes the link of the configuration, the environment and the state
// folder; nil when none of them has an App or a token.
func (g *github) open(ctx context.Context) (*githubLink, error) {
	conf := g.app.config.GitHub
	o := githubapp.Options{
		APIURL: conf.APIURL, Gitea: conf.Kind == "gitea", AppID: int64(conf.AppID), Log: g.app.log, Transport: g.app.githubTransport,
		Sites: map[string]githubapp.Site{},
	}
	for name, s := range g.app.config.Sites {
		if s.Runner == config.RunnerGitHub {
			o.Sites[name] = githubapp.Site{
				Repository: s.GitHub.Repository, Workflow: s.GitHub.Workflow, Ref: s.GitHub.Ref,
				Environment: s.GitHub.Environment, URL: s.URL, Deployments: s.GitHub.Deployments == nil || *s.GitHub.Deployments,
				ProtectionRule: s.GitHub.ProtectionRule,
			}
		}
	}
	link := &githubLink{}
	if err := g.credentials(ctx, &o, link); err != nil {
		return nil, fmt.Errorf("set GitHub up: %w", err)
	}
	if o.Token == "" && o.Signer == nil {
		return nil, nil //nolint:nilnil // not set up yet is no error
	}
	var err error
	if link.runner, err = githubapp.New(o); err != nil {
		return nil, fmt.Errorf("set GitHub up: %w", err)
	}
	link.identities = githubapp.NewIdentities(context.WithoutCancel(ctx), link.runner, conf.Issuer, strings.TrimRight(g.app.config.URL, "/"))
	return link, nil
}

// The variables that hold GitHub's secrets where no file does.
const (
	envGitHubKey      = "PRESSRUN_GITHUB_KEY"
	envGitHubToken    = "PRESSRUN_GITHUB_TOKEN"           //nolint:gosec // G101: a name, not a secret
	envWebhookSecret  = "PRESSRUN_GITHUB_WEBHOOK_SECRET"  //nolint:gosec // G101: a name, not a secret
	envCallbackSecret = "PRESSRUN_GITHUB_CALLBACK_SECRET" //nolint:gosec // G101: a name, not a secret
)

func (g *github) credentials(ctx context.Context, o *githubapp.Options, link *githubLink) error {
	conf := g.app.config.GitHub
	var err error
	if link.secrets, err = secretsOf(conf.WebhookSecretFiles, envWebhookSecret); err != nil {
		return err
	}
	if link.callbacks, err = secretsOf(conf.CallbackSecretFiles, envCallbackSecret); err != nil {
		return err
	}
	if o.Token, err = secretOf(conf.TokenFile, envGitHubToken); err != nil || o.Token != "" {
		return err
	}
	if o.AppID == 0 {
		made, err := g.made(ctx)
		if err != nil {
			return err
		}
		if made.AppID != 0 {
			o.AppID, link.secrets = made.AppID, append(link.secrets, made.WebhookSecret)
			o.Signer, err = secrets.KeySigner([]byte(made.Key))
			return err
		}
	}
	o.Signer, err = g.signer(ctx)
	if err == nil && o.AppID != 0 && o.Signer == nil {
		return fmt.Errorf("github.app_id is set, but there is no key: set github.key_file, github.key_secret, github.kms_key or %s", envGitHubKey)
	}
	return err
}

// secretOf reads a secret from its file, else from the environment.
func secretOf(file, variable string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(variable)), nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty: it must hold a secret", file)
	}
	return secret, nil
}

func secretsOf(files []string, variable string) ([]string, error) {
	var out []string
	for _, file := range files {
		secret, err := secretOf(file, "")
		if err != nil {
			return nil, err
		}
		out = append(out, secret)
	}
	if secret := strings.TrimSpace(os.Getenv(variable)); secret != "" {
		out = append(out, secret)
	}
	return out, nil
}

// notSetUp stands in until GitHub is set up: it refuses, and says what to do.
type notSetUp struct{ url string }

func (n notSetUp) refusal() *runner.Refused {
	return &runner.Refused{
		Why:   "GitHub is not set up yet: open " + n.url + "/setup with the code from the app's log, or set the github section of the configuration",
		Fault: release.FaultPressrun,
	}
}

// Dispatch refuses.
func (n notSetUp) Dispatch(context.Context, runner.Job) (release.Run, error) {
	return release.Run{}, n.refusal()
}

// Find has nothing to find: nothing was ever sent.
func (notSetUp) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{}, errNotSetUp
}

var errNotSetUp = errors.New("GitHub is not set up")

// LookUp knows nothing.
func (notSetUp) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errNotSetUp
}

// Cancel can't.
func (notSetUp) Cancel(context.Context, string, int64, release.Run) error { return errNotSetUp }

// Log has none.
func (notSetUp) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// Adopt has nothing to take over.
func (notSetUp) Adopt(context.Context) error { return nil }

// Close has nothing to close.
func (notSetUp) Close() error { return nil }

var _ runner.Runner = notSetUp{}
