//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/test/bench/history"
	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// server is the app that is measured, with its history, and somebody who signed in.
type server struct {
	program *program.Server
	process *program.Process
	host    string
	cookie  string
}

func start(ctx context.Context, dir string, o options) (*server, error) {
	binary, err := program.Build(ctx, program.Main)
	if err != nil {
		return nil, err
	}
	s := &server{}
	if s.program, err = program.InstallFor(ctx, dir, map[string]any{"www": map[string]any{
		"runner": "local", "source": map[string]any{"folder": dir}, "build": map[string]any{"command": "true", "output": "public"},
		"deploy": map[string]any{"to": filepath.Join(dir, "live")},
	}}, []string{"ada"}, binary, "serve", "--log-level", "warn", "--config"); err != nil {
		return nil, err
	}
	s.host = strings.TrimPrefix(s.program.URL, "http://")
	fmt.Fprintf(os.Stderr, "writing a history of %d releases and %d requests\n", o.releases, o.requests)
	if err := history.Write(ctx, s.program.State, []string{"www"}, history.Size{Releases: o.releases, Requests: o.requests}); err != nil {
		return nil, err
	}
	if s.process, err = s.program.Start(); err != nil {
		return nil, err
	}
	if err = s.program.Ready(ctx, time.Minute); err == nil {
		s.cookie, err = s.program.SignIn(ctx, s.program.Editors["ada"])
	}
	if err != nil {
		return nil, errors.Join(err, s.process.Kill())
	}
	return s, nil
}

// measurement is an address that clients ask for.
type measurement struct {
	name, words string
	clients     int
	// path may have httpload.Number in it, once.
	path string
}

// measured are the pages. Each search is for another number, so that none is answered
// from what was found before.
func measured(o options) []measurement {
	clients := fmt.Sprintf(", %d clients", o.clients)
	return []measurement{
		{"site", "the site's page" + clients, o.clients, "/sites/www?n=" + httpload.Number},
		{"search_one", "search, one at a time", 1, "/sites/www/find?q=story+" + httpload.Number},
		{"search_8", "search for a number, 8 clients", 8, "/sites/www/find?q=hours+" + httpload.Number},
		{"search", "search for a number" + clients, o.clients, "/sites/www/find?q=hours+" + httpload.Number},
		{"search_common", "search for a word of every eighth request" + clients, o.clients, "/sites/www/find?q=toddlers"},
	}
}

// measure lets clients ask for a span of time, once they have warmed the server.
func (s *server) measure(ctx context.Context, one measurement, span time.Duration) (httpload.Rate, error) {
	if _, err := s.load(ctx, one, time.Second); err != nil {
		return httpload.Rate{}, err
	}
	return s.load(ctx, one, span)
}

func (s *server) load(ctx context.Context, one measurement, span time.Duration) (httpload.Rate, error) {
	return httpload.Crowd(ctx, one.clients, span, func(ctx context.Context, client int) ([]time.Duration, error) {
		return httpload.Pages(ctx, s.host, s.cookie, func(n int) string {
			return strings.Replace(one.path, httpload.Number, fmt.Sprint((client+64*n)%100_000), 1)
		})
	})
}
