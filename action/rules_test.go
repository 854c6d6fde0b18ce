//go:build unix

package action_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/test/servers"
)

// wordyPages are three pages worth compressing.
const wordyPages = `mkdir -p public; for p in index a b; do for i in $(seq 200); do echo "<p>words of page $p</p>"; done > public/$p.html; done`

// TestRulesAndStateAreThoseOfTheDeploy publishes as pressrun deploy does with the
// same flags: text compressed, headers by rule, the state in a bucket of its own;
// and sees it through an address that serves what is stored.
func TestRulesAndStateAreThoseOfTheDeploy(t *testing.T) {
	s3 := servers.StartVersityGW(t, "www", "private")
	t.Setenv("AWS_ACCESS_KEY_ID", s3.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3.SecretKey)
	b := newBench(t, wordyPages)
	rules := `{"headers": [{"match": "a.html", "set": {"x-amz-meta-owner": "news"}}], "compress": [{"match": "**", "encoding": "gzip"}]}`
	if err := os.WriteFile(filepath.Join(b.dir, "rules.json"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	b.opts.To, b.opts.Endpoint, b.opts.Region = "s3://www", s3.Endpoint, servers.Region
	b.opts.State, b.opts.Rules, b.opts.VerifyPages = "s3://private/www", "rules.json", 10
	var served atomic.Int32
	b.opts.PublicURL = cachedEdge(t, filepath.Join(s3.Data, "www"), func(w http.ResponseWriter, r *http.Request) bool {
		name := r.URL.Path
		if name == "/" {
			name = "/index.html"
		}
		text, err := os.ReadFile(filepath.Join(s3.Data, "www", filepath.FromSlash(name)))
		if err != nil || !bytes.HasPrefix(text, []byte("\x1f\x8b")) {
			return false
		}
		served.Add(1)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(text)
		return true
	})
	b.wantExit(b.run("all"), failure.ExitOK)
	for _, want := range []string{"3 compressed (", "3 changed pages as deployed"} {
		if !strings.Contains(b.err.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.err)
		}
	}
	if served.Load() == 0 {
		t.Error("no page is stored compressed")
	}
	for folder, want := range map[string]bool{"www/.pressrun": false, "private/www/releases": true} {
		if _, err := os.Stat(filepath.Join(s3.Data, filepath.FromSlash(folder))); (err == nil) != want {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

func TestWrongRulesEndARunBeforeItBuilds(t *testing.T) {
	for name, c := range map[string]struct {
		rules, build string
		exit         int
		want         string
	}{
		"no JSON":            {`{`, goodBuild, failure.ExitUsage, "--rules: "},
		"no such header":     {`{"headers": [{"match": "**", "set": {"x-frame-options": "DENY"}}]}`, goodBuild, failure.ExitUsage, "set it at the CDN"},
		"no such encoding":   {`{"compress": [{"match": "**", "encoding": "zip"}]}`, goodBuild, failure.ExitUsage, "expected gzip or none"},
		"nobody makes them":  {"", goodBuild, failure.ExitUsage, "--rules: read the rules"},
		"the build does":     {"", goodBuild + `; echo '{}' > rules.json`, failure.ExitOK, ""},
		"as they have to be": {`{}`, goodBuild, failure.ExitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.build+"; touch built")
			b.opts.Rules = "rules.json"
			if c.rules != "" {
				if err := os.WriteFile(filepath.Join(b.dir, "rules.json"), []byte(c.rules), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := b.run("all")
			b.wantExit(err, c.exit)
			if err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %q", err)
			}
			_, missing := os.Stat(filepath.Join(b.dir, "built"))
			if built := missing == nil; built != (c.rules == "" || c.exit == failure.ExitOK) {
				t.Errorf("built: %v", built)
			}
			if live := b.live("index.html") != ""; live != (c.exit == failure.ExitOK) {
				t.Errorf("live: %v", live)
			}
		})
	}
}

func TestAStateOfItsOwnIsForBuckets(t *testing.T) {
	b := newBench(t, goodBuild)
	b.opts.State = "s3://private/www"
	err := b.run("all")
	b.wantExit(err, failure.ExitUsage)
	if !strings.Contains(err.Error(), "is for s3:// destinations") || b.live("index.html") != "" {
		t.Error(err)
	}
}
