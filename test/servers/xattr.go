//go:build linux || darwin

package servers

import "golang.org/x/sys/unix"

// hasXattr tells whether files of a folder can carry extended attributes, in
// which versitygw keeps headers.
func hasXattr(dir string) bool {
	return unix.Setxattr(dir, "user.pressrun-test", []byte("1"), 0) == nil
}
