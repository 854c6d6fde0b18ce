// Package ledgerfile gives tests a ledger whose tables are there already. To make them
// takes a quarter of a second of CPU time under the race detector, which hundreds of
// tests would each spend again: that they are made rightly is tested where they are.
package ledgerfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/test/memory"
)

// name is that of the ledger in the state folder.
const name = "pressrun.db"

// Folder is a folder in memory, as memory.Folder gives it, with a ledger that knows no
// site yet.
func Folder(t testing.TB) string {
	t.Helper()
	empty, err := made()
	if err != nil {
		t.Fatal(err)
	}
	dir := memory.Folder(t)
	if err := os.WriteFile(filepath.Join(dir, name), empty, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// made is the ledger, made once for a test program.
var made = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "pressrun-ledger-")
	if err != nil {
		return nil, fmt.Errorf("make an empty ledger: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, name)
	l, err := ledger.Open(context.Background(), sqlite.At(path), ledger.Options{})
	if err != nil {
		return nil, fmt.Errorf("make an empty ledger: %w", err)
	}
	if err := l.Close(); err != nil {
		return nil, fmt.Errorf("make an empty ledger: %w", err)
	}
	return os.ReadFile(path)
})
