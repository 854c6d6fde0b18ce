package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// otherNames are words by which other programs call what is meant here.
var otherNames = map[string]string{
	"publish": "deploy", "upload": "deploy", "sync": "deploy", "release": "request", "trigger-release": "request",
	"start": "serve", "run": "serve", "daemon": "serve", "up": "serve", "restore": "backup",
	"logs": "log", "tail": "log", "ls": "status", "list": "status", "ps": "status", "info": "show", "describe": "show",
	"undo": "rollback", "revert": "rollback", "unpause": "resume", "continue": "resume", "stop": "pause", "hold": "pause",
	"abort": "cancel", "kill": "cancel", "unfreeze": "thaw", "setup": "init", "new": "init", "create": "init",
	"validate": "config check", "check": "config check", "lint": "config check", "schema": "config schema",
	"webhook": "hook", "webhooks": "hook", "hooks": "hook", "ping": "health",
	"login": "token new", "user": "token new", "purge": "invalidate", "cron": "schedule", "audit-log": "events",
}

// misspelt is what is told of a command line that is not understood: kong names words
// that are spelt alike, this those that mean the same.
func misspelt(err *kong.ParseError) string {
	said := err.Error()
	rest, ok := strings.CutPrefix(said, "unexpected argument ")
	if !ok || err.Context == nil || err.Context.Selected() != nil {
		return said + belongsBehind(err)
	}
	word, _, _ := strings.Cut(rest, ",")
	if name := otherNames[word]; name != "" {
		return "unexpected argument " + word + `. Is it "pressrun ` + name + `" that you look for?`
	}
	return said
}

// belongsBehind says that a flag that the program as a whole has not belongs behind
// the command.
func belongsBehind(err *kong.ParseError) string {
	rest, ok := strings.CutPrefix(err.Error(), "unknown flag --")
	if !ok || err.Context == nil || err.Context.Selected() != nil {
		return ""
	}
	for _, leaf := range err.Context.Model.Leaves(true) {
		for _, flag := range leaf.Flags {
			if flag.Name == rest {
				return ": flags stand behind the command, as in: pressrun COMMAND --" + rest
			}
		}
	}
	return ""
}
