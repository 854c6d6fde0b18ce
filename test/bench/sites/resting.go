//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/freeport"
	"github.com/pressrun/pressrun/test/program"
)

// group is what the sites have in common: a nightly release, and a folder each.
const group = `runner: local
source: {folder: "../source/{site}"}
build: {output: public}
deploy: {to: "../live/{site}"}
schedules: [{name: nightly, cron: "0 3 * * *", spread: 1h}]
`

// settle is after how long what follows a start is over.
const settle = 5 * time.Second

// resting measures a folder with a file for each site: how long the app takes to start on
// it, and what it then takes of a processor and of memory.
func resting(t testing.TB, o options) []figure {
	t.Helper()
	dir := t.TempDir()
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "conf")
	if err := write(conf, address, o.sites); err != nil {
		t.Fatal(err)
	}
	s := program.At(address, dir, binary, "serve", "--log-level", "warn", "--config", conf)
	began := time.Now()
	process := start(t, s)
	took := time.Since(began)
	if err := pause(t.Context(), min(settle, o.rest)); err != nil {
		t.Fatal(err)
	}
	used, err := processor(t.Context(), process.PID(), o.rest)
	if err != nil {
		t.Fatal(err)
	}
	memory, ok := program.Memory(process.PID(), "VmRSS")
	if !ok {
		t.Fatal("the server's memory can't be read")
	}
	return []figure{
		{name: "start_seconds", value: took.Seconds(), digits: 2, below: 5},
		{name: "idle_core_percent", value: 100 * used.Seconds() / o.rest.Seconds(), digits: 2, below: 1},
		{name: "resident_mb", value: memory, below: 200},
	}
}

// write writes the folder of the configuration.
func write(conf, address string, sites int) error {
	files := map[string]string{
		"pressrun.yaml": "listen: " + address + "\nstate: ../state\npages: {access: loopback}\n", "groups/all.yaml": group,
	}
	for i := range sites {
		files["sites/"+nameOf(i)+".yaml"] = "group: all\n"
	}
	for name, text := range files {
		path := filepath.Join(conf, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

// tick is the unit of times in /proc (proc_pid_stat(5); 100 a second on all Linux of today).
const tick = 10 * time.Millisecond

// processor is the time that a process has of the processors in a span.
func processor(ctx context.Context, pid int, span time.Duration) (time.Duration, error) {
	before, err := processorOf(pid)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, span); err != nil {
		return 0, err
	}
	after, err := processorOf(pid)
	return after - before, err
}

func processorOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's time: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}
