//go:build unix

package replicas

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/servers"
)

var (
	rounds = flag.Int("drill.rounds", 0, "how many rounds of the large drill; 0 for a small one")
	seed   = flag.Uint64("drill.seed", 0, "of all chances; 0 for another one each time")
)

const (
	// stopped is how long the large drill stops a replica.
	stopped = 40 * time.Second
	// longest is how long anybody may wait in it.
	longest = 15 * time.Second
)

// The small drill has each fault once, and does not judge how long anybody waited: a busy
// machine is slow. The clocks are right in it.
func TestReplicasKeepTheirPromises(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000)
	}
	if *rounds > 0 {
		allRounds(t)
		return
	}
	servers.Tool(t, "toxiproxy")
	s := newStage(t, *seed, sameClock(*without))
	tell(t, s.round(150*time.Millisecond, small()), 0)
}

func tell(t *testing.T, f figures, longest time.Duration) {
	t.Helper()
	fmt.Println(f.line(*seed))
	for _, breach := range f.breaches(longest) {
		t.Errorf("a promise is broken: %s", breach)
	}
}

// allRounds is the large drill, with clocks that are off.
func allRounds(t *testing.T) {
	t.Helper()
	var all figures
	for n := range *rounds {
		t.Run(fmt.Sprint("round ", n+1), func(t *testing.T) {
			s := newStage(t, *seed+uint64(n), clocksApart(*without))
			s.found.clocksOff = 2
			f := s.round(80*time.Millisecond, large())
			t.Log(f.line(s.seed))
			all.add(f)
		})
	}
	tell(t, all, longest)
}

// round has everything go wrong, and judges what is left. Each is how often an asker asks,
// about.
func (s *stage) round(each time.Duration, all []fault) figures {
	s.t.Helper()
	s.start()
	quiet := s.load(each)
	s.more(enough)
	for _, f := range s.order(all) {
		began := time.Now()
		f.do(s)
		s.more(enough)
		s.tell("%s: %.1f s, %d requests acknowledged", f.name, time.Since(began).Seconds(), s.acknowledged())
	}
	quiet()
	return s.judge()
}

// load has requesters ask, and somebody follow the events. Quiet ends that, and waits until
// all that was asked for is done.
func (s *stage) load(each time.Duration) (quiet func()) {
	following, leave := context.WithCancel(s.t.Context())
	asking, end := context.WithCancel(s.t.Context())
	s.t.Cleanup(leave)
	s.t.Cleanup(end)
	s.askers(asking, each)
	var follower sync.WaitGroup
	follower.Go(func() { s.follow(following) })
	return func() {
		end()
		s.members.Wait()
		s.settle()
		leave()
		follower.Wait()
		s.tell("all is done")
	}
}

// A drill that can't fail shows nothing.
func TestABrokenPromiseFailsTheDrill(t *testing.T) {
	good := figures{acknowledged: 1, built: 1, notices: 1, kills: 1, pauses: 1, halfOpen: 1, ended: 1, commitsLost: 1, promotions: 1, stall: longest}
	if said := good.breaches(longest); len(said) > 0 {
		t.Errorf("nothing is wrong, and it says %q", said)
	}
	for want, spoil := range map[string]func(*figures){
		"lost=1":           func(f *figures) { f.lost++ },
		"double_effects=1": func(f *figures) { f.doubleEffects++ },
		"stale_writes=1":   func(f *figures) { f.staleWrites++ },
		"gaps=1":           func(f *figures) { f.gaps++ },
		"other_breaches=1": func(f *figures) { f.others++ },
		"waited for":       func(f *figures) { f.stall++ },
		"too little":       func(f *figures) { f.pauses = 0 },
	} {
		f := good
		spoil(&f)
		if said := strings.Join(f.breaches(longest), "; "); !strings.Contains(said, want) {
			t.Errorf("expected %q, and it says %q", want, said)
		}
	}
}
