package cli

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/text"
)

// failure is an error in JSON.
type failure struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
	// Status and Code are the app's, when it refused.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
}

// message puts an error into words: a line for people, a JSON document for
// programs. It is empty for an interruption and for a reader that has gone, which
// people did themselves, and for two things that differ, which has been printed.
func message(err error, args []string) string {
	code := exit.Code(err)
	if err == nil || code == exit.Interrupted || code == exit.NoReader || errors.Is(err, exit.ErrDiffer) {
		return ""
	}
	words := text.Plain(inPlainWords(err))
	if p, ok := errors.AsType[*kong.ParseError](err); ok {
		words = text.Plain(misspelt(p))
	}
	if !slices.Contains(args, "--json") {
		return "pressrun: " + words + advice(err, code)
	}
	f := failure{Error: words, ExitCode: code}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		f.Status, f.Code = p.Status, p.Code
	}
	out, err := json.Marshal(f)
	if err != nil {
		return "pressrun: " + words
	}
	return string(out)
}
