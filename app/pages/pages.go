package pages

import (
	"log/slog"
	"net/http"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/app/pages/account"
	"github.com/pressrun/pressrun/app/pages/assets"
	"github.com/pressrun/pressrun/app/pages/compare"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/pages/previews"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/config"
)

// Options are what New needs.
type Options struct {
	Config      config.Config
	Auth        *auth.Authorizer
	Problems    *problem.Reporter
	Disk        *problem.Disk
	Commands    *command.Commands
	Notices     *command.Notices
	Previews    *command.Previews
	View        *view.Reader
	Differences *differences.Reader
	Logs        stream.RunLogs
	// Load gives the result of the configurations that were read.
	Load func() view.Load
	Log  *slog.Logger
}

// New puts the pages on a mux, and gives their frame. They also answer addresses without a
// route, of the API too.
func New(mux *http.ServeMux, o Options) *frame.Frame {
	f := &frame.Frame{Config: o.Config, Problems: o.Problems, Disk: o.Disk, Log: o.Log}
	home := &home{Frame: f, view: o.View, load: o.Load}
	site := &sitePages{Frame: f, view: o.View, commands: o.Commands}
	find := &findPages{Frame: f, view: o.View}
	releases := &releasePages{Frame: f, view: o.View, logs: o.Logs}
	past := &historyPages{Frame: f, view: o.View}
	requests := &requestPages{Frame: f, view: o.View}

	mux.HandleFunc("GET /{$}", f.SignedIn(home.show))
	mux.HandleFunc("GET /sites/{site}", f.SignedIn(site.show))
	mux.HandleFunc("POST /sites/{site}/requests", f.SignedIn(site.accept))
	mux.HandleFunc("GET /sites/{site}/find", f.SignedIn(find.show))
	mux.HandleFunc("GET /sites/{site}/releases", f.SignedIn(past.show))
	mux.HandleFunc("GET /sites/{site}/releases/{number}", f.SignedIn(releases.show))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/log", f.SignedIn(releases.showLog))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/log.txt", f.SignedIn(releases.rawLog))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/addresses.jsonl", f.SignedIn(releases.addresses))
	mux.HandleFunc("GET /requests/{id}", f.SignedIn(requests.show))
	mux.HandleFunc("GET /assets/{name}", assets.Serve)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { f.Unknown(mux, w, r) })
	operator.Register(mux, f, o.View, o.Commands, o.Notices)
	compare.Register(mux, f, o.View, o.Differences)
	previews.Register(mux, f, o.View, o.Previews)
	account.Register(mux, f, o.Auth)
	return f
}
