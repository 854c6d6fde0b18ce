//go:build !linux

// Package memory gives drills and tests folders that lie in memory where the
// system has such.
package memory

import "testing"

// Folder is an empty folder that is removed at the test's end.
func Folder(t testing.TB) string { t.Helper(); return t.TempDir() }
