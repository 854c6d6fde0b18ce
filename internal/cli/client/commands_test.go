package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/api"
)

var update = flag.Bool("update", false, "write the expected files anew")

// invocation is one run of the program as a test sees it.
type invocation struct {
	args     []string
	in       string
	token    string
	screen   bool
	progress bool
}

type outcome struct {
	code     int
	out, err string
}

func invoke(t *testing.T, v invocation) outcome {
	t.Helper()
	t.Setenv("PRESSRUN_TOKEN", v.token)
	var out bytes.Buffer
	var errs lines
	code := run(t.Context(), v.args, &terminal{
		in: strings.NewReader(v.in), out: &out, err: &errs, screen: v.screen, progress: v.progress,
		now: func() time.Time { return noon }, local: time.UTC,
	})
	return outcome{code, out.String(), errs.String()}
}

// lines takes what is told from several places at once, as a file does.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Addresses, folders and measured times differ from run to run.
var (
	address = regexp.MustCompile(`127\.0\.0\.1:[0-9]{5}`)
	seconds = regexp.MustCompile(`"seconds": [0-9.e-]+`)
)

func (o outcome) text(args []string, calls []string, folder string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ pressrun %s\nexit code %d\n", strings.Join(args, " "), o.code)
	for _, part := range []struct{ name, text string }{
		{"calls", strings.Join(calls, "\n")}, {"standard output", o.out}, {"standard error", o.err},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n--- %s\n%s", part.name, part.text)
			if !strings.HasSuffix(part.text, "\n") {
				b.WriteString("\n")
			}
		}
	}
	text := address.ReplaceAllString(b.String(), "127.0.0.1:PORT")
	text = seconds.ReplaceAllString(text, `"seconds": 0`)
	return strings.ReplaceAll(text, folder, "FOLDER")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got; go test ./cmd/pressrun -update writes %s anew)\n%s", file, diff)
	}
}

// Every command's output, calls and exit code, against a fake app.
func TestCommands(t *testing.T) {
	one, two := []api.Site{www()}, []api.Site{www(), staging()}
	for _, c := range []struct {
		name   string
		args   string
		sites  []api.Site
		fail   bool
		token  string // "": a good one
		in     string
		screen bool
	}{
		{name: "request", args: "request|--reason|New opening hours", sites: one},
		{name: "request-all", args: "request|--site|www|--actor|Ada|--title|Hours|--link|https://cms/12|--entity|article/12|--source|content|--key|again|--not-before|2h|--json", sites: two},
		{name: "request-which-site", args: "request", sites: two},
		{name: "request-no-site", args: "request|--site|blog", sites: two},
		{name: "request-wait", args: "request|--wait", sites: one},
		{name: "request-wait-json", args: "request|--wait|--json", sites: one},
		{name: "request-wait-failed", args: "request|--wait", sites: one, fail: true},
		{name: "request-wait-timeout", args: "request|--wait|--timeout|10ms", sites: one},
		{name: "request-bad-time", args: "request|--not-before|tomorrow", sites: one},
		{name: "request-bad-token", args: "request", sites: one, token: "wrong"},
		{name: "request-bad-token-json", args: "request|--json", sites: one, token: "wrong"},
		{name: "status-one", args: "status|--time-zone|America/New_York", sites: one},
		{name: "status-many", args: "status", sites: two},
		{name: "status-json", args: "status|--site|www-staging|--json", sites: two},
		{name: "status-no-site", args: "status|--site|blog|--json", sites: two},
		{name: "status-none", args: "status", sites: []api.Site{}},
		{name: "status-bad-zone", args: "status|--time-zone|Mars", sites: one},
		{name: "history", args: "history", sites: one},
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
		{name: "freeze", args: "freeze|--to|2026-12-27T06:00:00Z|--why|Christmas|--site|www-staging", sites: two},
		{name: "thaw", args: "thaw|QX4T2B7A|--site|www-staging", sites: two},
		{name: "token-hash", args: "token|hash", in: fakeToken + "\n"},
		{name: "token-hash-json", args: "token|hash|--json", in: fakeToken},
		{name: "token-hash-short", args: "token|hash", in: "secret\n"},
		{name: "token-new-bad-name", args: "token|new|a b|--role|cms"},
		{name: "token-new-bad-role", args: "token|new|ada|--role|boss"},
		{name: "config-check", args: "config|check|testdata/good.yaml"},
		{name: "config-check-json", args: "config|check|testdata/good.yaml|--json"},
		{name: "config-check-bad", args: "config|check|testdata/bad.yaml"},
		{name: "config-check-bad-json", args: "config|check|testdata/bad.yaml|--json"},
		{name: "config-check-missing", args: "config|check|testdata/none.yaml"},
		{name: "usage-unknown", args: "publish"},
		{name: "usage-unknown-json", args: "status|--jsn|--json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeApp(t, c.sites...)
			f.fail = c.fail
			t.Setenv("PRESSRUN_URL", f.url)
			token := c.token
			if token == "" {
				token = fakeToken
			}
			folder, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			args := strings.Split(c.args, "|")
			o := invoke(t, invocation{args: args, in: c.in, token: token, screen: c.screen})
			golden(t, c.name, o.text(args, f.calls, folder))
		})
	}
}

// Every command's help, by walking the grammar: a new command has a file too.
func TestHelp(t *testing.T) {
	parser, err := newParser(t.Context(), &terminal{out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: time.Now, local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	commands := [][]string{{}}
	for _, leaf := range parser.Model.Leaves(true) {
		commands = append(commands, strings.Fields(leaf.FullPath())[1:])
	}
	if len(commands) < 20 {
		t.Fatalf("found %d commands", len(commands))
	}
	for _, command := range commands {
		if len(command) > 0 && command[0] == "action" {
			continue // package action tests its own
		}
		name := "help" + strings.Join(append([]string{""}, command...), "-")
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, word := range command {
				if !strings.ContainsAny(word, "<[") {
					names = append(names, word)
				}
			}
			args := append(names, "--help")
			o := invoke(t, invocation{args: args})
			if o.code != 0 || o.err != "" {
				t.Errorf("ended with %d: %s", o.code, o.err)
			}
			if len(command) > 0 && !strings.Contains(o.out, "Example") {
				t.Errorf("the help of %v has no example", names)
			}
			golden(t, name, o.text(args, nil, "\x00"))
		})
	}
	o := invoke(t, invocation{})
	if want := invoke(t, invocation{args: []string{"--help"}}); o != want {
		t.Error("without a command the help is shown")
	}
}
