package dir

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange makes two paths change places, atomically where the file system can
// (APFS does; renamex_np(2)).
func exchange(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) {
		return exchangeInTurn(a, b)
	}
	return err
}
