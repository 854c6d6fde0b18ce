package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/middleware"
)

// deadClientAfter is how long sent data may go unacknowledged. Together with
// the keep-alive of event streams it frees the place of a client who vanished
// within a minute.
const deadClientAfter = 40 * time.Second

// Run serves on the configured address until the context ends, then shuts
// down: calls under way are finished, runs go on and are taken over by the
// next app. ready, if given, is called with the address once it listens.
func (a *App) Run(ctx context.Context, ready func(addr net.Addr)) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.opts.Config.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", a.opts.Config.Listen, err), a.Close())
	}
	return a.Serve(ctx, l, ready)
}

// Serve is Run on a listener, which it closes.
func (a *App) Serve(ctx context.Context, l net.Listener, ready func(addr net.Addr)) error {
	if err := a.start(ctx); err != nil {
		return errors.Join(err, l.Close(), a.Close())
	}
	srv := a.server()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	if ready != nil {
		ready(l.Addr())
	}
	var err error
	select {
	case <-ctx.Done():
		a.log.Info("shutting down")
	case err = <-served:
	}
	return errors.Join(err, a.shutDown(context.WithoutCancel(ctx), srv))
}

func (a *App) server() *http.Server {
	return &http.Server{
		Handler:           a.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		// net/http's own answer to OPTIONS * waits for its body without an end.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if err := middleware.SetUserTimeout(c, a.deadClient); err != nil {
				a.log.Debug("TCP_USER_TIMEOUT could not be set; dead clients linger", "error", err)
			}
			return ctx
		},
	}
}

// shutdownGrace is how long calls under way are given to end.
const shutdownGrace = 10 * time.Second

func (a *App) shutDown(ctx context.Context, srv *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	a.stopNow() // event streams end, so that Shutdown need not wait for them
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("calls were still under way after the grace time", "grace", shutdownGrace)
		err = srv.Close()
	}
	a.places.Wait(ctx) // streams over bare connections, of which srv knows nothing
	return errors.Join(err, a.Close())
}
