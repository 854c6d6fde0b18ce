package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/program"
)

// startFigures are times from the start of the process to its first good answer.
type startFigures struct {
	Count  int     `json:"count"`
	Median float64 `json:"median_ms"`
	Max    float64 `json:"max_ms"`
	// Filled is the median with that many Requests in the ledger.
	Filled   float64 `json:"filled_median_ms"`
	Requests int     `json:"requests"`
}

// memoryFigures are resident sets, in megabytes of 10^6 bytes.
type memoryFigures struct {
	Idle float64 `json:"idle_mb"`
	Load float64 `json:"load_mb"`
}

// measureServe measures the real program.
func measureServe(ctx context.Context, o options, dir string) (f startFigures, m *memoryFigures, err error) {
	dir = filepath.Join(dir, "serve")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return f, nil, fmt.Errorf("make a folder: %w", err)
	}
	path, err := program.BuildRelease(ctx, program.Main, dir)
	if err != nil {
		return f, nil, err
	}
	s, err := program.Install(ctx, dir, sites(dir), path, "serve", "--log-level", "warn", "--config")
	if err != nil {
		return f, nil, err
	}
	fresh, err := starts(ctx, o.starts, s)
	if err != nil {
		return f, nil, err
	}
	m, f.Requests, err = memory(ctx, o, s)
	if err != nil {
		return f, nil, err
	}
	filled, err := starts(ctx, o.starts, s)
	if err != nil {
		return f, nil, err
	}
	f.Count, f.Median, f.Max, f.Filled = len(fresh), fresh[len(fresh)/2], fresh[len(fresh)-1], filled[len(filled)/2]
	return f, m, nil
}

// starts times some starts, in milliseconds, and sorts them.
func starts(ctx context.Context, count int, s *program.Server) ([]float64, error) {
	var all []float64
	for range count {
		began := time.Now()
		p, err := s.Start()
		if err != nil {
			return nil, err
		}
		if err := s.Ready(ctx, 20*time.Second); err != nil {
			return nil, errors.Join(err, p.Kill())
		}
		all = append(all, float64(time.Since(began))/float64(time.Millisecond))
		if err := p.Stop(); err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return all, nil
}

// memory looks at a server that has nothing to do, and at its most under load.
// The site is paused: what is measured is the server, not its builds.
func memory(ctx context.Context, o options, s *program.Server) (m *memoryFigures, count int, err error) {
	p, err := s.Start()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if err := s.Ready(ctx, 20*time.Second); err != nil {
		return nil, 0, err
	}
	client, err := api.NewClient(s.URL, s.Token, api.Options{})
	if err != nil {
		return nil, 0, err
	}
	if _, err := client.Act(ctx, "www", "pause", api.ActInput{Why: "only its intake is measured"}); err != nil {
		return nil, 0, err
	}
	time.Sleep(2 * time.Second)
	idle, ok := program.Memory(p.PID(), "VmRSS")
	r, err := load(ctx, s, 64, o.span, "memory")
	if err != nil {
		return nil, 0, err
	}
	most, okay := program.Memory(p.PID(), "VmHWM")
	if !ok || !okay {
		fmt.Fprintln(os.Stderr, "memory is not measured: /proc/PID/status can't be read here")
		return nil, r.Count, nil
	}
	return &memoryFigures{Idle: idle, Load: most}, r.Count, nil
}
