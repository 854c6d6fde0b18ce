package dir_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/dir"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/filelock"
)

// hooked is a body that does something once, before it is read.
type hooked struct {
	store.Body
	once sync.Once
	do   func()
}

func (h *hooked) Read(into []byte) (int, error) {
	h.once.Do(h.do)
	return h.Body.Read(into)
}

// putDoing puts a file, and does something in the middle of that.
func putDoing(t *testing.T, s store.Store, key string, do func()) error {
	t.Helper()
	put := store.SmallPut(key, "", []byte("text"), store.Condition{})
	put.Body = &hooked{Body: put.Body, do: do}
	_, err := s.Put(t.Context(), put)
	return err
}

func open(t *testing.T) (site *dir.Site, state *dir.Store, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "www")
	site, state, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return site, state, folder
}

func TestLeftoversAreThoseOfKilledWritersAlone(t *testing.T) {
	_, state, folder := open(t)
	left := filepath.Join(folder+".pressrun", "state", "records", ".pressrun-AAAA.tmp")
	err := putDoing(t, state, "records/a.json", func() {
		if err := os.WriteFile(left, []byte("{"), 0o600); err != nil {
			t.Error(err)
		}
		done := make(chan error, 1)
		go func() { done <- state.RemoveLeftovers("records/") }()
		filelock.Awaited(t, func() bool { return len(done) > 0 })
		if len(done) > 0 {
			t.Error("leftovers were removed while a file was being written")
		}
		t.Cleanup(func() {
			if err := <-done; err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(left); err == nil {
				t.Error("what a killed writer left is still there")
			}
			if _, err := state.Get(t.Context(), "records/a.json"); err != nil {
				t.Error(err)
			}
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLeftoversAreRemovedWithTheirFolder(t *testing.T) {
	site, state, folder := open(t)
	if err := state.RemoveLeftovers("records/"); err != nil {
		t.Errorf("where nothing is yet: %v", err)
	}
	records := filepath.Join(folder+".pressrun", "state", "records")
	if err := os.MkdirAll(records, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(records, ".pressrun-AAAA.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := state.RemoveLeftovers("records/"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(records); err == nil {
		t.Error("the folder, which is empty now, is still there")
	}
	if err := site.RemoveLeftovers("records/"); err == nil {
		t.Error("the site has no lock that tells a killed writer from another")
	}
}

func TestAFolderThatIsRemovedBesideAWriteIsMadeAgain(t *testing.T) {
	site, _, folder := open(t)
	err := putDoing(t, site, "a/b/c.html", func() {
		if err := os.RemoveAll(filepath.Join(folder, "a")); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := site.Get(t.Context(), "a/b/c.html"); err != nil {
		t.Error(err)
	}
}

func TestAListIsWholeBesideWrites(t *testing.T) {
	_, state, _ := open(t)
	put := func(key string) error {
		_, err := state.Put(t.Context(), store.SmallPut(key, "", []byte("text"), store.Condition{}))
		return err
	}
	if err := put("records/kept.json"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	stop := make(chan struct{})
	for writer := range 2 {
		all.Go(func() {
			key := fmt.Sprintf("records/goes-%d/x.json", writer)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := put(key); err != nil {
					t.Error(err)
				}
				if err := state.Delete(t.Context(), []store.Deletion{{Key: key}})[0]; err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 1000 {
		kept := false
		err := state.List(t.Context(), "records/", func(i store.Info) error {
			kept = kept || i.Key == "records/kept.json"
			return nil
		})
		if err != nil || !kept {
			t.Errorf("the file that stays is listed: %v, %v", kept, err)
			break
		}
	}
	close(stop)
	all.Wait()
}
