package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

func problem(status int, code, detail string) *api.Problem {
	return &api.Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// invalid is a problem with one field of a body.
func invalid(location, message string) error {
	p := problem(http.StatusUnprocessableEntity, "invalid", "the request is not as it must be")
	p.Errors = []api.Violation{{Location: location, Message: message}}
	return p
}

func codeOfStatus(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusServiceUnavailable:
		return "unavailable"
	case http.StatusInternalServerError:
		return "internal"
	case http.StatusBadGateway:
		return "platform"
	default:
		return "invalid"
	}
}

// public turns an error into what a caller may know of it. What is not
// expected is logged and not told.
func (a *App) public(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	if c, ok := errors.AsType[*release.Conflict](err); ok {
		if c.Code == release.CodeBadEvent {
			return problem(http.StatusUnprocessableEntity, string(c.Code), c.Text)
		}
		return problem(http.StatusConflict, string(c.Code), c.Text)
	}
	if u, ok := errors.AsType[*ledger.Unavailable](err); ok {
		a.disk.note(a.ledger, err)
		a.log.Error("the ledger can't be written", "error", err)
		return problem(http.StatusServiceUnavailable, "unavailable", u.Why+": nothing was changed; try again in a moment")
	}
	switch {
	case errors.Is(err, ledger.ErrNoSite):
		return problem(http.StatusNotFound, "no_site", err.Error())
	case errors.Is(err, ledger.ErrNotFound):
		return problem(http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, ledger.ErrDamaged):
		a.log.ErrorContext(ctx, "the ledger is damaged", "error", err)
		return problem(http.StatusInternalServerError, "damaged", "the ledger's file is damaged: an operator must stop the app and restore a backup")
	case errors.Is(err, ledger.ErrClosed), a.stop.Err() != nil && errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "unavailable", "the app is shutting down; try again in a moment")
	case ctx.Err() != nil:
		return problem(http.StatusServiceUnavailable, "unavailable", "the call was given up before it was answered; try again")
	}
	a.log.ErrorContext(ctx, "a call failed", "error", err)
	return problem(http.StatusInternalServerError, "internal", "this is Pressrun's fault; the log of the app tells more")
}

// logFor is where to log what went wrong with a call: nowhere once its caller has
// gone, for that ends whatever is read for it.
func (a *App) logFor(ctx context.Context) *slog.Logger {
	if ctx.Err() != nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.log
}
