package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func TestGuardsStopBeforeTheFirstWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		mustRun(t, p, options(small().write(t)))
		before := p.read(t)
		_, err := engine.Run(t.Context(), p.dest, options(small().with("index.html", "").write(t)))
		var g *guard.Error
		if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.MissingIndex}) {
			t.Fatalf("no index page: %v", err)
		}
		if diff := cmp.Diff(before, p.read(t)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnOlderReleaseIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		o := options(small().write(t))
		o.Release = 128
		mustRun(t, p, o)
		o.Release = 127
		_, err := engine.Run(t.Context(), p.dest, o)
		var g *guard.Error
		if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.OlderRelease}) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAHeldLeaseStopsOthers(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		source := small().write(t)
		o := options(source)
		o.Progress = func(e deploy.Event) {
			if e.Phase != "assets" {
				return
			}
			_, err := engine.Run(context.Background(), p.dest, options(source))
			var locked *manifest.LockedError
			if !errors.As(err, &locked) {
				t.Errorf("a second deploy during the first: %v", err)
			}
		}
		mustRun(t, p, o)
	})
}

func TestAnotherSitesDestinationIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		mustRun(t, p, options(small().write(t)))
		o := options(small().write(t))
		o.Site = "blog"
		if _, err := engine.Run(t.Context(), p.dest, o); err == nil || !strings.Contains(err.Error(), `holds the site "www"`) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestS3ErrorsSayWhatToDo(t *testing.T) {
	gw := servers.StartVersityGW(t, "site")
	good := destination.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, MaxAttempts: 2}
	source := small().write(t)
	for _, c := range []struct {
		name, address, want string
		change              func(*destination.Options)
	}{
		{"no such bucket", "s3://nowhere", "the bucket does not exist", func(*destination.Options) {}},
		{"wrong access key", "s3://site", "access key is not known", func(o *destination.Options) { o.AccessKey = "nobody" }},
		{"wrong secret key", "s3://site", "the secret key is wrong", func(o *destination.Options) { o.SecretKey = "wrong" }},
		{"wrong region", "s3://site", "set AWS_REGION", func(o *destination.Options) { o.Region = "eu-west-9" }},
		{"nobody listens", "s3://site", "can't be reached", func(o *destination.Options) { o.Endpoint = "http://" + servers.FreeAddress(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := good
			c.change(&o)
			dest, err := destination.Open(t.Context(), c.address, o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = engine.Run(t.Context(), dest, options(source))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v\nwant it to say %q", err, c.want)
			}
		})
	}
}

func TestPagesThatNameMissingFilesStopTheRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		s := small()
		for i := range 8 {
			s[fmt.Sprintf("p%d.html", i)] = `<link rel="stylesheet" href="/assets/never-built.css"><a href="/news/">news</a>`
		}
		_, err := engine.Run(t.Context(), p.dest, options(s.write(t)))
		var g *guard.Error
		if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.BrokenLinks}) {
			t.Fatalf("got %v", err)
		}
		if got := p.read(t); len(got) != 0 {
			t.Fatalf("the site holds %d files", len(got))
		}
		s["assets/never-built.css"] = "body{}"
		mustRun(t, p, options(s.write(t)))
	})
}

// What a person let pass is told, with the files that it cost.
func TestAGuardThatWasLetPassIsTold(t *testing.T) {
	dest := fake(t, &fakes3.Server{})
	put := store.SmallPut("news/index.html", "content-type: text/html\n", []byte("theirs"), store.Condition{})
	if _, err := dest.Site.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		release int64
		allow   []string
		want    []guard.Violation
	}{
		{8, []string{guard.ForeignFiles}, []guard.Violation{{Name: guard.ForeignFiles, Paths: []string{"news/index.html"}}}},
		{9, []string{guard.ForeignFiles, guard.OlderRelease}, nil},
		{7, []string{guard.OlderRelease}, []guard.Violation{{Name: guard.OlderRelease}}},
	} {
		for _, dry := range []bool{true, false} {
			o := options(small().write(t))
			o.Release, o.Allow, o.DryRun = c.release, c.allow, dry
			r, err := engine.Run(t.Context(), dest, o)
			if diff := cmp.Diff(c.want, r.Violations, cmpopts.IgnoreFields(guard.Violation{}, "Detail"), cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("release %d, dry %t: %v\n%s", c.release, dry, err, diff)
			}
		}
	}
	if r := rollBack(t, dest, 9); len(r.Violations) > 0 {
		t.Errorf("a rollback was let pass %+v", r.Violations)
	}
	if r := rollBack(t, dest, 8); len(r.Violations) > 0 {
		t.Errorf("a rollback was let pass %+v", r.Violations)
	}
}
