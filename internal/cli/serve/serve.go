// Package serve has the commands of the machine that the server runs on: the
// server itself, its configuration and tokens, its health, and the supervisor of
// a local run.
package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/config/runenv"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/internal/runner/local"
)

// Command runs the server.
type Command struct {
	configFlag
	LogFormat string     `enum:"text,json" default:"text" placeholder:"FORMAT" help:"How to log to standard error: ${enum} (default ${default})."`
	LogLevel  slog.Level `default:"info" placeholder:"LEVEL" help:"What to log: debug, info, warn or error (default ${default})."`
}

// Help has the example.
func (Command) Help() string {
	return `An interruption or SIGTERM ends it cleanly: calls under way are finished, releases under way go on and are
taken over by the next server. So does kill -9, except that callers see their calls break off. systemd is told
when the server is ready (Type=notify).

The configuration is a file, or a folder with pressrun.yaml, groups/NAME.yaml and sites/NAME.yaml (docs/many-sites.md).
It is read again at SIGHUP, and when a file changes: the log and the pages tell what that brought. With mistakes the
server goes on by the configuration before; in a folder a site with mistakes is left out, and the others go on.

Examples:

  pressrun serve --config /etc/pressrun/pressrun.yaml --log-format json
  pressrun serve --config /etc/pressrun
  kill -HUP "$(pidof pressrun)"`
}

// Run serves until the context ends.
func (c *Command) Run(ctx context.Context, t *terminal.Terminal) error {
	signals := hangups()
	watch := config.Watch(c.file()) // before it is read: what changes meanwhile is read again
	conf, err := c.open()
	if err != nil {
		return err
	}
	log := newLog(t.Err, c.LogFormat, c.LogLevel)
	limitMemory()
	app.LogBroken(ctx, log, conf.Broken)
	server, err := newApp(ctx, conf, log, t.Version)
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	reloading, end := context.WithCancel(ctx)
	defer end()
	return server.Run(ctx, func(addr net.Addr) {
		if err := notifyReady(); err != nil {
			log.Warn("systemd was not told that the server is ready", "error", err)
		}
		log.Info("serving", "address", addr.String(), "url", conf.URL, "sites", len(conf.Sites), "broken_sites", len(conf.Broken), "version", t.Version)
		go c.reload(reloading, server, watch, signals)
	})
}

// memoryAim is a soft limit of the program's memory, in bytes: near it, garbage is
// collected sooner. A thousand open pages need as much.
const memoryAim = 100 << 20

// limitMemory sets memoryAim, unless GOMEMLIMIT is set (https://go.dev/doc/gc-guide#Memory_limit).
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryAim)
	}
}

// New wires the app with the local runner.
func New(ctx context.Context, conf *config.Config, log *slog.Logger, version string) (*app.App, error) {
	return newApp(ctx, &config.Loaded{Config: *conf}, log, version)
}

func newApp(ctx context.Context, conf *config.Loaded, log *slog.Logger, version string) (*app.App, error) {
	outputs, age := conf.Keep.KeepOutputs()
	var now atomic.Pointer[config.Config] // it changes while the app runs
	now.Store(&conf.Config)
	return app.New(ctx, app.Options{
		Config: conf.Config, Broken: conf.Broken, Configured: func(c config.Config) { now.Store(&c) }, Log: log, Version: version,
		NewRunner: func(onEvent runner.OnEvent) (runner.Runner, error) {
			return local.New(local.Options{
				State: conf.State, OnEvent: onEvent, Logger: log, Keep: outputs, KeepFor: age,
				Settings: func(site string) (local.Settings, bool) {
					s, ok := now.Load().Sites[site]
					return localSettings(s), ok && s.Runner == config.RunnerLocal
				},
			})
		},
	})
}

// localSettings are what the local runner needs to know of a site.
func localSettings(s config.Site) local.Settings {
	of := local.Settings{Folder: s.Source.Folder, Git: s.Source.Git, Ref: s.Source.Ref, Secret: runenv.CDNSecret(s), Secrets: runenv.Secrets(s), Env: runenv.Of(s)}
	if s.Limit != nil {
		of.Limit = time.Duration(*s.Limit)
	}
	return of
}

func newLog(out io.Writer, format string, level slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(out, opts))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}
