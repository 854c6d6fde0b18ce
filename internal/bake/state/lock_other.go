//go:build !unix

package state

import "errors"

// ErrBusy is of a folder that another bake is using.
var ErrBusy = errors.New("another bake of this site is under way")

// Lock is of Unix alone: elsewhere nothing prevents two bakes at once.
func (Folder) Lock() (unlock func() error, err error) { return func() error { return nil }, nil }
