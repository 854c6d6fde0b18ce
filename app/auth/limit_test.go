package auth

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestTheLimitIsPerAddressAndBounded(t *testing.T) {
	l, now := newTries[netip.Prefix](), time.Now()
	spend := func(remote string) (n int) {
		for l.allow(networkOf(remote), now) {
			n++
		}
		return n
	}
	if n := spend("192.0.2.1:1000"); n != signInBurst {
		t.Errorf("%d tries were free", n)
	}
	if l.allow(networkOf("192.0.2.1:2000"), now) || l.allow(networkOf("[::ffff:192.0.2.1]:3000"), now) {
		t.Error("another port or spelling is another address")
	}
	if !l.allow(networkOf("192.0.2.2:1000"), now) {
		t.Error("another address is refused")
	}
	spend("[2001:db8::1]:1000")
	if l.allow(networkOf("[2001:db8::ffff:1]:1000"), now) {
		t.Error("one IPv6 network has many allowances")
	}
	if !l.allow(networkOf("192.0.2.1:1000"), now.Add(signInEvery)) {
		t.Error("nothing comes back with time")
	}
	for i := range 3 * knownTries {
		l.allow(networkOf(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)), now)
	}
	if len(l.known) > knownTries {
		t.Errorf("%d addresses are remembered", len(l.known))
	}
	if !l.allow(networkOf("203.0.113.9:1"), now.Add(time.Hour)) || len(l.known) > 2 {
		t.Errorf("after an hour %d addresses are still remembered", len(l.known))
	}
}
