//go:build !linux && !darwin

package dir

func exchange(a, b string) error { return exchangeInTurn(a, b) }
