package github

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Options are what New needs.
type Options struct {
	Config config.Config
	Ledger *ledger.Ledger
	Log    *slog.Logger
	// Transport carries all calls to GitHub; nil for the network.
	Transport http.RoundTripper
	// Duties have one replica do the work that must not be done twice.
	Duties *replicas.Duties
	// Shared has the App that a replica set up for all of them; nil for an app that has
	// its ledger alone.
	Shared Shared
	// Keys mint the cookie of the set-up.
	Keys auth.Keys
	// Handled is called for each webhook that was processed: with the time at which the
	// run changed by GitHub's clock (zero where the webhook has none), that of the receipt,
	// and that at which it was processed.
	Handled func(stamped, received, processed time.Time)
	// Accept brings an event of a run before the rules.
	Accept func(ctx context.Context, site string, event release.Event) error
	// ShowSetup renders a page of the set-up; its body is a SetupPage.
	ShowSetup func(w http.ResponseWriter, r *http.Request, status int, title string, body any)
	// LetOperator says whether the caller is an operator, and refuses the call if not.
	LetOperator func(w http.ResponseWriter, r *http.Request) bool
}

// GitHub carries out the releases of the sites that run on GitHub. It is a runner.Provider.
type GitHub struct {
	runner.BySite // the connection's runner, which changes when GitHub is set up
	*identities
	connection  *connection
	webhooks    *webhooks
	approvals   *approvals
	deployments *deployments
	previews    *previewing
	names       *names
	setup       *setup
	letOperator func(w http.ResponseWriter, r *http.Request) bool
	duties      *replicas.Duties
}

// New connects to GitHub if it is set up. If not, it begins the set-up, provided that a site
// runs on GitHub.
func New(ctx context.Context, o Options) (*GitHub, error) {
	c := &connection{config: o.Config, log: o.Log, transport: o.Transport, budgets: budgets{o.Ledger.Budgets()}, credentials: credentials{config: o.Config.GitHub, state: o.Config.State, shared: o.Shared}}
	g := &GitHub{
		BySite:      runner.BySite{Of: func(string) runner.Provider { return runner.Plain{Runner: c.runner()} }},
		identities:  &identities{connection: c, log: o.Log, gitHubURL: o.Config.GitHub.URL},
		connection:  c,
		approvals:   &approvals{connection: c, ledger: o.Ledger, log: o.Log, arrived: make(chan struct{}, 1)},
		deployments: &deployments{connection: c, ledger: o.Ledger, log: o.Log},
		letOperator: o.LetOperator, duties: o.Duties,
	}
	g.names = &names{connection: c, ledger: o.Ledger, log: o.Log, hint: make(chan struct{}, 1), moved: map[string]string{}}
	g.previews = &previewing{connection: c, ledger: o.Ledger, store: previews.New(o.Ledger), log: o.Log, arrived: make(chan struct{}, 1)}
	g.webhooks = &webhooks{previews: g.previews, connection: c, ledger: o.Ledger, log: o.Log, accept: o.Accept, approvals: g.approvals, names: g.names, processed: o.Handled, arrived: make(chan struct{}, 1)}
	g.setup = &setup{connection: c, log: o.Log, keys: o.Keys, show: o.ShowSetup}
	if !c.wanted() {
		return g, nil
	}
	if err := g.approvals.importFile(ctx, o.Config.State); err != nil {
		return nil, err
	}
	made, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	if made == nil {
		return g, g.setup.begin(ctx)
	}
	c.link.Store(made)
	return g, nil
}

// Carries says whether a site runs on GitHub.
func (g *GitHub) Carries(site string) bool {
	return g.connection.config.Sites[site].Runner == config.RunnerGitHub
}

// Remote says that runs are looked up over a network.
func (*GitHub) Remote(string) bool { return true }

// Identify gives the run of a bearer token.
func (g *GitHub) Identify(ctx context.Context, bearer string) (runner.Identity, bool, error) {
	return g.identities.Identify(ctx, bearer)
}

// Start begins to act on webhooks, to show deployments, to approve runs that wait, to
// notice renamed repositories and to make previews.
func (g *GitHub) Start(ctx context.Context, tasks *sync.WaitGroup) {
	if !g.connection.wanted() {
		return
	}
	if g.connection.link.Load() == nil && g.connection.credentials.shared != nil {
		tasks.Go(func() { g.setup.awaitReplicas(ctx) })
	}
	tasks.Go(func() { g.duties.Run(ctx, "github webhooks", g.webhooks.process) })
	tasks.Go(func() { g.names.watch(ctx) })
	tasks.Go(func() { g.duties.Run(ctx, "github deployments", g.deployments.show) })
	tasks.Go(func() { g.duties.Run(ctx, "github approvals", g.approvals.answerAll) })
	if g.connection.anyPreviews() {
		tasks.Go(func() { g.duties.Run(ctx, "github previews", g.previews.watch) })
	}
}

// Unreachable says why a site can't be released as it is configured: its repository was
// renamed. "" if it was not, as far as is known.
func (g *GitHub) Unreachable(site string) string { return g.names.of(site) }

// LookForNames asks GitHub for the names of the sites' repositories. Start does so
// from time to time.
func (g *GitHub) LookForNames(ctx context.Context) { g.names.check(ctx) }

// AskForMissed has GitHub send again the webhooks that did not arrive. Start does so from
// time to time.
func (g *GitHub) AskForMissed(ctx context.Context) { g.webhooks.askForMissed(ctx) }

// Routes are those of the webhooks and, if any site runs on GitHub, of the
// set-up.
func (g *GitHub) Routes() []runner.Route {
	hooks := runner.Route{Pattern: "POST " + WebhookPath, Handler: g.webhooks, Unguarded: true}
	if !g.connection.wanted() {
		return []runner.Route{hooks}
	}
	hooks.Call = &runner.Call{
		ID: "githubWebhook", Tag: "runs", Summary: "GitHub's webhooks, signed with one of the configured secrets",
		Status: http.StatusAccepted, Open: true, PlainRefusals: true,
		Headers: []runner.Header{
			{Name: "X-Hub-Signature-256", Meaning: "HMAC-SHA256 of the body"},
			{Name: "X-GitHub-Event"},
			{Name: "X-GitHub-Delivery", Meaning: "the same id is the same webhook"},
		},
	}
	checks := runner.Route{
		Pattern: "GET /v1/github/checks", Handler: http.HandlerFunc(g.checks),
		Call: &runner.Call{
			ID: "githubChecks", Tag: "operators", Summary: "What releases need of GitHub, and what of it is missing",
			Status: http.StatusOK, Answer: checkList{},
		},
	}
	routes := append([]runner.Route{hooks, checks}, g.setup.routes()...)
	if g.connection.anyPreviews() {
		routes = append(routes, g.previews.route())
	}
	return routes
}

// LookAtPreviews starts the work on changed previews at once.
func (g *GitHub) LookAtPreviews() { g.previews.wake() }

// checkList is the answer to `pressrun doctor`.
type checkList struct {
	Checks []githubapp.Check `json:"checks"`
}

// checks gives the checks to `pressrun doctor`.
func (g *GitHub) checks(w http.ResponseWriter, r *http.Request) {
	if !g.letOperator(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(checkList{g.connection.examine(r.Context())}) // the caller may have gone
}

var (
	_ runner.Provider  = (*GitHub)(nil)
	_ runner.RunLogger = (*GitHub)(nil)
)
