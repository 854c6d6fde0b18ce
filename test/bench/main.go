// Command bench measures the server: intake over HTTP with and without group
// commit, the delay from a request to its dispatch, the time to start, and
// memory. It holds nothing against a limit: it exits with 0 unless it can't run.
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
	"runtime"
	"syscall"
	"time"
)

type options struct {
	json       bool
	span       time.Duration
	rounds     int
	dispatches int
	starts     int
	profile    string
}

func main() {
	var o options
	flag.BoolVar(&o.json, "json", false, "print one JSON document instead of the table")
	flag.DurationVar(&o.span, "span", 3*time.Second, "how long each measurement of intake lasts")
	flag.IntVar(&o.rounds, "rounds", 3, "how often intake is measured each way; medians are told")
	flag.IntVar(&o.dispatches, "dispatches", 200, "how many dispatches are timed")
	flag.IntVar(&o.starts, "starts", 9, "how many starts are timed")
	flag.StringVar(&o.profile, "profile", "", "write the server's CPU profile of the grouped intake here")
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

// report is everything that was measured.
type report struct {
	CPUs     int             `json:"cpus"`
	Go       string          `json:"go"`
	Intake   []intakeFigures `json:"intake"`
	Dispatch dispatchFigures `json:"dispatch"`
	Start    startFigures    `json:"start"`
	Memory   *memoryFigures  `json:"memory,omitempty"`
	Took     float64         `json:"took_seconds"`
}

func bench(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	r := report{CPUs: runtime.NumCPU(), Go: runtime.Version()}
	progress := func(what string) { fmt.Fprintln(os.Stderr, "measuring", what) }
	for _, clients := range []int{64, 512} {
		progress(fmt.Sprintf("intake, %d clients", clients))
		f, err := measureIntake(ctx, o, dir, clients)
		if err != nil {
			return err
		}
		r.Intake = append(r.Intake, f)
	}
	progress("the delay of dispatches")
	if r.Dispatch, err = measureDispatch(ctx, o, dir); err != nil {
		return err
	}
	progress("starts and memory of pressrun serve")
	if r.Start, r.Memory, err = measureServe(ctx, o, dir); err != nil {
		return err
	}
	r.Took = time.Since(began).Seconds()
	if o.json {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(os.Stdout)
	return nil
}

// print writes a table for people and, last, a line of key=value pairs.
func (r report) print(out io.Writer) {
	fmt.Fprintf(out, "%d CPUs, shared by server and clients; %s\n\n", r.CPUs, r.Go)
	fmt.Fprintln(out, "intake over HTTP, requests on disk before the answer (medians)")
	fmt.Fprintf(out, "  %8s  %-22s %10s %9s %9s\n", "clients", "", "per second", "p50 ms", "p99 ms")
	for _, f := range r.Intake {
		fmt.Fprintf(out, "  %8d  %-22s %10.0f %9.1f %9.1f\n", f.Clients, "group commit", f.Grouped.PerSecond, f.Grouped.P50, f.Grouped.P99)
		fmt.Fprintf(out, "  %8s  %-22s %10.0f %9.1f %9.1f   ratio %.1f\n", "", "one transaction each", f.Single.PerSecond, f.Single.P50, f.Single.P99, f.Ratio)
	}
	d := r.Dispatch
	fmt.Fprintf(out, "\nrequest to dispatch, site Ready, quiet 0 (%d times): p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", d.Count, d.P50, d.P99, d.Max)
	fmt.Fprintf(out, "start to ready (%d times): median %.0f ms, longest %.0f ms; with %d requests in the ledger: median %.0f ms\n",
		r.Start.Count, r.Start.Median, r.Start.Max, r.Start.Requests, r.Start.Filled)
	if r.Memory != nil {
		fmt.Fprintf(out, "resident memory: idle %.0f MB, under load of 64 clients %.0f MB\n", r.Memory.Idle, r.Memory.Load)
	}
	fmt.Fprintln(out)
	for _, f := range r.Intake {
		fmt.Fprintf(out, "intake_%d=%.0f single_%d=%.0f ratio_%d=%.1f p50_%d_ms=%.1f p99_%d_ms=%.1f ",
			f.Clients, f.Grouped.PerSecond, f.Clients, f.Single.PerSecond, f.Clients, f.Ratio, f.Clients, f.Grouped.P50, f.Clients, f.Grouped.P99)
	}
	fmt.Fprintf(out, "dispatch_p50_ms=%.1f dispatch_p99_ms=%.1f start_ms=%.0f start_filled_ms=%.0f", d.P50, d.P99, r.Start.Median, r.Start.Filled)
	if r.Memory != nil {
		fmt.Fprintf(out, " idle_mb=%.0f load_mb=%.0f", r.Memory.Idle, r.Memory.Load)
	}
	fmt.Fprintf(out, " took_seconds=%.0f\n", r.Took)
}
