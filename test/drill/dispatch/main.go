//go:build unix

// Command dispatch is the drill of exactly one effect: an app that is killed
// with SIGKILL at random instants dispatches to a GitHub that loses a twentieth
// of its answers after the run was made, and whose list of runs lags by up to
// more than the app's grace time. In the end no release may have been built by
// two runs, and every acknowledged request must be live. The last line is of
// key=value pairs; a broken promise ends it with 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

type options struct {
	dispatches, sites int
	seed              uint64
	lost              float64
	life              time.Duration
	limit             time.Duration
}

func main() {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(serve(dir))
	}
	var o options
	flag.IntVar(&o.dispatches, "dispatches", 2000, "how many dispatches are made")
	flag.IntVar(&o.sites, "sites", 48, "how many sites, each with a repository of its own")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64N(1_000_000), "of all chances")
	flag.Float64Var(&o.lost, "lost", 0.05, "share of dispatches whose answer is lost after the run was made")
	flag.DurationVar(&o.life, "life", 4*time.Second, "the longest life of an app")
	flag.DurationVar(&o.limit, "limit", 15*time.Minute, "gives up after so long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	f, err := drill(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dispatch:", err)
	}
	fmt.Println(f.line(o))
	if err != nil || f.broken() {
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// figures are what the drill counts.
type figures struct {
	dispatches, runs, kills, answersLost, duplicates int
	doubleEffects, violations                        int
	asked, lost                                      int64
	took                                             time.Duration
}

func (f figures) broken() bool {
	return f.doubleEffects != 0 || f.lost != 0 || f.violations != 0 || f.dispatches == 0 || f.kills == 0 || f.answersLost == 0
}

func (f figures) line(o options) string {
	return fmt.Sprintf("dispatches=%d double_effects=%d lost=%d requests=%d runs=%d kills=%d answers_lost=%d runs_told_they_are_duplicates=%d violations=%d seed=%d wall_seconds=%.0f",
		f.dispatches, f.doubleEffects, f.lost, f.asked, f.runs, f.kills, f.answersLost, f.duplicates, f.violations, o.seed, f.took.Seconds())
}
