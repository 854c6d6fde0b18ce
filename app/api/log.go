package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/runner"
)

// rawRoutes are those whose answers are streams or not JSON.
func (a *App) rawRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", a.healthy)
	mux.HandleFunc("GET /v1/events", a.streamEvents)
	mux.HandleFunc("GET /v1/sites/{site}/releases/{number}/log", a.streamLog)
	mux.HandleFunc("GET /v1/backup", a.backup)
}

// health is the answer of a healthy app.
type health struct {
	Status string `json:"status"`
}

// healthy says 200 when the app can read its ledger.
func (a *App) healthy(w http.ResponseWriter, r *http.Request) {
	if _, err := a.ledger.LastEvent(r.Context()); err != nil {
		a.problems.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(health{Status: "ok"}) // the caller may have gone
}

// let answers a raw call that its caller may not make, and says so.
func (a *App) let(w http.ResponseWriter, r *http.Request, site string, roles ...auth.Role) bool {
	p := a.auth.Refusal(auth.From(r.Context()), site, roles...)
	if p == nil {
		return true
	}
	a.problems.Write(w, r, p)
	return false
}

// streamLog gives the output of a release's run as text.
func (a *App) streamLog(w http.ResponseWriter, r *http.Request) {
	site := r.PathValue("site")
	if !a.let(w, r, site, auth.Editor, auth.Operator) {
		return
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		a.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "a release is a number from 1"))
		return
	}
	out, err := a.openLog(r.Context(), site, number)
	if errors.Is(err, fs.ErrNotExist) {
		a.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "release #"+strconv.FormatInt(number, 10)+" of "+site+" has no output here"))
		return
	}
	if err != nil {
		a.problems.Write(w, r, err)
		return
	}
	defer out.Close()
	a.sendText(w, r, out)
}

// openLog opens the output of a release's run.
func (a *App) openLog(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	byRun, ok := a.runner.(runner.RunLogger)
	if !ok {
		return a.runner.Log(ctx, site, number)
	}
	found, err := a.ledger.Release(ctx, site, number)
	if err != nil {
		return nil, err
	}
	out, err := byRun.RunLog(ctx, site, found.Run)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return a.runner.Log(ctx, site, number)
	case err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil:
		return out, err
	}
	a.log.Warn("a run can't be asked for its output", "site", site, "release", number, "error", err)
	where := "the run's own page"
	if link := webLink(found.Run.URL); link != "" {
		where += ", " + link
	}
	return nil, problem.New(http.StatusBadGateway, "platform", "GitHub, which has the run's output, can't be asked for it now; try again in a moment, or look at "+where)
}
