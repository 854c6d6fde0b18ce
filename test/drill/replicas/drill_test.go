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

	"github.com/pressrun/pressrun/test/program"
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
// machine is slow. The clocks are right in it, since a program whose clock can be set takes
// minutes to build.
func TestReplicasKeepTheirPromises(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000)
	}
	if *rounds > 0 {
		large(t)
		return
	}
	servers.Tool(t, "toxiproxy")
	path := build(t)
	s := newStage(t, *seed, [3]string{path, path, path})
	tell(t, s.round(150*time.Millisecond, 0), 0)
}

func tell(t *testing.T, f figures, longest time.Duration) {
	t.Helper()
	fmt.Println(f.line(*seed))
	for _, breach := range f.breaches(longest) {
		t.Errorf("a promise is broken: %s", breach)
	}
}

// large is the drill with clocks that are off.
func large(t *testing.T) {
	t.Helper()
	var programs [3]string
	spoilt := replaced(t)
	for i, off := range []time.Duration{clocksOff, -clocksOff, 0} {
		path, clock, err := program.BuildSettable(t.Context(), t.TempDir(), spoilt)
		if err != nil {
			t.Fatal(err)
		}
		if err := clock.Set(off); err != nil {
			t.Fatal(err)
		}
		programs[i] = path
	}
	var all figures
	for n := range *rounds {
		t.Run(fmt.Sprint("round ", n+1), func(t *testing.T) {
			s := newStage(t, *seed+uint64(n), programs)
			s.found.clocksOff = 2
			f := s.round(80*time.Millisecond, stopped)
			t.Log(f.line(s.seed))
			all.add(f)
		})
	}
	tell(t, all, longest)
}

// round has everything go wrong once, or more often in the large drill, and judges what is left. Each is how
// often an asker asks, about.
func (s *stage) round(each, stop time.Duration) figures {
	s.t.Helper()
	following, leave := context.WithCancel(s.t.Context())
	asking, end := context.WithCancel(s.t.Context())
	defer leave()
	defer end()
	s.askers(asking, each)
	var follower sync.WaitGroup
	follower.Go(func() { s.follow(following) })
	s.more(enough)
	all := faults(stop)
	if stop > 0 {
		all = append(all, faults(stop)...)
		all = append(all, fault{"a replica is killed", (*stage).killOne, false})
	}
	for _, f := range s.order(all) {
		began := time.Now()
		f.do(s)
		s.more(enough)
		s.t.Logf("%s: %.1f s, %d requests acknowledged", f.name, time.Since(began).Seconds(), s.acknowledged())
	}
	end()
	s.members.Wait()
	s.settle()
	leave()
	follower.Wait()
	return s.judge()
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
