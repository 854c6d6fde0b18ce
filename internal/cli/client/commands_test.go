package client_test

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest"
)

// Every command's output, calls and exit code, against a fake app.
func TestCommands(t *testing.T) {
	one, two := []api.Site{www()}, []api.Site{www(), staging()}
	for _, c := range []struct {
		name   string
		args   string
		sites  []api.Site
		fail   bool
		silent bool
		token  string // "": a good one
		screen bool
	}{
		{name: "request", args: "request|--reason|New opening hours", sites: one},
		{name: "request-all", args: "request|--site|www|--actor|Ada|--title|Hours|--link|https://cms/12|--entity|article/12|--source|content|--key|again|--not-before|2h|--json", sites: two},
		{name: "request-which-site", args: "request", sites: two},
		{name: "request-no-site", args: "request|--site|blog", sites: two},
		{name: "request-wait", args: "request|--wait", sites: one},
		{name: "request-wait-json", args: "request|--wait|--json", sites: one},
		{name: "request-wait-failed", args: "request|--wait", sites: one, fail: true},
		{name: "request-wait-timeout", args: "request|--wait|--timeout|10ms", sites: one, silent: true},
		{name: "request-bad-time", args: "request|--not-before|tomorrow", sites: one},
		{name: "request-bad-token", args: "request", sites: one, token: "wrong"},
		{name: "request-bad-token-json", args: "request|--json", sites: one, token: "wrong"},
		{name: "status-one", args: "status|--time-zone|America/New_York", sites: one},
		{name: "status-many", args: "status", sites: two},
		{name: "status-json", args: "status|--site|www-staging|--json", sites: two},
		{name: "status-no-site", args: "status|--site|blog|--json", sites: two},
		{name: "status-none", args: "status", sites: []api.Site{}},
		{name: "status-bad-zone", args: "status|--time-zone|Mars", sites: one},
		{name: "find", args: "find|opening|hours", sites: one},
		{name: "find-none", args: "find|unheard-of", sites: one},
		{name: "find-json", args: "find|--show|waiting|--json", sites: one},
		{name: "find-nothing", args: "find", sites: one},
		{name: "history", args: "history", sites: one},
		{name: "history-screen", args: "history", sites: one, screen: true},
		{name: "history-json", args: "history|--limit|1|--json", sites: one},
		{name: "history-bad-limit", args: "history|--limit|0", sites: one},
		{name: "show-release", args: "show|126", sites: one},
		{name: "show-release-failed", args: "show|127", sites: one},
		{name: "show-release-json", args: "show|126|--json", sites: one},
		{name: "show-release-none", args: "show|4711", sites: one},
		{name: "show-request", args: "show|req-1", sites: one},
		{name: "show-request-json", args: "show|req-1|--json", sites: one},
		{name: "show-request-none", args: "show|req-2", sites: one},
		{name: "log", args: "log|126", sites: one},
		{name: "log-screen", args: "log|126", sites: one, screen: true},
		{name: "log-json", args: "log|126|--json", sites: one},
		{name: "log-follow-json", args: "log|127|--follow|--json", sites: one, screen: true},
		{name: "log-json-none", args: "log|4711|--follow|--json", sites: one},
		{name: "log-newest", args: "log", sites: one},
		{name: "log-held", args: "log|--site|www-held", sites: []api.Site{www(), heldSite()}},
		{name: "status-held", args: "status|--site|www-held", sites: []api.Site{www(), heldSite()}},
		{name: "log-follow", args: "log|127|--follow", sites: one},
		{name: "events", args: "events", sites: one},
		{name: "events-json", args: "events|--limit|2|--json", sites: one},
		{name: "events-after", args: "events|--after|2", sites: one},
		{name: "pause", args: "pause|--why|The CDN|--until|2026-12-24 18:00", sites: one},
		{name: "pause-no-reason", args: "pause", sites: one},
		{name: "resume", args: "resume|--json", sites: []api.Site{staging()}},
		{name: "cancel-conflict", args: "cancel|--why|no", sites: one},
		{name: "cancel-conflict-json", args: "cancel|--why|no|--json", sites: one},
		{name: "reset", args: "reset|--why|lost|--actor|Ada|--json", sites: []api.Site{staging()}},
		{name: "retry", args: "retry|--site|www-staging", sites: two},
		{name: "retry-allow", args: "retry|--site|www-staging|--allow|broken-links|--why|The shop follows|--actor|Ana", sites: two},
		{name: "retry-allow-no-reason", args: "retry|--site|www-staging|--allow|broken-links", sites: two},
		{name: "freeze", args: "freeze|--to|2026-12-27T06:00:00Z|--why|Christmas|--site|www-staging", sites: two},
		{name: "rollback", args: "rollback|127|--site|www-staging|--why|The prices are wrong|--actor|Ana", sites: two},
		{name: "rollback-json", args: "rollback|#127|--why|wrong|--json", sites: []api.Site{staging()}},
		{name: "rollback-no-reason", args: "rollback|127", sites: one},
		{name: "rollback-no-number", args: "rollback|0|--why|x", sites: one},
		{name: "rollback-dry", args: "rollback|127|--why|x|--dry-run", sites: one},
		{name: "rollback-by-hand-why", args: "rollback|file:///nowhere|--why|x", sites: one},
		{name: "thaw", args: "thaw|QX4T2B7A|--site|www-staging", sites: two},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeApp(t, c.sites...)
			f.fail, f.silent = c.fail, c.silent
			t.Setenv("PRESSRUN_URL", f.url)
			token := c.token
			if token == "" {
				token = fakeToken
			}
			args := strings.Split(c.args, "|")
			o := clitest.Run(t, clitest.Invocation{Args: args, Token: token, Screen: c.screen})
			clitest.Golden(t, c.name, o.Text(args, f.calls))
		})
	}
}
