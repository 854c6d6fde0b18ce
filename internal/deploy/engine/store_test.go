package engine_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

func fake(t *testing.T, server *fakes3.Server) store.Destination {
	t.Helper()
	return fakeTrying(t, server, 0)
}

// fakeTrying makes a request this often; 0 for as often as by default.
func fakeTrying(t *testing.T, server *fakes3.Server, attempts int) store.Destination {
	t.Helper()
	server.Bucket("b", nil)
	st, err := s3.Open(t.Context(), "b", "", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, MaxAttempts: attempts})
	if err != nil {
		t.Fatal(err)
	}
	return store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
}

func TestAStoreWithoutConditionalWritesIsFoundOut(t *testing.T) {
	for _, unconditional := range []bool{false, true} {
		dest := fake(t, &fakes3.Server{Unconditional: unconditional})
		for _, first := range []bool{true, false} {
			r, err := engine.Run(t.Context(), dest, options(small().write(t)))
			if err != nil {
				t.Fatal(err)
			}
			warned := strings.Contains(strings.Join(r.Warnings, " "), "conditional writes")
			if warned != (unconditional && first) {
				t.Errorf("unconditional %v, first %v: %q", unconditional, first, r.Warnings)
			}
		}
	}
}

func TestAnUnchangedSiteCostsFiveRequestsWhateverItsSize(t *testing.T) {
	for _, pages := range []int{1, 300} {
		dest := fake(t, &fakes3.Server{})
		s := small()
		for i := range pages {
			s[strings.Repeat("p", i+1)[:1+i%50]+strings.Repeat("q", i/50)+".html"] = "page"
		}
		dir := s.write(t)
		if _, err := engine.Run(t.Context(), dest, options(dir)); err != nil {
			t.Fatal(err)
		}
		before := dest.Requests()
		r, err := engine.Run(t.Context(), dest, options(dir))
		if got := dest.Requests() - before; err != nil || got != 5 {
			t.Errorf("%d files: %d requests, %v", r.Files, got, err)
		}
	}
}

func TestAdoptionLooksOnlyAtFilesOfTheSameSize(t *testing.T) {
	var looks atomic.Int32
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodHead {
			looks.Add(1)
		}
		return nil
	}}
	dest := fake(t, server)
	for name, body := range map[string]string{"index.html": small()["index.html"], "news/index.html": "old news, and long", "other.html": "theirs"} {
		put := store.SmallPut(name, "content-type: text/html\n", []byte(body), store.Condition{})
		if _, err := dest.Site.Put(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	dir := small().write(t)
	if _, err := engine.Run(t.Context(), dest, options(dir)); err == nil || !strings.Contains(err.Error(), guard.ForeignFiles) {
		t.Fatalf("a file that is not ours was to be overwritten: %v", err)
	}
	if n := looks.Load(); n != 1 {
		t.Errorf("%d files were looked at", n)
	}
	o := options(dir)
	o.Allow = []string{guard.ForeignFiles}
	r, err := engine.Run(t.Context(), dest, o)
	if err != nil || r.Counts.Content != 1 || r.Counts.Headers != 1 {
		t.Fatalf("%+v, %v", r.Counts, err)
	}
	objects := server.Objects("b")
	if string(objects["news/index.html"].Body) != "news" || string(objects["other.html"].Body) != "theirs" {
		t.Error("the bucket holds something else")
	}
}
