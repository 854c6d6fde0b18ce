package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// tries limits the rate of sign-ins, by the address or by the name. The address is that of
// the connection, since anybody can send a proxy's header. Behind a proxy all share one
// allowance, which is ample for people.
type tries[K comparable] struct {
	mu    sync.Mutex
	known map[K]*rate.Limiter
	// swept is when the table was last searched for keys to forget.
	swept time.Time
	// others is the allowance of all further keys while the table is full.
	others *rate.Limiter
}

const (
	// signInBurst tries are free, then one every signInEvery.
	signInBurst = 10
	signInEvery = 3 * time.Second
	// knownTries bounds the memory of tries.
	knownTries = 4096
)

func newTries[K comparable]() *tries[K] {
	return &tries[K]{known: map[K]*rate.Limiter{}, others: signInAllowance()}
}

func signInAllowance() *rate.Limiter { return rate.NewLimiter(rate.Every(signInEvery), signInBurst) }

// allow takes one try.
func (l *tries[K]) allow(of K, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(of, now).AllowN(now, 1)
}

func (l *tries[K]) of(of K, now time.Time) *rate.Limiter {
	if limiter, ok := l.known[of]; ok {
		return limiter
	}
	// A try takes signInEvery to come back: to look more often would find nobody, and
	// have a flood of addresses cost a walk through the table each.
	if len(l.known) >= knownTries && now.Sub(l.swept) >= signInEvery {
		l.swept = now
		l.forget(now)
	}
	if len(l.known) >= knownTries {
		return l.others
	}
	limiter := signInAllowance()
	l.known[of] = limiter
	return limiter
}

// forget drops the keys that have their whole allowance again.
func (l *tries[K]) forget(now time.Time) {
	for of, limiter := range l.known {
		if limiter.TokensAt(now) >= signInBurst {
			delete(l.known, of)
		}
	}
}

// addressOf is the address of a connection; invalid for a text that is none.
func addressOf(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// networkOf is the network that one party controls: an IPv4 address, or an IPv6 /64. All
// texts that are no address count as one party.
func networkOf(remote string) netip.Prefix {
	ip := addressOf(remote)
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}
