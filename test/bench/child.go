package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// modeVariable makes this program the measured server, in one of the modes.
const (
	modeVariable    = "PRESSRUN_BENCH_MODE"
	profileVariable = "PRESSRUN_BENCH_PROFILE"

	modeGrouped  = "grouped"  // as the product is
	modeSingle   = "single"   // one transaction each
	modeDispatch = "dispatch" // its runs play themselves, at once
)

// serve is the app as `pressrun serve` wires it, but for its runner.
func serve(ctx context.Context, mode, file string) (err error) {
	conf, err := config.Load(file)
	if err != nil {
		return err
	}
	if path := os.Getenv(profileVariable); path != "" {
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("write the profile: %w", err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, f.Close())
		}()
	}
	a, err := app.New(ctx, app.Options{
		Config: *conf, NoGroupCommit: mode == modeSingle,
		NewRunner: func(runner.OnEvent) (runner.Runner, error) {
			return &instantRunner{url: conf.URL, plays: mode == modeDispatch}, nil
		},
	})
	if err != nil {
		return err
	}
	return a.Run(ctx, func(net.Addr) {})
}

// instantRunner takes every job at once and says on standard output when.
type instantRunner struct {
	url   string
	plays bool // the run is played to its end, or else hangs for ever
	count atomic.Int64
}

var _ runner.Runner = (*instantRunner)(nil)

// Dispatch implements runner.Runner.
func (r *instantRunner) Dispatch(ctx context.Context, job runner.Job) (release.Run, error) {
	fmt.Println(job.Release, time.Now().UnixNano())
	run := release.Run{ID: "run-" + strconv.FormatInt(r.count.Add(1), 10), Attempt: 1}
	if r.plays {
		go r.play(context.WithoutCancel(ctx), job, api.Run(run))
	}
	return run, nil
}

// play is a run that has nothing to do.
func (r *instantRunner) play(ctx context.Context, job runner.Job, run api.Run) {
	client, err := api.NewClient(r.url, job.Bearer, api.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	claim, err := client.Claim(ctx, job.Site, api.ClaimInput{Release: job.Release, Token: job.Token, Run: run})
	session := client.WithToken(claim.Session)
	for i, state := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if err == nil {
			_, err = session.Report(ctx, job.Site, job.Release, api.ReportInput{Run: run, Sequence: int64(i) + 1, State: state})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "play a run:", err)
	}
}

// Find implements runner.Runner.
func (*instantRunner) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{Final: true}, nil
}

// LookUp implements runner.Runner.
func (*instantRunner) LookUp(_ context.Context, _ string, _ int64, run release.Run) (release.Event, error) {
	return release.RunSeen{Run: run}, nil
}

// Cancel implements runner.Runner.
func (*instantRunner) Cancel(context.Context, string, int64, release.Run) error { return nil }

// Log implements runner.Runner.
func (*instantRunner) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// Reattach implements runner.Runner.
func (*instantRunner) Reattach(context.Context) error { return nil }

// Close implements runner.Runner.
func (*instantRunner) Close() error { return nil }
