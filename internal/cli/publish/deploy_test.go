package publish_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy"
)

// TestPublishingByHand tells the whole story of a site that is published with
// no app at all.
func TestPublishingByHand(t *testing.T) {
	build, www := filepath.Join(t.TempDir(), "build"), filepath.Join(t.TempDir(), "www")
	to := "file://" + www
	t.Chdir(t.TempDir()) // a run leaves its figures there
	t.Setenv("AWS_ACCESS_KEY_ID", "nobody")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	write := func(name, body string) {
		t.Helper()
		if err := os.MkdirAll(build, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(build, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("index.html", "one")
	plan, whole := filepath.Join(t.TempDir(), "plan.json"), filepath.Join(t.TempDir(), "whole.json")
	rules := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(rules, []byte(`{"headers":[{"match":"**","set":{"set-cookie":"a"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		args []string
		code int
		want string
		then func()
	}{
		{name: "nothing is there", args: []string{"audit", to}, code: exit.NotFound, want: "pressrun: nothing was deployed to " + to + " yet\n"},
		{name: "nothing to go back to", args: []string{"rollback", to}, code: exit.NotFound, want: "pressrun: nothing was deployed there yet\n"},
		{name: "nothing to list", args: []string{"releases", "list", to}, want: "nothing was deployed to " + to + " yet"},
		{name: "nothing to list, for programs", args: []string{"releases", "list", to, "--json"}, want: "[]"},
		{name: "the wrong way round", args: []string{"deploy", to, build}, code: exit.Usage, want: "give the folder first and the destination after it"},
		{name: "a folder that is not there", args: []string{"deploy", build + "x", to}, code: exit.Usage, want: "the build's folder " + build + "x does not exist"},
		{name: "a guard that is none", args: []string{"deploy", build, to, "--allow", "missing-indx"}, code: exit.Usage, want: `"missing-indx" is no guard: expected one of empty-output, `},
		{name: "far too much at once", args: []string{"deploy", build, to, "--concurrency", "99999999"}, code: exit.Usage, want: "--concurrency is 1 to 4096, or 0 for the default, not 99999999"},
		{name: "whose help to read", args: []string{"releases", "diff", to}, code: exit.Usage, want: "See: pressrun releases diff --help"},
		{name: "a run's own codes", args: []string{"action", "deploy", "--site", "www", "--output", build, "--to", "s3://www", "--endpoint", "http://store.invalid", "--region", "eu-west-1"}, code: 5, want: "no such host store.invalid"},
		{name: "a plan", args: []string{"plan", build, to, "--site", "www", "--out", plan}, want: "dry run: release 1 would go to"},
		{name: "a try", args: []string{"deploy", build, to, "--dry-run"}, want: "dry run: release 1 would go to"},
		{name: "the first release", args: []string{"deploy", build, to, "--site", "www"}, want: "release 1 is live"},
		{name: "a plan that was overtaken", args: []string{"apply", plan}, code: exit.Conflict, want: "another release has gone live"},
		{name: "a new plan", args: []string{"plan", build, to, "--site", "www", "--out", plan, "--release", "1"}, want: "requests   about ", then: func() { write("index.html", "1.1") }},
		{name: "of another build", args: []string{"apply", plan}, code: exit.Conflict, want: "have changed since"},
		{name: "the plan", args: []string{"plan", build, to, "--site", "www", "--out", plan, "--release", "1"}, want: "0 new, 1 changed"},
		{name: "as looked at", args: []string{"apply", plan}, want: "release 1 is live", then: func() { write("b.html", "for two jobs") }},
		{name: "for two jobs", args: []string{"plan", build, to, "--site", "www", "--out", plan, "--shards", "2"}, want: "1 new, 0 changed"},
		{name: "a page more, at the CDN", args: []string{"plan", build, to, "--site", "www", "--cdn", "webhook:http://127.0.0.1:9/x", "--public-url", "https://www.example.org"}, want: "nothing to purge: 1 change,"},
		{name: "another page, at the CDN", args: []string{"plan", build, to, "--site", "www", "--cdn", "webhook:http://127.0.0.1:9/x", "--public-url", "https://www.example.org", "--json"}, want: `"method": "nothing"`},
		{name: "a CDN that is none", args: []string{"plan", build, to, "--site", "www", "--cdn", "akamai:1"}, code: exit.Usage, want: "is not known"},
		{name: "too early", args: []string{"commit", plan}, code: exit.Conflict, want: "run shard"},
		{name: "no such shard", args: []string{"apply", plan, "--shard", "3"}, code: exit.Usage, want: "--shard 3: the plan has shards 1 to 2"},
		{name: "nor this one", args: []string{"apply", plan, "--shard", "0"}, code: exit.Usage, want: "--shard 0: the plan has shards 1 to 2"},
		{name: "one", args: []string{"apply", plan, "--shard", "1"}, want: "shard 1 of 2 is there"},
		{name: "two", args: []string{"apply", plan, "--shard", "2"}, want: "shard 2 of 2 is there"},
		{name: "in place", args: []string{"commit", plan}, want: "release 1 is live"},
		{name: "run again", args: []string{"commit", plan}, want: "already, nothing was done"},
		{name: "run again, for programs", args: []string{"commit", plan, "--json"}, want: `"already_live": true`},
		{name: "a late shard", args: []string{"apply", plan, "--shard", "1"}, want: "shard 1 of 2: nothing to send, release 1 of this plan is live already"},
		{name: "no file for shards", args: []string{"plan", build, to, "--shards", "2"}, code: exit.Usage, want: "needs --out", then: func() { write("b.html", "changed") }},
		{name: "a changed page, at the CDN", args: []string{"plan", build, to, "--site", "www", "--cdn", "webhook:http://127.0.0.1:9/x", "--public-url", "https://www.example.org"}, want: "for 1 stale file", then: func() { write("b.html", "for two jobs") }},
		{name: "a shard of a plan for one", args: []string{"plan", build, to, "--site", "www", "--out", whole}, want: "dry run"},
		{name: "which has none", args: []string{"apply", whole, "--shard", "1"}, code: exit.Usage, want: "--shard 1: the plan has no shards"},
		{name: "no plan", args: []string{"apply", rules}, code: exit.Usage, want: "no plan that this version knows"},
		{name: "another site", args: []string{"deploy", build, to, "--site", "blog"}, code: exit.Failed, want: `holds the site "www"`},
		{name: "bad rules", args: []string{"deploy", build, to, "--rules", rules}, code: exit.Usage, want: "can't be kept with a stored file", then: func() { write("a.html", "two") }},
		{name: "rules that are not there", args: []string{"deploy", build, to, "--rules", rules + "x"}, code: exit.Usage, want: "read the rules"},
		{name: "the second", args: []string{"deploy", build, to, "--commit", "abc", "--release", "2"}, want: "1 new, 0 changed"},
		{name: "what changed", args: []string{"releases", "diff", to, "1"}, want: "new  a.html"},
		{name: "the list", args: []string{"releases", "list", to}, want: "abc"},
		{name: "the list, in short", args: []string{"releases", to}, want: "abc"},
		{name: "no change", args: []string{"releases", "diff", to, "2", "2"}, want: "releases 2 and 2 have the same files"},
		{name: "the live one", args: []string{"releases", "show", to}, want: "1 file since release 1"},
		{name: "the first one", args: []string{"releases", "show", to, "1"}, want: "live since"},
		{name: "one for programs", args: []string{"releases", "show", to, "2", "--json"}, want: `"before": 1,`},
		{name: "one that never was", args: []string{"releases", "show", to, "77"}, code: exit.NotFound, want: "no such release"},
		{name: "the CDN, tried", args: []string{"invalidate", to, "--cdn", "webhook:http://127.0.0.1:9/x", "--dry-run"}, want: "would drop everything"},
		{name: "an unknown CDN", args: []string{"invalidate", to, "--cdn", "akamai:1"}, code: exit.Usage, want: "is not known"},
		{name: "back, tried", args: []string{"rollback", to, "--dry-run"}, want: "dry run: release 1 would go to"},
		{name: "back", args: []string{"rollback", to}, want: "release 1 is live"},
		{name: "as it was left, in words", args: []string{"audit", to}, want: "ours     all as it was deployed"},
		{name: "as it was left", args: []string{"audit", to}, want: "release  1", then: func() {
			if err := os.WriteFile(filepath.Join(www, "index.html"), []byte("edited by hand"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "what to do about it", args: []string{"audit", to}, code: exit.Conflict, want: "pressrun deploy --repair puts that right"},
		{name: "looked at", args: []string{"deploy", build, to, "--repair", "--dry-run"}, code: exit.Refused, want: "--allow foreign-files"},
		{name: "not as it was left", args: []string{"audit", to}, code: exit.Conflict, want: "changed  index.html", then: func() { _ = os.Remove(filepath.Join(build, "index.html")) }},
		{name: "a guard", args: []string{"deploy", build, to}, code: exit.Refused, want: "--allow missing-index"},
		{name: "no destination", args: []string{"deploy", build, "ftp://x"}, code: exit.Usage, want: "neither s3://"},
	} {
		o := clitest.Run(t, clitest.Invocation{Args: step.args})
		if o.Code != step.code || !strings.Contains(o.Out+o.Err, step.want) {
			t.Fatalf("%s: exit code %d, want %d and %q:\n%s%s", step.name, o.Code, step.code, step.want, o.Out, o.Err)
		}
		if strings.Contains(o.Err, "PRESSRUN_TOKEN") {
			t.Errorf("%s: advice for those who ask an app: %s", step.name, o.Err)
		}
		if step.then != nil {
			step.then()
		}
	}
	o := clitest.Run(t, clitest.Invocation{Args: []string{"deploy", build, to, "--allow", "missing-index,foreign-files", "--json"}})
	var r deploy.Result
	if err := json.Unmarshal([]byte(o.Out), &r); err != nil || !r.Live || len(r.Violations) != 1 {
		t.Fatalf("exit code %d, %v\n%s%s", o.Code, err, o.Out, o.Err)
	}
}
