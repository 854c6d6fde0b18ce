package preview_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakes3"
)

// slowly is a bucket in which the first request that is chosen waits until it may go on.
type slowly struct {
	*fakes3.Server
	held, goOn chan struct{}
	heads      atomic.Int64 // how often a head was read
	pages      atomic.Int64 // how many were written
}

func startSlowly(t *testing.T, chosen func(*http.Request) bool) (*slowly, destination.Options) {
	t.Helper()
	s := &slowly{held: make(chan struct{}), goOn: make(chan struct{})}
	var taken atomic.Bool
	s.Server = &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		switch {
		case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/head"):
			s.heads.Add(1)
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".html"):
			s.pages.Add(1)
		}
		if chosen(r) && taken.CompareAndSwap(false, true) {
			close(s.held)
			<-s.goOn
		}
		return nil
	}}
	s.Bucket("previews", nil)
	server := httptest.NewServer(s.Server)
	t.Cleanup(server.Close)
	return s, destination.Options{Endpoint: server.URL, Region: "us-east-1", AccessKey: "a", SecretKey: "s"}
}

const bucket = "s3://previews/www"

func writes(end string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, end) }
}

// begin makes a preview in the background.
func begin(t *testing.T, p *preview.Place, files map[string]string) <-chan error {
	t.Helper()
	dir := build(t, files)
	done := make(chan error, 1)
	go func() {
		_, err := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "a"}, Dir: dir, Now: at(now)})
		done <- err
	}()
	return done
}

func TestASlowBuildWritesNothingIntoAPreviewThatWasMadeAnew(t *testing.T) {
	s, o := startSlowly(t, writes("/old/index.html"))
	p := open(t, bucket, o)
	files := site("the older one")
	files["old/index.html"] = files["index.html"] // which the newer one lacks
	older := begin(t, p, files)
	eventually.Receives(t, "the older build to write", s.held)
	heads := s.heads.Load()
	removed := make(chan error, 1)
	go func() { removed <- p.Remove(t.Context(), preview.Target{Name: preview.Name("a")}, now) }()
	eventually.Holds(t, "the removal to end, or to ask who writes", func() bool { return len(removed) > 0 || s.heads.Load() > heads })
	_, early := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "a"}, Dir: build(t, site("the newer one")), Now: at(now)})
	close(s.goOn)
	if err := eventually.Receives(t, "the older build to end", older); err == nil {
		t.Error("the older build of a removed preview says that all went well")
	}
	if err := eventually.Receives(t, "the removal to end", removed); err != nil {
		t.Errorf("remove: %v", err)
	}
	if early != nil {
		if _, is := errors.AsType[*preview.Conflict](early); !is {
			t.Errorf("made anew while it was being removed: %v", early)
		}
		create(t, p, "a", build(t, site("the newer one")))
	}
	for key, o := range s.Objects("previews") {
		if bytes.Contains(o.Body, []byte("the older one")) {
			t.Errorf("%s is of the older build", key)
		}
	}
}

func TestABuildThatComesToItsLeaseAfterTheRemovalWritesNothing(t *testing.T) {
	s, o := startSlowly(t, writes("/head"))
	p := open(t, bucket, o)
	older := begin(t, p, site("the older one"))
	eventually.Receives(t, "the older build to take its lease", s.held)
	if err := p.Remove(t.Context(), preview.Target{Name: preview.Name("a")}, now); err != nil {
		t.Fatal(err)
	}
	close(s.goOn)
	err := eventually.Receives(t, "the older build to end", older)
	if _, is := errors.AsType[*preview.Conflict](err); !is {
		t.Errorf("the build of a removed preview: %v", err)
	}
	if n := s.pages.Load(); n > 0 {
		t.Errorf("it wrote %d pages", n)
	}
	if names, err := p.Names(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("left %v, %v", names, err)
	}
}

func TestARemovalSaysThatABuildStillWrites(t *testing.T) {
	where(t, func(t *testing.T, address string, o destination.Options) {
		t.Helper()
		p := open(t, address, o)
		p.Timeouts.Wait = time.Nanosecond
		made := create(t, p, "a", build(t, site("a")))
		dest, err := p.Destination(t.Context(), made.Name)
		if err != nil {
			t.Fatal(err)
		}
		held, err := lease.Acquire(t.Context(), dest.State, lease.Options{Site: "preview " + made.Name, Owner: "a slow build", TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Remove(t.Context(), preview.Target{Name: made.Name}, now)
		if _, is := errors.AsType[*manifest.LockedError](err); !is || !strings.Contains(err.Error(), "a slow build") {
			t.Errorf("removed under a build: %v", err)
		}
		if _, err := dest.Site.Get(t.Context(), "index.html"); err != nil {
			t.Errorf("what the build writes to is gone: %v", err)
		}
		if err := held.Release(t.Context(), true, false); err != nil {
			t.Fatal(err)
		}
		if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
			t.Fatal(err)
		}
		if names, err := p.Names(t.Context()); err != nil || len(names) > 0 {
			t.Errorf("left %v, %v", names, err)
		}
	})
}

func TestAPreviewWhoseHeadIsDamagedIsRemoved(t *testing.T) {
	p := open(t, "file://"+filepath.ToSlash(filepath.Join(t.TempDir(), "previews")), destination.Options{})
	made := create(t, p, "a", build(t, site("a")))
	dest, err := p.Destination(t.Context(), made.Name)
	if err == nil {
		_, err = dest.State.Put(t.Context(), store.SmallPut("head", "", []byte("{"), store.Condition{}))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
		t.Fatal(err)
	}
	if names, err := p.Names(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("left %v, %v", names, err)
	}
}
