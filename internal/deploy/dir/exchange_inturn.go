//go:build !linux

package dir

import "os"

// exchangeInTurn makes two paths change places where the system can't do that atomically:
// the folder is missing for an instant. Only the first deploy to an existing folder needs
// it.
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
