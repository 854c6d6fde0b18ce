package dir_test

import (
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/dir"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
)

func TestAFolderKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Features{NoHeaders: true, NoCAS: true}, func(t *testing.T) store.Store {
		t.Helper()
		site, _, err := dir.Open(filepath.Join(t.TempDir(), "www"))
		if err != nil {
			t.Fatal(err)
		}
		return site
	})
}

func TestAFoldersStateKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Features{NoHeaders: true}, func(t *testing.T) store.Store {
		t.Helper()
		_, state, err := dir.Open(filepath.Join(t.TempDir(), "www"))
		if err != nil {
			t.Fatal(err)
		}
		return state
	})
}
