// Command github measures how soon a webhook of GitHub's is acknowledged: after
// it was verified, read and committed to disk. The senders are in a process of
// their own, as GitHub is, but on the same machine. Beside the app a bare server
// is measured that does only what none can leave out. It holds nothing against a
// limit: it exits with 0 unless it can't run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.senders, "senders", 512, "how many send at the same time")
	flag.DurationVar(&o.span, "span", 3*time.Second, "how long each measurement lasts")
	flag.IntVar(&o.rounds, "rounds", 3, "how often app and bare server are measured in turn; medians are told")
	flag.StringVar(&o.profiles, "profiles", "", "write profiles of the app under senders without pause into this folder")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if mode := os.Getenv(modeVariable); mode != "" {
		exit(serve(ctx, mode, flag.Arg(0)))
	}
	exit(bench(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

type options struct {
	senders  int
	span     time.Duration
	rounds   int
	profiles string
	json     bool
}

// figures of one measurement; times are milliseconds.
type figures struct {
	Senders   int     `json:"senders"`
	Pause     string  `json:"pause"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	// CPU is what the server used for one webhook, in microseconds: its start
	// and what came of the webhook later included.
	CPU float64 `json:"server_cpu_us"`
}

// report is everything that was measured. Ratio is how many webhooks the app
// acknowledges for each that the bare server does.
type report struct {
	Paced   figures `json:"paced"`
	Unpaced figures `json:"unpaced"`
	Bare    figures `json:"bare"`
	Ratio   float64 `json:"ratio_to_bare"`
}

func bench(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	hook, err := prepare()
	if err != nil {
		return err
	}
	b := run{options: o, dir: dir, hook: hook}
	fmt.Fprintln(os.Stderr, "measuring webhooks,", o.senders, "senders")
	r := report{}
	if r.Paced, err = b.measure(ctx, modeApp, time.Second); err != nil {
		return err
	}
	found := map[string][]figures{}
	for range o.rounds { // in turn, so that a noisy neighbour disturbs both
		for _, mode := range []string{modeApp, modeBare} {
			f, err := b.measure(ctx, mode, 0)
			if err != nil {
				return err
			}
			found[mode] = append(found[mode], f)
		}
	}
	r.Unpaced, r.Bare = median(found[modeApp]), median(found[modeBare])
	r.Ratio = r.Unpaced.PerSecond / r.Bare.PerSecond
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	r.print(os.Stdout)
	return nil
}

// median is that of the measurements, by webhooks a second.
func median(all []figures) figures {
	slices.SortFunc(all, func(a, b figures) int { return int(a.PerSecond - b.PerSecond) })
	return all[len(all)/2]
}

// run is what the measurements have in common.
type run struct {
	options
	dir  string
	hook hook
	done int
}

// measure measures a server of its own.
func (b *run) measure(ctx context.Context, mode string, pause time.Duration) (f figures, err error) {
	b.done++
	dir := filepath.Join(b.dir, fmt.Sprint(b.done))
	profiles := ""
	if mode == modeApp && pause == 0 {
		profiles = b.profiles
	}
	c, err := start(ctx, mode, dir, profiles)
	if err != nil {
		return f, err
	}
	took, elapsed, err := b.hook.send(ctx, c.address, b.senders, b.span, pause)
	cpu, stopped := c.stop()
	if err := errors.Join(err, stopped); err != nil {
		return f, fmt.Errorf("measure the %s server: %w", mode, err)
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	return figures{
		Senders: b.senders, Pause: pause.String(), PerSecond: float64(len(took)) / elapsed.Seconds(),
		P50: ms(0.5), P99: ms(0.99), Max: ms(1), CPU: float64(cpu.Microseconds()) / float64(len(took)),
	}, nil
}

// print writes a line for each measurement and, last, a line of key=value pairs.
func (r report) print(out io.Writer) {
	for _, l := range []struct {
		what string
		f    figures
	}{{"webhooks_acknowledged", r.Paced}, {"webhooks_acknowledged", r.Unpaced}, {"bare_server", r.Bare}} {
		fmt.Fprintf(out, "%s: senders=%d pause=%s per_second=%.0f p50_ms=%.1f p99_ms=%.1f max_ms=%.1f server_cpu_us=%.0f\n",
			l.what, l.f.Senders, l.f.Pause, l.f.PerSecond, l.f.P50, l.f.P99, l.f.Max, l.f.CPU)
	}
	fmt.Fprintf(out, "webhooks_p99_ms=%.1f unpaced_per_second=%.0f unpaced_p99_ms=%.1f bare_per_second=%.0f bare_p99_ms=%.1f ratio_to_bare=%.2f\n",
		r.Paced.P99, r.Unpaced.PerSecond, r.Unpaced.P99, r.Bare.PerSecond, r.Bare.P99, r.Ratio)
}
