//go:build !unix

package serve

import "os"

// hangups are none: the server finds changes by looking at the files.
func hangups() <-chan os.Signal { return nil }
