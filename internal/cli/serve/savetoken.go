package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/cli/exit"
)

// saveToken writes a new token to a file that only its owner reads, and never over
// one that is there.
func saveToken(name, token string) error {
	f, err := os.OpenFile(filepath.Clean(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exit.With(exit.Usage, fmt.Errorf("%s is there already, and may be a token that is in use: give another name", name))
	}
	if err != nil {
		return fmt.Errorf("save the token: %w", err)
	}
	_, err = fmt.Fprintln(f, token)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("save the token: %w", err)
	}
	return nil
}
