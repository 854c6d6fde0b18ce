package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/cmssample"
)

// kind is what is the matter with a call.
type kind string

const (
	valid     kind = "valid"
	again     kind = "again"     // the same bytes once more
	forged    kind = "forged"    // signed with another secret, or to an address that is none
	truncated kind = "truncated" // a body that was cut
	replayed  kind = "replayed"  // signed ten minutes ago
)

var kinds = []kind{valid, again, forged, truncated, replayed}

// target is a hook of one dialect.
type target struct {
	system  cms.Dialect
	address string // whole
	path    string
	known   bool // its events have ids
}

// event is one that happened in a CMS.
type event struct {
	target   *target
	delivery cms.Delivery
	mu       sync.Mutex
	request  string // what the app made of it
}

// call is one call of a hook.
type call struct {
	kind     kind
	event    *event // nil for one that must not be taken
	target   *target
	address  string
	delivery cms.Delivery
	want     int
}

// mix draws calls.
type mix struct {
	targets []*target
	mu      sync.Mutex
	chance  *rand.Rand
	number  int
	// known are events that were acknowledged and can be sent again.
	known []*event
}

// next is another call.
func (m *mix) next() call {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.number++
	t := m.targets[m.chance.IntN(len(m.targets))]
	switch draw := m.chance.Float64(); {
	case draw < 0.15 && len(m.known) > 0:
		e := m.known[m.chance.IntN(len(m.known))]
		return call{kind: again, event: e, target: e.target, address: e.target.address, delivery: e.delivery, want: http.StatusOK}
	case draw < 0.30:
		return forgedCall(t, m.number)
	case draw < 0.45 && !cms.IsBuildHook(t.system): // which take any body
		return truncatedCall(t, m.number)
	case draw < 0.60 && cmssample.Timed(t.system):
		return call{kind: replayed, target: t, address: t.address, delivery: signed(t, m.number, cmssample.Secret, -10*time.Minute), want: http.StatusForbidden}
	}
	e := &event{target: t, delivery: signed(t, m.number, cmssample.Secret, 0)}
	return call{kind: valid, event: e, target: t, address: t.address, delivery: e.delivery, want: http.StatusOK}
}

func signed(t *target, number int, secret string, ago time.Duration) cms.Delivery {
	d := cmssample.New(t.system, t.path, number)
	t.system.Sign(&d, secret, time.Now().Add(ago))
	return d
}

// forgedCall is signed with another secret. Where the secret is the address, another
// one is called.
func forgedCall(t *target, number int) call {
	c := call{kind: forged, target: t, address: t.address, want: http.StatusForbidden}
	if !t.system.Signed() {
		c.want, c.address = http.StatusNotFound, t.address[:len(t.address)-4]+strings.Repeat("a", 4)
	}
	c.delivery = signed(t, number, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0)
	return c
}

func truncatedCall(t *target, number int) call {
	c := call{kind: truncated, target: t, address: t.address, want: http.StatusForbidden, delivery: signed(t, number, cmssample.Secret, 0)}
	if !t.system.Signed() {
		c.want = http.StatusUnprocessableEntity
	}
	c.delivery.Body = c.delivery.Body[:len(c.delivery.Body)-2]
	return c
}

// acknowledged notes an event, and says whether the app said the same of it before.
func (m *mix) acknowledged(e *event, request string) (first, same bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	first, same = e.request == "", e.request == "" || e.request == request
	e.request = request
	if first && e.target.known {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.known = append(m.known, e)
	}
	return first, same
}
