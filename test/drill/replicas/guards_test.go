//go:build unix

package replicas

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/program"
)

var (
	without    = flag.String("drill.without", "", "a guard that the replicas lack (fence, lock, clock, mark): the drill must fail")
	showGuards = flag.Bool("drill.guards", false, "show that each guard is needed, by short drills that are aimed at it")
)

// guard is what keeps a promise: a place in the program, and how that reads without it.
type guard struct {
	program.Change
	// aim has that happen against which the guard is there.
	aim func(*stage)
	// each is how often an asker asks meanwhile, about.
	each time.Duration
	// slow gives the aim time to hit, in the programs with the guard and without it.
	slow []program.Change
}

// guards are those without which the drill must fail.
var guards = map[string]guard{
	"fence": {
		program.Change{File: "internal/ledger/writer.go", Is: "if o.fence != nil {", Becomes: "if false {"},
		func(s *stage) { s.stopHolders() }, 150 * time.Millisecond,
		// A notice's outcome waits for its batch when its replica is stopped: a moment that
		// else is too short to be met.
		[]program.Change{{File: "internal/ledger/writer.go", Is: "at, err := w.start(ctx)", Becomes: "time.Sleep(time.Second / 2); at, err := w.start(ctx)"}},
	},
	"lock": {
		program.Change{File: "internal/ledger/postgres/postgres.go", Is: "SELECT pg_advisory_xact_lock((", Becomes: "SELECT abs(("},
		func(s *stage) { s.more(600) }, 20 * time.Millisecond, nil,
	},
	"clock": {
		program.Change{File: "internal/ledger/postgres/postgres.go", Is: "`SELECT (EXTRACT(EPOCH FROM clock", Becomes: "``, //"},
		func(s *stage) { s.more(200) }, 100 * time.Millisecond, nil,
	},
	"mark": {
		program.Change{File: "internal/ledger/unknown.go", Is: "if err == nil || b.leaves {", Becomes: "if true {"},
		func(s *stage) {
			for range 3 {
				s.loseCommits()
			}
		}, 20 * time.Millisecond, nil,
	},
}

// shown is for how long a dispatch is looked for whose outcome nobody knows, in place of two
// minutes: the drill's GitHub shows a run at once.
var shown = program.Change{File: "app/scheduler/scheduler.go", Is: "o.Grace = 2 * time.Minute", Becomes: "o.Grace = 15 * time.Second"}

// changes are those of the drill's program, which may lack a guard; "" for none.
func changes(lack string) ([]program.Change, error) {
	if lack == "" {
		return []program.Change{shown}, nil
	}
	g, ok := guards[lack]
	if !ok {
		return nil, fmt.Errorf("there is no guard %q, but %q", lack, slices.Sorted(maps.Keys(guards)))
	}
	return []program.Change{shown, g.Change}, nil
}

// sameClock gives all replicas one program.
func sameClock(lack string) programs {
	return func(ctx context.Context, dir string) (paths [3]string, err error) {
		all, err := changes(lack)
		if err != nil {
			return paths, err
		}
		path, err := program.BuildChanged(ctx, dir, all...)
		return [3]string{path, path, path}, err
	}
}

// clocksApart gives two of the replicas clocks that are off, and their programs changes.
func clocksApart(lack string, more ...program.Change) programs {
	return func(ctx context.Context, dir string) (paths [3]string, err error) {
		all, err := changes(lack)
		if err != nil {
			return paths, err
		}
		built, err := program.BuildSettable(ctx, dir, append(all, more...)...)
		if err != nil {
			return paths, err
		}
		for i, off := range []time.Duration{clocksOff, -clocksOff, 0} {
			path, clock, err := program.LinkSettable(built, dir, fmt.Sprint("pressrun-", i))
			if err == nil {
				err = clock.Set(off)
			}
			if err != nil {
				return paths, err
			}
			paths[i] = path
		}
		return paths, nil
	}
}

// Where a guard has gone elsewhere, the drill without it would show nothing.
func TestEachGuardIsWhereTheDrillTakesItAway(t *testing.T) {
	all := []program.Change{shown}
	for _, g := range guards {
		all = append(append(all, g.Change), g.slow...)
	}
	for _, c := range all {
		source, err := os.ReadFile(filepath.Join("../../..", c.File))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(source), c.Is) != 1 {
			t.Errorf("%s does not have %q once", c.File, c.Is)
		}
	}
}

// Each guard is shown to be needed: what it is against happens to replicas that have it,
// and to others that lack it.
func TestEachGuardIsNeeded(t *testing.T) {
	if !*showGuards {
		t.Skip("this takes minutes: make drill-guards")
	}
	for _, name := range slices.Sorted(maps.Keys(guards)) {
		for _, lack := range []string{"", name} {
			t.Run(name+" "+map[bool]string{true: "there", false: "taken away"}[lack == ""], func(t *testing.T) {
				s := newStage(t, *seed, clocksApart(lack, guards[name].slow...))
				f := s.aimed(guards[name], lack != "")
				fmt.Printf("guard=%s there=%t lost=%d double_effects=%d stale_writes=%d gaps=%d other_breaches=%d acknowledged=%d\n",
					name, lack == "", f.lost, f.doubleEffects, f.staleWrites, f.gaps, f.others, f.acknowledged)
				if broken := f.broken(); (len(broken) > 0) != (lack != "") {
					t.Errorf("broken: %q", broken)
				}
			})
		}
	}
}

// aimed is a round in which nothing happens but what a guard is against. Where it is taken
// away, nobody waits for long that all ends well.
func (s *stage) aimed(g guard, away bool) figures {
	s.t.Helper()
	s.away = away
	s.start()
	quiet := s.load(g.each)
	s.more(enough)
	g.aim(s)
	s.tell("what the guard is against has happened: %d requests acknowledged", s.acknowledged())
	quiet()
	return s.judge()
}
