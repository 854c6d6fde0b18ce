//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/runner"
)

// childVariable names the folder of the app that this process shall be.
const childVariable = "PRESSRUN_DRILL_APP"

// grace is how long the app looks for a lost run: less than the list may lag.
const grace = 4 * time.Second

// serve is the app, until it is killed.
func serve(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var conf config.Config
	if err := json.Unmarshal(text, &conf); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.New(context.Background(), app.Options{Config: conf, Grace: grace, Log: log, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runner.BySite{}, nil }})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := a.Run(context.Background(), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child is the app's process.
type child struct {
	dir string
	cmd *exec.Cmd
	log *os.File
}

func newChild(dir string) (*child, error) {
	log, err := os.Create(filepath.Join(dir, "app.log"))
	if err != nil {
		return nil, fmt.Errorf("make the app's log: %w", err)
	}
	return &child{dir: dir, log: log}, nil
}

func (c *child) start() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	c.cmd = exec.Command(program)
	c.cmd.Env = append(os.Environ(), childVariable+"="+c.dir)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start the app: %w", err)
	}
	return nil
}

// kill ends the app as a power cut would.
func (c *child) kill() error {
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the app: %w", err)
	}
	_ = c.cmd.Wait() // it was killed
	return nil
}
