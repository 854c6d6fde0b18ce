//go:build !linux

package output

import "errors"

// exchange works on Linux alone.
func exchange(string, string) error { return errors.ErrUnsupported }

// Identity works on Linux alone: elsewhere folders do not change places.
func Identity(string) string { return "" }
