package cli

import (
	"encoding/json"
	"errors"
	"net"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

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
	code := exit.Code(err)
	if err == nil || code == exit.Interrupted || code == exit.NoReader {
		return ""
	}
	text := text.Plain(err.Error())
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
	op, network := errors.AsType[*net.OpError](err)
	switch {
	case network && op.Op == "listen":
		return "\n" + listenAdvice(err)
	case code == exit.Unauthorized:
		return "\nGive a token by PRESSRUN_TOKEN or --token-file; an operator makes one with: pressrun token new NAME --role operator"
	case code == exit.Unreachable && !refused && !errors.Is(err, store.ErrUnreachable):
		return "\nIs it running, and is --app (or PRESSRUN_URL) its address?"
	case parse:
		return "\nSee: " + helpOf(p.Context) + " --help"
	default:
		return ""
	}
}

// listenAdvice says what to do about an address that can't be listened on.
func listenAdvice(err error) string {
	const choose = `choose another address in the configuration, such as: listen: "127.0.0.1:8081"`
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "Another program listens there, perhaps an app that runs already. End it, or " + choose
	case errors.Is(err, syscall.EACCES):
		return "Ports below 1024 are for who has the right to them: " + choose
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine has no such address: " + choose
	default:
		return "Look at listen in the configuration: it is HOST:PORT, such as 127.0.0.1:8080"
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
