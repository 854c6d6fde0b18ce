//go:build unix

package dir

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// What is removed under the lock takes the lock's own file along: whoever waited for that
// one has no lock.
func TestOneWriterAtATimeHasAStateThatIsRemovedAndMadeAnew(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "www")
	var holders, rounds atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, state, err := Open(folder)
			if err != nil {
				t.Error(err)
				return
			}
			for rounds.Load() < 300 && !t.Failed() {
				_, err := state.Put(t.Context(), store.SmallPut("head", "", []byte("{}"), store.Condition{IfAbsent: true}))
				if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n > 1 {
					t.Errorf("%d writers have made the head at once", n)
				}
				holders.Add(-1)
				if err := errors.Join(append(state.Delete(t.Context(), []store.Deletion{{Key: "head"}}), state.RemoveHome("head"))...); err != nil {
					t.Error(err)
				}
				rounds.Add(1)
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(filepath.Dir(folder)); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
