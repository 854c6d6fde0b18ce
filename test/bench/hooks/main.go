//go:build linux

// Command hooks measures how soon a call of a hook is acknowledged, on disk, and what
// CPU time each dialect costs the server beside a call of the plain API. The server is
// the real pressrun serve, in a process of its own. It holds nothing against a limit:
// it exits with 0 unless it can't run.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

type options struct {
	senders int
	span    time.Duration
	calls   int
	rounds  int
	json    bool
}

func main() {
	var o options
	flag.IntVar(&o.senders, "senders", 512, "how many send about once a second each")
	flag.DurationVar(&o.span, "span", 10*time.Second, "for how long they do")
	flag.IntVar(&o.calls, "calls", 2000, "of how many calls a round the CPU time of a dialect is measured")
	flag.IntVar(&o.rounds, "rounds", 3, "how often dialects and the plain API are measured in turn; medians are told")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// report is everything that was measured; times are milliseconds, CPU time is
// microseconds for one call.
type report struct {
	Senders   int                `json:"senders"`
	PerSecond float64            `json:"per_second"`
	P50       float64            `json:"p50_ms"`
	P99       float64            `json:"p99_ms"`
	Max       float64            `json:"max_ms"`
	Plain     float64            `json:"plain_api_cpu_us"`
	CPU       map[string]float64 `json:"cpu_us"`
}

func bench(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.process.Stop()) }()
	fmt.Fprintln(os.Stderr, "measuring calls of hooks,", o.senders, "senders about once a second")
	took, elapsed, err := s.paced(ctx, o.senders, o.span)
	if err != nil {
		return err
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	r := report{Senders: o.senders, PerSecond: float64(len(took)) / elapsed.Seconds(), P50: ms(0.5), P99: ms(0.99), Max: ms(1), CPU: map[string]float64{}}
	found := map[string][]float64{}
	for round := range o.rounds { // in turn, so that a noisy neighbour disturbs all
		fmt.Fprintln(os.Stderr, "measuring CPU time, round", round+1)
		for _, name := range s.names() {
			us, err := s.cpu(ctx, name, o.calls)
			if err != nil {
				return fmt.Errorf("measure %s: %w", name, err)
			}
			found[name] = append(found[name], us)
		}
	}
	for name, all := range found {
		slices.Sort(all)
		r.CPU[name] = all[len(all)/2]
	}
	r.Plain = r.CPU[plain]
	delete(r.CPU, plain)
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	r.print(os.Stdout)
	return nil
}

// print writes a line for each dialect, the dearest first, and a line of key=value
// pairs.
func (r report) print(out io.Writer) {
	names := make([]string, 0, len(r.CPU))
	for name := range r.CPU {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(r.CPU[b], r.CPU[a]) })
	for _, name := range names {
		fmt.Fprintf(out, "%s: server_cpu_us=%.0f ratio_to_plain_api=%.2f\n", name, r.CPU[name], r.CPU[name]/r.Plain)
	}
	fmt.Fprintf(out, "senders=%d per_second=%.0f p50_ms=%.1f p99_ms=%.1f max_ms=%.1f plain_api_cpu_us=%.0f dearest=%s dearest_ratio=%.2f\n",
		r.Senders, r.PerSecond, r.P50, r.P99, r.Max, r.Plain, names[0], r.CPU[names[0]]/r.Plain)
}
