//go:build unix

package action_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
)

// A release of a site that has a CMS and no frontend.
func TestARunBakesALiveCMSInPlaceOfABuild(t *testing.T) {
	var login atomic.Bool
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch {
		case login.Load():
			fmt.Fprint(w, `<title>Log in</title><form><input type="password"></form>`)
		case r.URL.Path == "/":
			fmt.Fprintf(w, `<title>Home</title><a href="http://%s/a/">A</a>`, r.Host)
		case r.URL.Path == "/a/":
			fmt.Fprint(w, `<title>A</title>the page A`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer cms.Close()
	b := newBench(t, "")
	b.opts.Bake = cms.URL
	b.wantExit(b.run("build"), failure.ExitOK)
	b.wantExit(b.run("deploy"), failure.ExitOK)
	if !strings.Contains(b.live("a/index.html"), "the page A") || !strings.Contains(b.live("index.html"), `href="/a/"`) {
		t.Errorf("live: %q %q", b.live("index.html"), b.live("a/index.html"))
	}
	login.Store(true)
	b.opts.StateFile += ".2"
	err := b.run("build")
	b.wantExit(err, failure.ExitRefused)
	if !strings.Contains(err.Error(), "asks for a password") && !strings.Contains(err.Error(), "ask for a password") {
		t.Error(err)
	}
	b.opts.Build = goodBuild
	b.wantExit(b.run("build"), failure.ExitUsage)
}
