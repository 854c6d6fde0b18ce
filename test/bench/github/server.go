package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/runner"
)

// modeVariable makes this program a measured server, in one of the modes.
const (
	modeVariable     = "PRESSRUN_BENCH_MODE"
	profilesVariable = "PRESSRUN_BENCH_PROFILES"

	modeApp  = "app"
	modeBare = "bare"
)

const (
	secret   = "the webhooks' secret"
	hookPath = "/v1/github/webhooks"
)

// child is a measured server.
type child struct {
	cmd     *exec.Cmd
	address string
}

// start runs this program as a server with a folder of its own.
func start(ctx context.Context, mode, dir, profiles string) (*child, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, dir)
	cmd.Env, cmd.Stderr = append(os.Environ(), modeVariable+"="+mode, profilesVariable+"="+profiles), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s server: %w", mode, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s server: %w", mode, err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the %s server: %w", mode, err), cmd.Process.Kill(), cmd.Wait())
	}
	return &child{cmd: cmd, address: strings.TrimSpace(line)}, nil
}

// stop ends the server and tells how much CPU time it used.
func (c *child) stop() (time.Duration, error) {
	err := c.cmd.Process.Signal(syscall.SIGTERM)
	if wait := c.cmd.Wait(); wait != nil {
		err = errors.Join(err, fmt.Errorf("the server ended: %w", wait))
	}
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime(), err
}

// serve is the server that is measured, until the context ends.
func serve(ctx context.Context, mode, dir string) (err error) {
	if profiles := os.Getenv(profilesVariable); profiles != "" {
		finish, err := profile(profiles)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, finish()) }()
	}
	if mode == modeBare {
		return serveBare(ctx, dir)
	}
	return serveApp(ctx, dir)
}

func serveApp(ctx context.Context, dir string) error {
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	no := false
	a, err := app.New(ctx, app.Options{
		Config: config.Config{
			Listen: "127.0.0.1:0", URL: "http://pressrun.test", State: filepath.Join(dir, "state"), Pages: config.Pages{Access: "token"},
			GitHub: config.GitHub{Kind: "github", APIURL: "http://127.0.0.1:1", TokenFile: file, WebhookSecretFiles: []string{file}},
			Sites: map[string]config.Site{"www": {TimeZone: "UTC", Runner: "github", GitHub: config.SiteGitHub{
				Repository: "acme/www", Workflow: "content-release.yml", Ref: "main", Deployments: &no,
			}}},
		},
		NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runner.BySite{}, nil },
	})
	if err != nil {
		return err
	}
	return a.Run(ctx, func(addr net.Addr) { fmt.Println(addr) })
}

// profile begins to profile this process: where its CPU time goes, and what it
// waits for.
func profile(dir string) (finish func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return nil, fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	runtime.SetBlockProfileRate(int(10 * time.Microsecond))
	runtime.SetMutexProfileFraction(10)
	return func() error {
		pprof.StopCPUProfile()
		err := cpu.Close()
		for _, name := range []string{"block", "mutex", "allocs"} {
			f, failed := os.Create(filepath.Join(dir, name+".pprof"))
			if failed != nil {
				return errors.Join(err, fmt.Errorf("write the profile: %w", failed))
			}
			err = errors.Join(err, pprof.Lookup(name).WriteTo(f, 0), f.Close())
		}
		return err
	}, nil
}
