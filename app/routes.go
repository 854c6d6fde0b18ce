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
	"github.com/pressrun/pressrun/app/public"
	"github.com/pressrun/pressrun/app/retention"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/words"
)

// routes puts the API, the streams and the pages on one mux.
func (a *App) routes(version string) *middleware.BodyDeadline {
	mux := http.NewServeMux()
	views := view.New(a.ledger, a.config.Sites, a.schedules, a.log)
	views.Ask(a.unreachable)
	commands := command.New(a.ledger)
	told := command.NewNotices(a.ledger, a.config)
	changed := differences.New(a.config.Sites, a.ledger, a.log)
	logs := stream.RunLogs{Ledger: a.ledger, Runner: a.runner, Log: a.log}
	options := webapi.Options{
		Version: version, Auth: a.auth, Problems: a.problems, Commands: commands, View: views, Differences: changed, Ledger: a.ledger,
		Hooks: command.NewHooks(a.ledger, a.config.Sites, a.config.URL), Notices: told,
		Logs: logs, Places: a.places, State: a.config.State, Log: a.log, Stop: a.stop, Described: a.runner.Routes(),
		Traced: func(site string) bool { return a.config.Sites[site].Traced() },
		Retention: func(ctx context.Context) (api.Retention, error) {
			return retention.Plan(ctx, a.ledger.Retention(), a.config.Keep.Retention(), a.config.Keep.Export)
		},
		Figures: a.metrics.Handler(a.log), Parts: a.parts(),
	}
	a.api = webapi.New(mux, options)
	a.pages = pages.New(mux, pages.Options{
		Config: a.config, Auth: a.auth, Problems: a.problems, Disk: a.disk, Commands: commands, Notices: told, View: views, Differences: changed, Logs: logs, Log: a.log,
	})
	outer := http.NewServeMux()
	language, _ := words.Named(a.config.Pages.Language)
	public.New(public.Options{Sites: a.config.Sites, View: views, Problems: a.problems, Language: language}).Register(outer)
	outer.Handle(hooks.Path, a.hooks) // whoever knows an address may call it, from wherever
	for _, r := range a.runner.Routes() {
		if r.Unguarded {
			outer.Handle(r.Pattern, r.Handler)
		} else {
			mux.Handle(r.Pattern, r.Handler)
		}
	}
	outer.Handle("/", middleware.Callers{
		Config: a.config, Auth: a.auth, MaxBody: webapi.MaxMetrics + 1024, Refuse: a.refuse, Next: mux,
	}.Handler())
	return &middleware.BodyDeadline{Wait: middleware.BodyLimit, Next: middleware.CloseUnread(outer)}
}

// refuse answers programs with a problem, and people with a page.
func (a *App) refuse(w http.ResponseWriter, r *http.Request, p *api.Problem) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		a.problems.Write(w, r, p)
		return
	}
	a.pages.Refuse(w, r, p)
}

// letOperator lets operators of all sites through to a runner's route, and answers
// all others.
func (a *App) letOperator(w http.ResponseWriter, r *http.Request) bool {
	p := a.auth.RefusalOfAll(auth.From(r.Context()), auth.Operator)
	if p == nil {
		return true
	}
	a.problems.Write(w, r, p)
	return false
}
