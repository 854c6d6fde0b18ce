package main

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakekvs"
	"github.com/pressrun/pressrun/test/fakes3"
)

// behindTheProxy lets the program reach a key value store, whose API has hosts of
// its own, and a bucket.
func behindTheProxy(t *testing.T, keys *fakekvs.Server) (endpoint string, run func(args ...string) clitest.Outcome) {
	t.Helper()
	bucket := &fakes3.Server{}
	bucket.Bucket("www", nil)
	s3, proxy := httptest.NewServer(bucket), httptest.NewServer(keys)
	t.Cleanup(s3.Close)
	t.Cleanup(proxy.Close)
	return s3.URL, func(args ...string) clitest.Outcome {
		t.Helper()
		cmd, out, errs := start(t, t.TempDir(), args...)
		cmd.Env = append(cmd.Env, "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=http://kvs.example", "HTTP_PROXY="+proxy.URL, "NO_PROXY=",
			"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "AWS_REGION=us-east-1", "PRESSRUN_S3_ENDPOINT="+s3.URL)
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return clitest.Outcome{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String()}
	}
}

func TestTheAuditFindsWhatBecameOfTheRedirectStore(t *testing.T) {
	keys := &fakekvs.Server{}
	theirs := map[string]string{"/theirs": "301 /index.html", "/taken": "301 /theirs"}
	keys.Set(theirs)
	endpoint, run := behindTheProxy(t, keys)
	build := t.TempDir()
	for name, body := range map[string]string{"index.html": "<p>hello", "about.html": "<p>about", "_redirects": "/old /about.html 301\n/taken /about.html\n/gone /about.html\n"} {
		if err := os.WriteFile(filepath.Join(build, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	deploySite := func() {
		t.Helper()
		t.Setenv("AWS_ACCESS_KEY_ID", "a")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		store, err := redirectkv.Open(t.Context(), redirectkv.Config{ARN: fakekvs.ARN, HTTPClient: keys, NoPropagation: true})
		if err != nil {
			t.Fatal(err)
		}
		dest, err := destination.Open(t.Context(), "s3://www", destination.Options{Endpoint: endpoint})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Run(t.Context(), dest, engine.Options{Source: build, Redirects: store, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
	}
	deploySite()
	left := keys.Keys()
	audit := func(code int, want string, args ...string) {
		t.Helper()
		o := run(append([]string{"audit", "s3://www"}, args...)...)
		if text := strings.Join(strings.Fields(o.Out+o.Err), " "); o.Code != code || !strings.Contains(text, want) {
			t.Errorf("exit code %d, want %d and %q:\n%s", o.Code, code, want, text)
		}
	}
	audit(0, "its keys 2 key not ours /taken key not ours /theirs our keys all as they were deployed")

	changed := maps.Clone(left)
	delete(changed, "/gone")
	changed["/old"], changed["/about.html"], changed["/extra"] = "302 https://evil.example/", "302 https://evil.example/", "301 /x pressrun:"
	keys.Set(changed)
	audit(exit.Conflict, "ours all as it was deployed redirect store "+fakekvs.ARN+" its keys 3 key missing /gone key changed /old key changed /taken key added /about.html key added /extra key not ours /theirs pressrun: the redirect store is not as")
	o := run("audit", "s3://www", "--json")
	var doc struct {
		Changed   []string
		Redirects struct{ Missing, Changed, Added, Foreign []string }
	}
	if err := json.Unmarshal([]byte(o.Out), &doc); err != nil || o.Code != exit.Conflict || doc.Changed == nil || strings.Join(doc.Redirects.Added, " ") != "/about.html /extra" {
		t.Errorf("%v: %+v", err, o)
	}
	audit(0, "redirect store not looked at: "+fakekvs.ARN, "--redirect-store", "none")
	audit(exit.Usage, "not in arn:aws:cloudfront::123456789012:key-value-store/other", "--redirect-store", "arn:aws:cloudfront::123456789012:key-value-store/other")

	deploySite()
	audit(0, "key not ours /old")
	if got := keys.Keys(); got["/gone"] != left["/gone"] || got["/extra"] != "" || got["/about.html"] == "" {
		t.Errorf("after the next deploy it holds %v", got)
	}
	audit(exit.Failed, "name the one that the deploys name (--public-url)", "--public-url", "https://www.example.org/docs/")
}
