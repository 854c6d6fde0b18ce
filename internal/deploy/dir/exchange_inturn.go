//go:build !linux

package dir

import "os"

// exchangeInTurn makes two paths change places where the system can't do that at
// once: the folder is away for an instant. Only the very first deploy to a folder
// that exists already needs it.
func exchangeInTurn(a, b string) error {
	aside := b + ".pressrun-old"
	if err := os.Rename(b, aside); err != nil {
		return err
	}
	if err := os.Rename(a, b); err != nil {
		return err
	}
	return os.Rename(aside, a)
}
