//go:build !unix && !windows

package sqlite

import (
	"errors"
	"fmt"
	"os"
)

// acquire refuses: without a lock two processes could corrupt one file.
func acquire(path string) (*os.File, error) {
	return nil, fmt.Errorf("lock the ledger %s: %w", path, errors.ErrUnsupported)
}
