//go:build unix

// Command kill is the drill of sudden death: `pressrun serve` is killed with
// SIGKILL at random instants while many requesters ask and releases go on, and
// started again on what it left. In the end every acknowledged request must be
// live, no key may have become two requests, and no release may have been built
// twice. The last line is of key=value pairs; a broken promise ends it with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/program"
)

type options struct {
	cycles, requesters int
	seed               uint64
	keep               bool
	window             time.Duration
}

func main() {
	if os.Getenv(evidenceVariable) != "" {
		os.Exit(build())
	}
	var o options
	flag.IntVar(&o.cycles, "cycles", 50, "how often the server is killed")
	flag.IntVar(&o.requesters, "requesters", 32, "how many ask at the same time")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64N(1_000_000), "of the instants of death")
	flag.BoolVar(&o.keep, "keep", false, "keep the folder with all that was left")
	flag.DurationVar(&o.window, "window", 1500*time.Millisecond, "the longest life of a server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f, err := drill(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kill:", err)
	}
	fmt.Println(f.line(o))
	if err != nil || f.broken() {
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// drill runs the whole drill in a folder of its own.
func drill(ctx context.Context, o options) (f *figures, err error) {
	f = &figures{}
	dir, err := os.MkdirTemp("", "pressrun-kill-*")
	if err != nil {
		return f, fmt.Errorf("make a folder: %w", err)
	}
	fmt.Printf("seed %d, folder %s\n", o.seed, dir)
	defer func() {
		if o.keep || err != nil || f.broken() {
			fmt.Println("what was left is kept in", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	server, err := install(ctx, dir)
	if err != nil {
		return f, err
	}
	began := time.Now()
	asked, err := torment(ctx, o, server)
	f.tormented = time.Since(began)
	if err != nil {
		return f, err
	}
	return f, judge(ctx, server, dir, asked, f)
}

// install sets up a server with one site whose build is this program.
func install(ctx context.Context, dir string) (*program.Server, error) {
	path, err := program.Build(ctx, program.Main)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	source := filepath.Join(dir, "source")
	if err := os.Mkdir(source, 0o700); err != nil {
		return nil, fmt.Errorf("make the site's source: %w", err)
	}
	retries := make([]string, 20)
	for i := range retries {
		retries[i] = "1s"
	}
	return program.Install(ctx, dir, map[string]any{siteName: map[string]any{
		"runner": "local", "quiet": "0s", "max_wait": "1s", "retry": retries,
		"deadlines": map[string]any{"silence": "20s"},
		"source":    map[string]any{"folder": source},
		"build": map[string]any{
			"command": self, "output": "public",
			"env": map[string]any{evidenceVariable: filepath.Join(dir, evidenceFile)},
		},
		"deploy": map[string]any{"to": filepath.Join(dir, "site")},
	}}, path, "serve", "--log-level", "warn", "--config")
}

// torment kills and starts the server again and again under the requesters,
// and returns what they asked. At the end the server is dead.
func torment(ctx context.Context, o options, server *program.Server) ([]*asked, error) {
	crowd := newCrowd(server)
	crowd.begin(ctx, o)
	chance := rand.New(rand.NewPCG(o.seed, 0))
	for cycle := range o.cycles {
		p, err := server.Start()
		if err != nil {
			return crowd.end(), err
		}
		life := time.Duration(chance.Int64N(int64(o.window)))
		if chance.Float64() < 0.15 {
			life /= 20 // while it starts, or just after
		}
		select {
		case <-time.After(life):
		case <-ctx.Done():
		}
		if err := errors.Join(p.Kill(), ctx.Err()); err != nil {
			return crowd.end(), err
		}
		if (cycle+1)%10 == 0 {
			fmt.Printf("%d of %d deaths, %d requests acknowledged\n", cycle+1, o.cycles, crowd.count())
		}
	}
	// Those still waiting for an answer get it from the last server.
	p, err := server.Start()
	if err != nil {
		return crowd.end(), err
	}
	return crowd.end(), p.Stop()
}

// judge starts the server once more, lets it finish what is left, and looks.
func judge(ctx context.Context, server *program.Server, dir string, all []*asked, f *figures) error {
	p, err := server.Start()
	if err != nil {
		return err
	}
	client, err := api.NewClient(server.URL, server.Token, api.Options{})
	if err != nil {
		return errors.Join(err, p.Stop())
	}
	err = server.Ready(ctx, 30*time.Second)
	if err == nil {
		err = settle(ctx, client)
	}
	if err == nil {
		err = checkRequests(ctx, client, all, f)
	}
	if err == nil {
		err = checkReleases(ctx, client, dir, f)
	}
	if err := errors.Join(err, p.Stop()); err != nil {
		return err
	}
	checkLedger(ctx, server, f)
	return checkEvidence(dir, f)
}
