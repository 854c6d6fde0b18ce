//go:build unix

package action_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
)

// The address of a CMS before it goes live has a password, or a key in its query.
func TestTheReadyAddressIsToldWithoutItsSecrets(t *testing.T) {
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "pass-word" || r.URL.Query().Get("key") != "query-key" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(cms.Close)
	address := strings.Replace(cms.URL, "http://", "http://user:pass-word@", 1) + "/health?key=query-key"
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	for name, c := range map[string]struct {
		url  string
		code int
	}{
		"it answers":         {address, failure.ExitOK},
		"it answers wrong":   {strings.Replace(address, "word@", "word-old@", 1), failure.ExitNotReady},
		"it does not listen": {strings.Replace(address, strings.TrimPrefix(cms.URL, "http://"), strings.TrimPrefix(down.URL, "http://"), 1), failure.ExitNotReady},
	} {
		t.Run(name, func(t *testing.T) {
			app := newFakeApp(t)
			b := newBench(t, goodBuild).with(app)
			b.opts.ReadyURL, b.opts.ReadyLimit = c.url, 100*time.Millisecond
			b.inWorkflow()
			err := b.run("all")
			b.wantExit(err, c.code)
			all := fmt.Sprint(b.out, b.err, err, app.seen("failure"), app.seen("heartbeat"), app.metrics, b.state())
			if strings.Contains(all, "pass-word") || strings.Contains(all, "query-key") {
				t.Errorf("told was\n%s", all)
			}
		})
	}
}

// A build that fails may print what it was given.
func TestSecretsOfTheBuildAreHiddenFromWhatIsTold(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `echo "$CMS_TOKEN and $AWS_SECRET_ACCESS_KEY and $DB_PASSWORD of $CMS_URL"; exit 1`).with(app)
	b.opts.BuildEnv = "CMS_TOKEN=cms-token-1\nCMS_URL=https://cms.example.gov\nAPI_KEY=short"
	b.opts.Environ = append(b.opts.Environ, "AWS_SECRET_ACCESS_KEY=aws/secret+1", "DB_PASSWORD=pass-word-1", "GIT_ASKPASS=/usr/bin/ask", "TOKENIZERS=parallelism")
	output, summary := b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitFailed)
	written := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	f := app.seen("failure")
	all := fmt.Sprint(f, *app.metrics, written(output), written(summary), annotations(b))
	for _, secret := range []string{"cms-token-1", "aws/secret+1", "pass-word-1"} {
		if strings.Contains(all, secret) {
			t.Errorf("told was %q in\n%s", secret, all)
		}
	}
	if len(f) != 1 || !strings.Contains(f[0].Why, "*** and *** and *** of https://cms.example.gov") {
		t.Errorf("reported %+v", f)
	}
}

func TestSecretsAreHiddenFromWhatIsTold(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, "").with(app)
	b.opts.Build = fmt.Sprintf("echo the token is %s; exit 1", runToken)
	b.wantExit(b.run("all"), failure.ExitFailed)
	if f := app.seen("failure"); len(f) != 1 || strings.Contains(f[0].Why, runToken) || !strings.Contains(f[0].Why, "***") {
		t.Errorf("reported %+v", f)
	}
}
