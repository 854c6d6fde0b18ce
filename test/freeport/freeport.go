// Package freeport finds addresses for the servers that tests start.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports below those that systems give to outgoing connections and to listeners
// without a port (Linux from 32768, RFC 6335 from 49152): between the moment that one is
// found free and the moment that a server listens on it, nobody gets it by chance.
const first, last = 15_000, 32_000

// tries is how many ports are tried before it is said that none is free.
const tries = 100

// Address is an address on loopback, as host:port, on which nothing listens just now.
func Address() (string, error) {
	var errs []error
	for range tries {
		port := first + rand.IntN(last-first)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("find a free address: %w", err)
		}
		return address, nil
	}
	return "", fmt.Errorf("find a free address in %d tries: %w", tries, errors.Join(errs...))
}
