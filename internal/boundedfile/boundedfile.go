// Package boundedfile reads files whole that others wrote, and that may be of any size.
package boundedfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/text"
)

// Read reads a file of at most so many bytes. The error for a larger one names the file and
// the bound.
func Read(name string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s is larger than %s", name, text.Bytes(most))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return content, nil
}
