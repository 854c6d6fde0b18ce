//go:build unix

// Command pages measures how soon the pages answer that a newsroom has open all day:
// the page of a site with years of history, and the search over all that was ever
// asked for. The server is the real pressrun serve, in a process of its own, and its
// ledger is on disk. It holds nothing against a limit: it exits with 0 unless it can't
// run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/test/httpload"
)

type options struct {
	clients, releases, requests int
	span                        time.Duration
	json                        bool
}

func main() {
	var o options
	flag.IntVar(&o.clients, "clients", 64, "how many ask at once, each again as soon as it has its answer")
	flag.IntVar(&o.releases, "releases", 10_000, "how many releases the site has a history of")
	flag.IntVar(&o.requests, "requests", 100_000, "how many requests were made")
	flag.DurationVar(&o.span, "span", 5*time.Second, "how long each measurement lasts")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// figures are of one kind of page.
type figures struct {
	Name    string `json:"name"`
	Words   string `json:"words"`
	Clients int    `json:"clients"`
	httpload.Rate
}

func bench(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := start(ctx, dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.process.Stop()) }()
	var all []figures
	for _, one := range measured(o) {
		fmt.Fprintln(os.Stderr, "measuring", one.words)
		rate, err := s.measure(ctx, one, o.span)
		if err != nil {
			return fmt.Errorf("measure %s: %w", one.words, err)
		}
		all = append(all, figures{one.name, one.words, one.clients, rate})
	}
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	for _, f := range all {
		fmt.Printf("%-52s %6.0f a second, p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", f.Words, f.PerSecond, f.P50, f.P99, f.Max)
	}
	fmt.Printf("releases=%d requests=%d clients=%d", o.releases, o.requests, o.clients)
	for _, f := range all {
		fmt.Printf(" %s_p50_ms=%.1f %s_p99_ms=%.1f", f.Name, f.P50, f.Name, f.P99)
	}
	fmt.Println()
	return nil
}
