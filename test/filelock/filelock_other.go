//go:build !linux

package filelock

func awaited() bool { return unseen() }
