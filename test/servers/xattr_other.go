//go:build !linux && !darwin

package servers

func hasXattr(string) bool { return false }
