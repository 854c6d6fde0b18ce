package serve_test

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
)

// Output and exit code of the commands that set a server up.
func TestCommands(t *testing.T) {
	for _, c := range []struct{ name, args, in string }{
		{name: "token-hash", args: "token|hash", in: goodToken + "\n"},
		{name: "token-hash-json", args: "token|hash|--json", in: goodToken},
		{name: "token-hash-short", args: "token|hash", in: "secret\n"},
		{name: "token-new-bad-name", args: "token|new|a b|--role|cms"},
		{name: "token-new-bad-role", args: "token|new|ada|--role|boss"},
		{name: "config-check", args: "config|check|testdata/good.yaml"},
		{name: "config-check-json", args: "config|check|testdata/good.yaml|--json"},
		{name: "config-check-bad", args: "config|check|testdata/bad.yaml"},
		{name: "config-check-bad-json", args: "config|check|testdata/bad.yaml|--json"},
		{name: "config-check-missing", args: "config|check|testdata/none.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := strings.Split(c.args, "|")
			o := clitest.Run(t, clitest.Invocation{Args: args, In: c.in})
			clitest.Golden(t, c.name, o.Text(args, nil))
		})
	}
}

const goodToken = "prt_THETOKENOFTHETESTSTHETOKEN"
