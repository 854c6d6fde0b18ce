package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
)

func TestABackupDuringLoadHoldsWhatWasAcknowledgedBefore(t *testing.T) {
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "pressrun.db"))
	live := ask(t, l, Request{Title: "Hours"})
	carry(t, l, "www")
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 150 {
				r, _, err := accept(t.Context(), l, Request{Site: "www", Key: fmt.Sprint(g, "-", i), Source: release.FromContent})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, r.ID)
				mu.Unlock()
			}
		})
	}
	backups := map[string][]string{} // what was acknowledged before each
	for n := range 3 {
		path := filepath.Join(dir, fmt.Sprint("backup", n))
		mu.Lock()
		backups[path] = append([]string{live.ID}, acknowledged...)
		mu.Unlock()
		if err := l.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	for path, before := range backups {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup has mode %v (%v)", info.Mode(), err)
		}
		restored := open(t, path)
		there := map[string]bool{}
		for _, r := range allRequests(t, restored, "www") {
			there[r.ID] = true
		}
		for _, id := range before {
			if !there[id] {
				t.Errorf("request %s was acknowledged before the backup and is not in it", id)
			}
		}
		mustBeSound(t, restored, "www")
		mustBe(t, restored, live.ID, Resolution{Status: release.Live, Release: 1})
		if restored.readers == l.readers {
			t.Fatal("not another ledger")
		}
		ask(t, restored, Request{}) // and it serves
		t.Logf("%d of %d requests", len(there), len(acknowledged)+1)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.partial*")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v (%v)", left, err)
	}
}
