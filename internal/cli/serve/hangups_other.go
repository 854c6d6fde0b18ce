//go:build !unix

package serve

import "os"

// hangups are none: what changes is seen by looking.
func hangups() <-chan os.Signal { return nil }
