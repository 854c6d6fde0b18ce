//go:build !linux

package output

import "errors"

// exchange is of Linux alone.
func exchange(string, string) error { return errors.ErrUnsupported }

// Identity is of Linux alone: elsewhere no two folders change places.
func Identity(string) string { return "" }
