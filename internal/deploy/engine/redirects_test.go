//go:build unix

package engine_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/test/fakes3"
)

func TestRedirectsAreFilesOfTheRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		moved := small().with("news/index.html", "").with("press/index.html", "news").
			with("_redirects", "/news /press/\n/blog/* /press/:splat\n/soon /about/ 302\n")
		mustRun(t, p, options(small().write(t)))
		run := func(s site) deploy.Result {
			r, err := engine.Run(t.Context(), p.dest, options(s.write(t)))
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := run(moved)
		got := p.read(t)
		if !strings.Contains(got["news/index.html"], `url=/press/"`) || !strings.Contains(got["soon/index.html"], `url=/about/"`) || got["_redirects"] != "" {
			t.Errorf("the site holds %q", got)
		}
		if told := strings.Join(r.Warnings, "\n"); !strings.Contains(told, "line 2, /blog/* /press/:splat: it has a splat") {
			t.Errorf("warned of %q", told)
		}
		if again := run(moved); again.Uploaded != 0 || again.Counts.Headers != 0 {
			t.Errorf("sent again: %+v", again.Counts)
		}
		// A rule that is dropped takes its file along; a page may come back.
		mustRun(t, p, options(small().with("_redirects", "# none\n").write(t)))
		if got := p.read(t); got["news/index.html"] != "news" || got["soon/index.html"] != "" {
			t.Errorf("afterwards the site holds %q", got)
		}
		if _, err := engine.Rollback(t.Context(), p.dest, 0, options("")); err != nil {
			t.Fatal(err)
		}
		if got := p.read(t); !strings.Contains(got["news/index.html"], `url=/press/"`) {
			t.Errorf("rolled back, the site holds %q", got)
		}
	})
}

// TestARedirectGoesLiveAfterWhatItLeadsTo: at no instant does the old address
// lead nowhere, nor to a page that is not there.
func TestARedirectGoesLiveAfterWhatItLeadsTo(t *testing.T) {
	server := &fakes3.Server{}
	dest := fake(t, server)
	old := site{"index.html": "home", "old.html": "old", "a/index.html": "a"}
	if _, err := engine.Run(t.Context(), dest, options(old.write(t))); err != nil {
		t.Fatal(err)
	}
	changes, wanted := 0, "/new/"
	server.Changed = func(objects map[string]fakes3.Object, key string) {
		changes++
		_, page := objects["old.html"]
		lead, redirected := objects["old/index.html"]
		_, target := objects["new/index.html"]
		if !page && !redirected {
			t.Errorf("after %s the old address leads nowhere", key)
		}
		if redirected && !target {
			t.Errorf("after %s the old address leads to nothing", key)
		}
		if to := lead.Header.Get("X-Amz-Website-Redirect-Location"); key == "old/index.html" && to != wanted {
			t.Errorf("headers are %v", lead.Header)
		}
	}
	next := site{"index.html": "home", "new/index.html": "old", "a/index.html": "a", "_redirects": "/old /new/\n/b/x.pdf /a/ 308\n"}
	r, err := engine.Run(t.Context(), dest, options(next.write(t)))
	if err != nil || changes == 0 || r.Counts.New != 3 || r.Counts.Gone != 1 {
		t.Fatalf("%d changes, %+v, %v", changes, r.Counts, err)
	}
	pdf := server.Objects("b")["b/x.pdf"]
	if pdf.Header.Get("Content-Type") != "text/html; charset=utf-8" || pdf.Header.Get("X-Amz-Website-Redirect-Location") != "/a/" {
		t.Errorf("headers are %v", pdf.Header)
	}
	// Another status alone is a change of headers, and takes one away.
	wanted = ""
	next["_redirects"] = "/old /new/ 302\n/b/x.pdf /a/ 308\n"
	if r, err = engine.Run(t.Context(), dest, options(next.write(t))); err != nil || r.Counts.Headers != 1 {
		t.Fatalf("%+v, %v", r.Counts, err)
	}
}

func TestABadRedirectStopsTheReleaseBeforeAnythingIsWritten(t *testing.T) {
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		return nil
	}}
	dest := fake(t, server)
	_, err := engine.Run(t.Context(), dest, options(small().with("_redirects", "\n/a\n").write(t)))
	if err == nil || !strings.Contains(err.Error(), `_redirects line 2: "/a" leads nowhere`) {
		t.Fatal(err)
	}
}

// TestAFileOfRulesThatCanNotBeReadStopsTheRelease: one that is too large is not read
// into memory, a pipe not waited for, a link out of the build not followed.
func TestAFileOfRulesThatCanNotBeReadStopsTheRelease(t *testing.T) {
	for name, c := range map[string]struct {
		make func(at string) error
		want string
	}{
		"16 MiB and a byte": {func(at string) error {
			return os.WriteFile(at, []byte(strings.Repeat("#\n", content.MaxText/2)+"#"), 0o600)
		}, "is too large: it may have 16 MiB"},
		"a pipe": {func(at string) error { return syscall.Mkfifo(at, 0o600) }, "not a regular file"},
		"a link": {func(at string) error { return os.Symlink("/etc/passwd", at) }, "a link that leaves the build"},
	} {
		for _, file := range []string{"_redirects", "_headers"} {
			t.Run(name+"/"+file, func(t *testing.T) {
				dir := small().write(t)
				if err := c.make(filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
				b := newBucket(t)
				_, err := engine.Run(t.Context(), b.dest, options(dir))
				if err == nil || !strings.Contains(err.Error(), file) || len(b.read(t)) > 0 {
					t.Fatal(err)
				}
				if v, ok := errors.AsType[*guard.Error](err); !ok && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v", err)
				} else if ok && !slices.Contains(v.Names(), guard.RefusedFiles) {
					t.Errorf("stopped by %v", v.Names())
				}
			})
		}
	}
}
