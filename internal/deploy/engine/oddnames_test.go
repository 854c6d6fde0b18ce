package engine_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/test/servers"
)

// oddNames are pages whose names a shell, a URL, XML or a file system could take
// for something else.
var oddNames = []string{
	"with space.html", " leading and trailing .html", "quote\"'`.html", "hash#.html", "query?a=b&c.html", "per%20cent%.html", "plus+.html",
	"caf\u00e9.html", "cafe\u0301.html", // the same letters composed (NFC) and decomposed (NFD): two files
	"日本語/ページ.html", "\u2028line.html", "emoji-\U0001f600.html", "back\\slash.html", "<xml>&amp;.html", "semi;colon=,@:$.html",
	"star*[brackets]{}.html", "..hidden/...html", "-rf.html", "~tilde^|!().html",
}

func TestOddNamesGoLiveAsTheyAre(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		first := small()
		for _, name := range oddNames {
			first[name] = "<p>at " + name
		}
		r := mustRun(t, p, options(first.write(t)))
		if diff := cmp.Diff(first, p.read(t)); diff != "" {
			t.Fatalf("first release (-want +got):\n%s", diff)
		}
		if r.Uploaded != len(first) {
			t.Errorf("%d files were sent, of %d", r.Uploaded, len(first))
		}
		if r := mustRun(t, p, options(first.write(t))); r.Counts.Unchanged != len(first) {
			t.Errorf("the same again: %+v", r.Counts)
		}
		second := first
		for i, name := range oddNames {
			if i%2 == 0 {
				second = second.with(name, "<p>edited "+name)
			}
		}
		second = second.with("caf\u00e9.html", "") // the other one stays
		o := options(second.write(t))
		o.Allow = []string{guard.VanishedPages}
		mustRun(t, p, o)
		if diff := cmp.Diff(second, p.read(t)); diff != "" {
			t.Fatalf("second release (-want +got):\n%s", diff)
		}
		audit, err := audit.Run(t.Context(), p.dest, "www")
		if err != nil || !audit.Clean() || len(audit.Foreign) > 0 {
			t.Errorf("audit: %+v, %v", audit, err)
		}
		if r, err := engine.Rollback(t.Context(), p.dest, 1, options("")); err != nil || !r.Live {
			t.Fatalf("rollback: %v", err)
		}
		if diff := cmp.Diff(first, p.read(t)); diff != "" {
			t.Fatalf("after the rollback (-want +got):\n%s", diff)
		}
	})
}

// path is a path of exactly so many bytes.
func path(bytes int) string {
	const ending = ".html"
	name := strings.Repeat("d", 199) + "/"
	long := strings.Repeat(name, bytes/len(name))
	long = long[:len(long)-len(name)]
	for bytes-len(long)-len(ending) > 200 {
		long += strings.Repeat("e", 99) + "/"
	}
	return long + strings.Repeat("f", bytes-len(long)-len(ending)) + ending
}

func TestAKeyOf1024BytesIsTheLongest(t *testing.T) {
	gw := servers.StartVersityGW(t, "site")
	for _, prefix := range []string{"", "www/", "some/deeper/prefix/"} {
		t.Run("under "+prefix, func(t *testing.T) {
			p := folder(t, "s3://site/"+prefix, destination.Options{
				Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, State: "s3://site/state-of-" + prefix,
			}, filepath.Join(gw.Data, "site", prefix))
			longest := path(1024 - len(prefix))
			build := site{"index.html": "home", longest: "long"}
			mustRun(t, p, options(build.write(t)))
			o, err := p.dest.Site.Get(t.Context(), longest)
			if err != nil || string(o.Body) != "long" {
				t.Fatalf("the longest key: %q, %v", o.Body, err)
			}
			before := p.dest.Requests()
			longer := path(1025 - len(prefix))
			build = site{"index.html": "changed", longest: "changed", longer: "too long"}
			_, err = engine.Run(t.Context(), p.dest, options(build.write(t)))
			var g *guard.Error
			if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.RefusedFiles}) {
				t.Fatalf("a byte more: %v", err)
			}
			want := "with s3://site/" + strings.TrimSuffix(prefix, "/") + " before it its path is longer than S3 takes, by 1 bytes"
			if prefix == "" {
				want = "longer than 1024 bytes"
			}
			if !strings.Contains(strings.Join(g.Violations[0].Paths, " "), want) {
				t.Errorf("%q does not say %q", g.Violations[0].Paths, want)
			}
			if o, err := p.dest.Site.Get(t.Context(), longest); err != nil || string(o.Body) != "long" || p.dest.Requests() > before+3 {
				t.Errorf("it wrote before it was refused: %q, %v, %d requests", o.Body, err, p.dest.Requests()-before)
			}
			allowed := options(build.write(t))
			allowed.Allow = []string{guard.RefusedFiles}
			if r := mustRun(t, p, allowed); r.Files != 2 {
				t.Errorf("let pass, %d files are live", r.Files)
			}
		})
	}
}
