//go:build unix

// Command watchers opens pages of a site by the hundreds, as browsers of editors do,
// and lets releases go by: each page follows the stream of events, and is fetched
// again when something happened. It holds that every page shows every state in time,
// and that the server, a process of pressrun serve, stays small.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	d := drill{}
	flag.IntVar(&d.watchers, "watchers", 1000, "how many pages are open")
	flag.IntVar(&d.releases, "releases", 3, "how many releases go by")
	flag.DurationVar(&d.within, "within", time.Second, "how soon each page must show each state")
	flag.Float64Var(&d.memory, "memory", 150, "how much memory the server may take, in MB of 10^6 bytes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, d); err != nil {
		fmt.Fprintln(os.Stderr, "watchers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, d drill) (err error) {
	folder, err := os.MkdirTemp("", "drill-watchers-")
	if err != nil {
		return fmt.Errorf("make a folder for the site: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	found, err := d.run(ctx, folder)
	if err != nil {
		return err
	}
	for _, line := range found.wrong {
		fmt.Fprintln(os.Stderr, line)
	}
	fmt.Println(found)
	return found.judge(d)
}
