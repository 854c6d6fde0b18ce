package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The exit codes. `pressrun action` has its own from 3 on, see package action.
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitConflict     = 4
	exitUnauthorized = 5
	exitUnreachable  = 6
	exitNotLive      = 7
	exitTimeout      = 8
	exitRefused      = 9
	exitEdgePending  = 10
	exitInterrupted  = 130
	// exitNoReader is for who wanted no more of the output, as of a program that
	// SIGPIPE has ended: it is not in the table, since nobody looks at it.
	exitNoReader = 141
)

// exitTable is shown by --help and in docs/cli.md.
const exitTable = `Exit codes:
  0    done
  1    failed, for a reason that is none of these
  2    usage: the command line, the configuration or a value is not as it must be
  3    not found: no such site, release, request or freeze
  4    conflict: it does not fit the site's state, nothing was changed
  5    not allowed: no token, an unknown one, or one without this right
  6    the app, or the store of a deploy, can't be reached, or can't take anything at the moment
  7    the release that was asked for failed (request --wait, demo --once)
  8    it was not live within --timeout; the request still stands
  9    a guard stopped a deploy before its first write; --allow lets it pass by name
  10   live at the origin, but the CDN may still serve the old release
  130  interrupted
The codes of "pressrun action" from 3 on are its own: pressrun action --help`

// codeError is an error with an exit code of its own.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }

func (e *codeError) Unwrap() error { return e.err }

func withCode(code int, err error) error { return &codeError{code: code, err: err} }

func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return statusCode(p.Status)
	}
	_, parse := errors.AsType[*kong.ParseError](err)
	_, misconfigured := errors.AsType[*config.Error](err)
	// Not net.Error: an error number of the operating system is one too, as of a
	// file that can't be read.
	_, network := errors.AsType[*net.OpError](err)
	_, name := errors.AsType[*net.DNSError](err)
	_, call := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, syscall.EPIPE) && isPath(err):
		return exitNoReader
	case parse, misconfigured:
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, store.ErrUnreachable), network, name, call:
		return exitUnreachable
	default:
		return exitFailed
	}
}

// isPath tells of an error that a file of this machine gave, as standard output is
// one, and no connection.
func isPath(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

func statusCode(status int) int {
	switch status {
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusConflict:
		return exitConflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitUnauthorized
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return exitUsage
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return exitUnreachable
	default:
		return exitFailed
	}
}

// failure is an error as --json tells it.
type failure struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
	// Status and Code are the app's, when it refused.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
}

// tell puts an error into words: a line for people, a JSON document for
// programs. It says nothing of an interruption, nor that nobody reads on:
// who made it so knows.
func tell(err error, args []string) string {
	code := exitCode(err)
	if err == nil || code == exitInterrupted || code == exitNoReader {
		return ""
	}
	text := plain(err.Error())
	if !slices.Contains(args, "--json") {
		return "pressrun: " + text + advice(err, code)
	}
	f := failure{Error: text, ExitCode: code}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		f.Status, f.Code = p.Status, p.Code
	}
	out, err := json.Marshal(f)
	if err != nil {
		return "pressrun: " + text
	}
	return string(out)
}

// advice says what to do about errors that many people meet first. The codes of
// `pressrun action` mean other things: its errors say it themselves.
func advice(err error, code int) string {
	if _, ok := errors.AsType[*actionError](err); ok {
		return ""
	}
	_, refused := errors.AsType[*api.Problem](err)
	p, parse := errors.AsType[*kong.ParseError](err)
	switch {
	case code == exitUnauthorized:
		return "\nGive a token by PRESSRUN_TOKEN or --token-file; an operator makes one with: pressrun token new NAME --role operator"
	case code == exitUnreachable && !refused && !errors.Is(err, store.ErrUnreachable):
		return "\nIs it running, and is --app (or PRESSRUN_URL) its address?"
	case parse:
		return "\nSee: " + helpOf(p.Context) + " --help"
	default:
		return ""
	}
}

// helpOf is the command whose help tells more: as far as the command line was
// understood.
func helpOf(c *kong.Context) string {
	if c != nil {
		if node := c.Selected(); node != nil {
			return node.FullPath()
		}
	}
	return "pressrun"
}
