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

// A build prints what it was given in the forms of its own tools.
func TestSecretsOfTheBuildAreHiddenInEveryForm(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `echo "connecting to $DATABASE_URL"; echo "password S3cr3tDbPass"; echo "PGPASSWORD=$PGPASSWORD"; echo "key $ALGOLIA_ADMIN_KEY"
echo "header $(printf %s "$BASIC_AUTH" | base64)"; echo "query tok%2Fen%2B12345"; echo "other ghp_`+strings.Repeat("aB3", 12)+`"
echo "-----BEGIN PRIVATE KEY-----"; echo MIIEvQIBADANBgkqhkiG; echo "-----END PRIVATE KEY-----"; echo "of production"; exit 1`).with(app)
	b.opts.Environ = append(b.opts.Environ, "DATABASE_URL=mysql://drupal:S3cr3tDbPass@db.internal/drupal", "PGPASSWORD=pgSecretPass99",
		"ALGOLIA_ADMIN_KEY=0a1b2c3d4e5f", "BASIC_AUTH=editor:basicPass77", "CMS_TOKEN=tok/en+12345", "MODE_SECRET=production")
	b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitFailed)
	f := app.seen("failure")
	masks, log := "", "" // GitHub reads the masks, and shows none of them
	for line := range strings.Lines(fmt.Sprint(b.out)) {
		if strings.HasPrefix(line, "::add-mask::") {
			masks += line
		} else {
			log += line
		}
	}
	all := fmt.Sprint(f, *app.metrics, log, b.err, b.state())
	for _, secret := range []string{"S3cr3tDbPass", "pgSecretPass99", "0a1b2c3d4e5f", "basicPass77", "YmFzaWNQYXNzNz", "tok%2Fen", "aB3aB3", "MIIEvQIBADANB"} {
		if strings.Contains(all, secret) {
			t.Errorf("told was %q in\n%s", secret, all)
		}
	}
	for _, secret := range []string{"S3cr3tDbPass", "pgSecretPass99", "0a1b2c3d4e5f", "basicPass77", "tok/en+12345"} {
		if !strings.Contains(masks, "::add-mask::"+secret+"\n") {
			t.Errorf("%s is not masked in GitHub's log:\n%s", secret, masks)
		}
	}
	if len(f) != 1 || !strings.Contains(f[0].Why, "mysql://drupal:***@db.internal/drupal") || !strings.Contains(f[0].Why, "of production") {
		t.Errorf("reported %+v", f)
	}
}
