// Package exit has the program's exit codes, and finds the one of an error.
package exit

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The exit codes; Table says what each means. `pressrun action` has its own from 3 on, see package action.
const (
	OK           = 0
	Failed       = 1
	Usage        = 2
	NotFound     = 3
	Conflict     = 4
	Unauthorized = 5
	Unreachable  = 6
	NotLive      = 7
	Timeout      = 8
	Refused      = 9
	CDNPending   = 10
	Interrupted  = 130
	// NoReader says that the reader of the output has gone, as if SIGPIPE had ended
	// the program: it is not in the table, since nobody looks at it.
	NoReader = 141
)

// Table is shown by --help and in docs/cli.md.
const Table = `Exit codes:
  0    done
  1    failed, for a reason that is none of these (diff: the releases differ)
  2    usage: the command line, the configuration or a value is not as it must be
  3    not found: no such site, release, request or freeze
  4    conflict: it does not fit the site's state, nothing was changed
  5    not allowed: no token, an unknown one, or one without this right
  6    the app, or the store of a deploy, can't be reached, or can't take anything at the moment
  7    the release that was asked for failed (request --wait, demo --once)
  8    it was not live within --timeout; the request still stands
  9    a guard stopped a deploy before its first write, or a bake; --allow lets it pass by name
  10   live at the origin, but the CDN may still serve the old release
  130  interrupted
The codes of "pressrun action" from 3 on are its own: pressrun action --help`

// ErrDiffer is no failure: two things were compared, and differ. Nothing is said of it, as
// diff says nothing.
var ErrDiffer error = &codeError{code: Failed, err: errors.New("they differ")}

// codeError is an error with an exit code of its own.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }

func (e *codeError) Unwrap() error { return e.err }

// With gives an error an exit code of its own.
func With(code int, err error) error { return &codeError{code: code, err: err} }

// Code is the exit code of an error; OK of nil.
func Code(err error) int {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return OfStatus(p.Status)
	}
	_, parse := errors.AsType[*kong.ParseError](err)
	_, misconfigured := errors.AsType[*config.Error](err)
	// Not net.Error: an error number of the operating system is one too, as of a
	// file that can't be read.
	op, network := errors.AsType[*net.OpError](err)
	_, name := errors.AsType[*net.DNSError](err)
	_, call := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, syscall.EPIPE) && isPath(err):
		return NoReader
	case parse, misconfigured:
		return Usage
	case errors.Is(err, context.Canceled):
		return Interrupted
	case network && op.Op == "listen": // an address of this machine, and nobody else's
		return Failed
	case errors.Is(err, store.ErrUnreachable), network, name, call:
		return Unreachable
	default:
		return Failed
	}
}

// isPath says whether an error comes from a file of this machine (standard output is
// one) and not from a connection.
func isPath(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

// OfStatus is the exit code of an HTTP status with which the app refused a call.
func OfStatus(status int) int {
	switch status {
	case http.StatusNotFound:
		return NotFound
	case http.StatusConflict:
		return Conflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return Unauthorized
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return Usage
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Unreachable
	default:
		return Failed
	}
}
