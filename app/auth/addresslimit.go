package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// addressLimit bounds how often an address may try to sign in. It knows the
// address of the connection only: what a proxy says of its clients anybody can
// say. Behind a proxy all share one allowance, which is ample for people.
type addressLimit struct {
	mu    sync.Mutex
	known map[netip.Prefix]*rate.Limiter
	// others is shared by those who come while the table is full.
	others *rate.Limiter
}

const (
	// signInBurst tries are free, then one every signInEvery.
	signInBurst = 10
	signInEvery = 3 * time.Second
	// knownAddresses bounds the memory of an addressLimit.
	knownAddresses = 4096
)

func newAddressLimit() *addressLimit {
	return &addressLimit{known: map[netip.Prefix]*rate.Limiter{}, others: signInAllowance()}
}

func signInAllowance() *rate.Limiter { return rate.NewLimiter(rate.Every(signInEvery), signInBurst) }

// allow takes one try of the address of a connection.
func (l *addressLimit) allow(remote string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(networkOf(remote), now).AllowN(now, 1)
}

func (l *addressLimit) of(network netip.Prefix, now time.Time) *rate.Limiter {
	if limiter, ok := l.known[network]; ok {
		return limiter
	}
	if len(l.known) >= knownAddresses {
		l.forget(now)
	}
	if len(l.known) >= knownAddresses {
		return l.others
	}
	limiter := signInAllowance()
	l.known[network] = limiter
	return limiter
}

// forget drops those who have their whole allowance again.
func (l *addressLimit) forget(now time.Time) {
	for network, limiter := range l.known {
		if limiter.TokensAt(now) >= signInBurst {
			delete(l.known, network)
		}
	}
}

// networkOf is what one party controls: an IPv4 address, or an IPv6 /64. What
// is no address at all counts as one party.
func networkOf(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // not reached: the lengths fit the addresses
	}
	return network
}
