package copying

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/readthrough"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/text"
)

// Content has the commands about a copy.
type Content struct {
	Serve Serve `cmd:"" help:"Speak the CMS's own addresses out of a copy, for a frontend's build."`
}

// Serve speaks a CMS's own addresses out of a copy.
type Serve struct {
	Dir      string `arg:"" type:"path" help:"Folder of the copy that pressrun export made."`
	Listen   string `default:"127.0.0.1:8055" placeholder:"ADDRESS" help:"Address of this machine to listen on (${default}). Port 0 takes a free one."`
	Settings string `type:"path" placeholder:"FILE" help:"The file of settings that the copy was made with, for the kinds rest and graphql."`
	Offline  bool   `help:"Answer 404 for what the copy can't answer, in place of asking the CMS."`
	tokenFlags
}

// Help has the examples.
func (Serve) Help() string {
	return `Speaks the CMS's own addresses out of the latest snapshot: lists with their pages,
totals, order and filters by id, slug and the like, and single records. The frontend
needs only this base address in place of the CMS's. What the copy can't answer
exactly goes through to the CMS and is told on standard error; with --offline it is
not found. One snapshot is served all the time, whatever is exported meanwhile.

Examples:

  pressrun content serve content
  pressrun content serve content --listen 127.0.0.1:0 --offline
  CMS_URL=http://127.0.0.1:8055 npm run build`
}

// Run serves until it is interrupted.
func (c *Serve) Run(ctx context.Context, t *terminal.Terminal) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !outbound.Loopback(host) {
		return exit.With(exit.Usage, fmt.Errorf("--listen: %s is no address of this machine alone; expected one such as 127.0.0.1:8055", c.Listen))
	}
	_, snapshot, err := archive.Read(c.Dir)
	if errors.Is(err, archive.ErrNone) {
		return exit.With(exit.NotFound, fmt.Errorf("%w: make one with pressrun export", err))
	}
	if err != nil {
		return err
	}
	s := source.Settings{Kind: snapshot.Source.Kind, URL: snapshot.Source.URL}
	if c.Settings != "" {
		if s, err = source.ReadSettings(c.Settings); err != nil {
			return exit.With(exit.Usage, err)
		}
	}
	if err := s.Check(); err != nil {
		return exit.With(exit.Usage, fmt.Errorf("%w (--settings names the file that the copy was made with)", err))
	}
	kind, client, err := c.open(t, s, s.AtOnce)
	if err != nil {
		return err
	}
	defer client.Close()
	kept, err := archive.ReadLists(c.Dir)
	if err != nil {
		return fmt.Errorf("read what the CMS said of its lists: %w", err)
	}
	recorded, err := source.Replay(kept)
	if err != nil {
		return err
	}
	types, err := source.Copied(ctx, kind, recorded, s, snapshot)
	if err != nil {
		return err
	}
	options := readthrough.Options{Dir: c.Dir, Snapshot: snapshot, Types: types, Upstream: client, Note: once(t)}
	if c.Offline {
		options.Upstream = nil
	}
	server := readthrough.New(options)
	if !server.HasLists() {
		return exit.With(exit.Usage, fmt.Errorf("the addresses of %s are not spoken out of a copy: have the frontend read the folder %s, or tar it (pressrun export --tar)", snapshot.Source.Kind, archive.Folder(c.Dir, snapshot.ID)))
	}
	return c.serve(ctx, t, server, snapshot.ID, len(snapshot.Records))
}

func (c *Serve) serve(ctx context.Context, t *terminal.Terminal, handler *readthrough.Server, id string, records int) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(t.Out, "http://%s speaks for the CMS out of snapshot %s (%s)\n", listener.Addr(), id, text.Count(records, "record")); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = server.Shutdown(within)
	served, passed := handler.Figures()
	fmt.Fprintf(t.Err, "answered %s from the copy; the copy could not answer %d\n", text.Count(served, "request"), passed)
	return err
}

// once returns a function that prints each address that the copy could not answer, once.
func once(t *terminal.Terminal) func(address, why string) {
	var mu sync.Mutex
	named := map[string]bool{}
	return func(address, why string) {
		mu.Lock()
		defer mu.Unlock()
		if named[address] || len(named) > 10_000 {
			return
		}
		named[address] = true
		fmt.Fprintf(t.Err, "not from the copy: %s: %s\n", text.Shorten(text.OneLine(address), 300), text.OneLine(why))
	}
}
