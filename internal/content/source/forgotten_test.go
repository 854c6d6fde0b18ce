package source_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/source"
)

// A token of Contentful's that is too old is answered 400. Then everything is read again, as
// nobody knows what changed, and nothing of the old copy is taken for right.
func TestASourceThatForgotWhereThePassEndedIsReadAnew(t *testing.T) {
	kind, err := source.Find("contentful")
	if err != nil {
		t.Fatal(err)
	}
	f := fakeContentful()
	for id := 1; id <= 30; id++ {
		f.records = append(f.records, record{id, 1, noon.Add(-time.Duration(id) * time.Hour)})
	}
	var forgotten atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.URL.Query().Get("sync_token"); forgotten.Load() && token != "" {
			forgotten.Store(false) // those that are given out from now on are good
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	f.settings.Kind, f.settings.URL = kind.Name, server.URL
	dir := filepath.Join(t.TempDir(), "copy")
	if _, err := pass(t, kind, f.settings, dir); err != nil {
		t.Fatal(err)
	}
	f.records = append(f.records[1:], record{99, 1, noon})
	forgotten.Store(true)
	r, err := pass(t, kind, f.settings, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Full || !strings.Contains(r.WhyFull, "no longer knows") || r.Added != 1 || r.Removed != 1 || r.Consistency != content.Quiet {
		t.Errorf("%+v", r)
	}
	same(t, f, dir)
}
