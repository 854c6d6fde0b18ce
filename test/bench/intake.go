package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// intakeFigures compare group commit with one transaction for each request.
type intakeFigures struct {
	Clients int           `json:"clients"`
	Grouped httpload.Rate `json:"grouped"`
	Single  httpload.Rate `json:"single"`
	Ratio   float64       `json:"ratio"`
}

// measureIntake measures both ways in turn, so that a noisy neighbour disturbs
// both, and takes medians. Each measurement has a new ledger.
func measureIntake(ctx context.Context, o options, dir string, clients int) (intakeFigures, error) {
	found := map[string][]httpload.Rate{}
	for round := range o.rounds {
		for _, mode := range []string{modeGrouped, modeSingle} {
			profile := ""
			if mode == modeGrouped && round == 0 && o.profile != "" {
				profile = fmt.Sprintf("%s.%d", o.profile, clients)
			}
			r, err := intake(ctx, o, filepath.Join(dir, fmt.Sprint(mode, clients, "-", round)), mode, clients, profile)
			if err != nil {
				return intakeFigures{}, fmt.Errorf("measure intake, %s, %d clients: %w", mode, clients, err)
			}
			found[mode] = append(found[mode], r)
		}
	}
	f := intakeFigures{Clients: clients, Grouped: httpload.Median(found[modeGrouped]), Single: httpload.Median(found[modeSingle])}
	f.Ratio = f.Grouped.PerSecond / f.Single.PerSecond
	return f, nil
}

// intake measures a server of its own.
func intake(ctx context.Context, o options, dir, mode string, clients int, profile string) (r httpload.Rate, err error) {
	s, p, err := child(ctx, dir, mode, profile)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if _, err := load(ctx, s, clients, 500*time.Millisecond, "warm"); err != nil {
		return r, err
	}
	return load(ctx, s, clients, o.span, "load")
}

// child starts this program as the measured server.
func child(ctx context.Context, dir, mode, profile string) (*program.Server, *program.Process, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program: %w", err)
	}
	s, err := program.Install(ctx, dir, sites(dir), "env", modeVariable+"="+mode, profileVariable+"="+profile, self)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.Start()
	if err != nil {
		return nil, nil, err
	}
	if err := s.Ready(ctx, 20*time.Second); err != nil {
		return nil, nil, errors.Join(err, p.Kill())
	}
	return s, p, nil
}

// sites is one site that is released at once.
func sites(dir string) map[string]any {
	return map[string]any{"www": map[string]any{
		"runner": "local", "quiet": "0s",
		"source": map[string]any{"folder": dir}, "build": map[string]any{"output": "public"},
		"deploy": map[string]any{"to": filepath.Join(dir, "site")},
	}}
}
