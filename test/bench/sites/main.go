//go:build linux

// Command sites measures what it costs to serve many sites that rest: how long the real
// pressrun serve takes to start on a folder with a file for each, and what it then takes of
// a processor and of memory. It holds nothing against a limit: it exits with 0 unless it
// can't run.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/test/freeport"
	"github.com/pressrun/pressrun/test/program"
)

func main() {
	sites := flag.Int("sites", 1000, "how many sites there are")
	span := flag.Duration("span", time.Minute, "how long they are watched at rest")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, *sites, *span); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// group is what the sites have in common: a nightly release, and a folder each.
const group = `runner: local
source: {folder: "../source/{site}"}
build: {output: public}
deploy: {to: "../live/{site}"}
schedules: [{name: nightly, cron: "0 3 * * *", spread: 1h}]
`

func bench(ctx context.Context, sites int, span time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := program.Build(ctx, program.Main)
	if err != nil {
		return err
	}
	address, err := freeport.Address()
	if err != nil {
		return err
	}
	conf := filepath.Join(dir, "conf")
	if err := write(conf, address, sites); err != nil {
		return err
	}
	began := time.Now()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, "serve", "--log-level", "warn", "--config", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	defer func() { err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }()
	if err := ready(ctx, "http://"+address+"/healthz"); err != nil {
		return err
	}
	start := time.Since(began)
	if err := rest(ctx, 5*time.Second); err != nil { // what follows a start is over
		return err
	}
	before, err := processor(cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := rest(ctx, span); err != nil {
		return err
	}
	after, err := processor(cmd.Process.Pid)
	if err != nil {
		return err
	}
	memory, err := resident(cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("sites=%d start_seconds=%.2f idle_core_percent=%.2f resident_mb=%.0f\n", sites, start.Seconds(), 100*(after-before).Seconds()/span.Seconds(), float64(memory)/1e6)
	return nil
}

// write writes the folder of the configuration.
func write(conf, address string, sites int) error {
	files := map[string]string{
		"pressrun.yaml": "listen: " + address + "\nstate: ../state\npages: {access: loopback}\n", "groups/all.yaml": group,
	}
	for i := range sites {
		files[fmt.Sprintf("sites/site-%04d.yaml", i)] = "group: all\n"
	}
	for name, text := range files {
		path := filepath.Join(conf, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

// startLimit bounds the wait for the server.
const startLimit = 2 * time.Minute

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fmt.Errorf("ask for its health: %w", err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close() // only its status counts
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := rest(ctx, 5*time.Millisecond); err != nil {
			return fmt.Errorf("the server was not ready within %s: %w", startLimit, err)
		}
	}
}

func rest(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return nil
	}
}

// tick is the unit of times in /proc (proc_pid_stat(5); 100 a second on all Linux of today).
const tick = 10 * time.Millisecond

// processor is the time that a process has had of the processors.
func processor(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's time: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}

// resident is the memory of a process in bytes.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's memory: %w", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize(), err
}
