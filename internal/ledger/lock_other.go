//go:build !unix

package ledger

import (
	"fmt"
	"os"
)

// acquire relies on the operating system refusing to open a file twice for
// exclusive writing; the app itself is meant to run on unix.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger's lock: %w", err)
	}
	return f, nil
}
