// Package problem makes the answers to calls that are refused or fail. They have no more of
// an error than the caller may know.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// New is a problem with an HTTP status, a code for programs and a sentence for
// people.
func New(status int, code, detail string) *api.Problem {
	return &api.Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// Invalid is a problem with one field of a call, such as body.link.
func Invalid(location, message string) *api.Problem {
	p := New(http.StatusUnprocessableEntity, "invalid", "the request is not as it must be")
	p.Errors = []api.Violation{{Location: location, Message: message}}
	return p
}

// CodeOf is the code of a problem of which only the HTTP status is known.
func CodeOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusGone:
		return "removed"
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

// Reporter turns errors into problems, and logs those that a caller must not see.
type Reporter struct {
	log  *slog.Logger
	disk *Disk
	stop context.Context //nolint:containedctx // the app's own life: while it ends, cancelled calls are no faults
}

// NewReporter makes a Reporter of an app that shuts down when stop ends.
func NewReporter(stop context.Context, log *slog.Logger, disk *Disk) *Reporter {
	return &Reporter{log: log, disk: disk, stop: stop}
}

// Of is the problem for an error, nil for no error. An unexpected error is logged, and the
// problem has none of its text.
func (r *Reporter) Of(ctx context.Context, err error) *api.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	if c, ok := errors.AsType[*release.Conflict](err); ok {
		return New(statusOf(c.Code), string(c.Code), c.Text)
	}
	if _, ok := errors.AsType[*ledger.Unknown](err); ok {
		r.log.Error("the outcome of a commit is unknown", "error", err)
		return New(http.StatusServiceUnavailable, "unknown_outcome", "the ledger's database went away just then: it is not known whether this was kept; ask again with the same key")
	}
	if u, ok := errors.AsType[*ledger.Unavailable](err); ok {
		r.disk.Note(err)
		r.log.Error("the ledger can't be written", "error", err)
		return New(http.StatusServiceUnavailable, "unavailable", u.Why+": nothing was changed; try again in a moment")
	}
	if gone, ok := errors.AsType[*ledger.NoLongerKept](err); ok {
		return New(http.StatusGone, "removed", gone.Error())
	}
	switch {
	case errors.Is(err, ledger.ErrNoSite):
		return New(http.StatusNotFound, "no_site", err.Error())
	case errors.Is(err, ledger.ErrNotFound):
		return New(http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, ledger.ErrDamaged):
		r.log.ErrorContext(ctx, "the ledger is damaged", "error", err)
		return New(http.StatusInternalServerError, "damaged", "the ledger's file is damaged: an operator must stop the app and restore a backup")
	case errors.Is(err, ledger.ErrClosed), r.stop.Err() != nil && errors.Is(err, context.Canceled):
		return New(http.StatusServiceUnavailable, "unavailable", "the app is shutting down; try again in a moment")
	case ctx.Err() != nil:
		return New(http.StatusServiceUnavailable, "unavailable", "the call was given up before it was answered; try again")
	}
	r.log.ErrorContext(ctx, "a call failed", "error", err)
	return New(http.StatusInternalServerError, "internal", "this is Pressrun's fault; the log of the app tells more")
}

// statusOf is the HTTP status of a refusal by the rules.
func statusOf(code release.Code) int {
	if code == release.CodeBadEvent {
		return http.StatusUnprocessableEntity
	}
	if code == release.CodeNoFreeze {
		return http.StatusNotFound
	}
	return http.StatusConflict
}

// Err is Of as an error, for handlers that return one.
func (r *Reporter) Err(ctx context.Context, err error) error {
	if err == nil {
		return nil // a nil *api.Problem would be an error that is not nil
	}
	return r.Of(ctx, err)
}

// Write answers a call with the problem for an error.
func (r *Reporter) Write(w http.ResponseWriter, req *http.Request, err error) {
	p := r.Of(req.Context(), err)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", Challenge)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may have gone
}

// WriteRetry is Write for a call that may succeed after a time.
func (r *Reporter) WriteRetry(w http.ResponseWriter, req *http.Request, err error, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	r.Write(w, req, err)
}

// Challenge is the WWW-Authenticate header of an answer with status 401.
const Challenge = `Bearer realm="Pressrun"`
