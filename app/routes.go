package app

import (
	"context"
	"net/http"
	"strings"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/app/hooks"
	"github.com/pressrun/pressrun/app/middleware"
	"github.com/pressrun/pressrun/app/pages"
	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/app/public"
	"github.com/pressrun/pressrun/app/retention"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/words"
)

// routes puts the API, the streams and the pages on one mux.
func (e *edition) routes(version string) *middleware.BodyDeadline {
	mux := http.NewServeMux()
	views := view.New(e.ledger, e.config.Sites, e.schedules, e.log)
	views.Explain(e.unreachable, e.closed)
	commands := command.New(e.ledger)
	notices := command.NewNotices(e.ledger, e.config)
	pulls := command.NewPreviews(previews.New(e.ledger), e.config.Sites, e.lookAtPreviews)
	changed := differences.New(e.config.Sites, e.ledger, e.log)
	logs := stream.RunLogs{Ledger: e.ledger, Runner: e.runner, Log: e.log}
	options := webapi.Options{
		Version: version, Auth: e.auth, Problems: e.problems, Commands: commands, View: views, Differences: changed, Ledger: e.ledger,
		Hooks: command.NewHooks(e.ledger, e.config.Sites, e.config.URL), Notices: notices, Previews: pulls,
		Logs: logs, Places: e.places, State: e.config.State, Log: e.log, Stop: e.stop, Described: e.runner.Routes(),
		Traced: func(site string) bool { return e.config.Sites[site].Traced() },
		Retention: func(ctx context.Context) (api.Retention, error) {
			return retention.Plan(ctx, e.ledger.Retention(), e.config.Keep.Retention(), e.config.Keep.Export)
		},
		Figures: e.metrics.Handler(e.log), Parts: e.parts(),
	}
	e.api = webapi.New(mux, options)
	e.pages = pages.New(mux, pages.Options{
		Config: e.config, Auth: e.auth, Problems: e.problems, Disk: e.disk, Commands: commands, Notices: notices, Previews: pulls, View: views, Differences: changed, Logs: logs, Load: e.loads.view, Log: e.log,
	})
	outer := http.NewServeMux()
	language, _ := words.Named(e.config.Pages.Language)
	public.New(public.Options{Sites: e.config.Sites, View: views, Problems: e.problems, Language: language}).Register(outer)
	outer.Handle(hooks.Path, e.hooks) // the secret in the address admits the caller
	for _, r := range e.runner.Routes() {
		if r.Unguarded {
			outer.Handle(r.Pattern, r.Handler)
		} else {
			mux.Handle(r.Pattern, r.Handler)
		}
	}
	outer.Handle("/", middleware.Callers{
		Config: e.config, Auth: e.auth, MaxBody: webapi.MaxMetrics + 1024, Refuse: e.refuse, Next: mux,
	}.Handler())
	return &middleware.BodyDeadline{Wait: middleware.BodyLimit, Next: middleware.CloseUnread(outer)}
}

// refuse answers calls of the API with a problem, and others with a page.
func (e *edition) refuse(w http.ResponseWriter, r *http.Request, p *api.Problem) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		e.problems.Write(w, r, p)
		return
	}
	e.pages.Refuse(w, r, p)
}

// letOperator lets operators of all sites through to a runner's route, and answers
// all others.
func (e *edition) letOperator(w http.ResponseWriter, r *http.Request) bool {
	p := e.auth.RefusalOfAll(auth.From(r.Context()), auth.Operator)
	if p == nil {
		return true
	}
	e.problems.Write(w, r, p)
	return false
}
