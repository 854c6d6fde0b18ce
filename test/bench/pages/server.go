//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

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
	if err := os.MkdirAll(s.program.State, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	if err := writeHistory(ctx, ledgerOf(s.program.State), o); err != nil {
		return nil, err
	}
	if s.process, err = s.program.Start(); err != nil {
		return nil, err
	}
	if err := errors.Join(s.program.Ready(ctx, time.Minute), s.signIn(ctx)); err != nil {
		return nil, errors.Join(err, s.process.Kill())
	}
	return s, nil
}

// signIn signs an editor in by the form, as a browser does.
func (s *server) signIn(ctx context.Context) error {
	form := url.Values{"token": {s.program.Editors["ada"]}, "next": {"/"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.program.URL+"/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // only its cookie counts
	for _, cookie := range resp.Cookies() {
		s.cookie = cookie.Name + "=" + cookie.Value
	}
	if s.cookie == "" {
		return fmt.Errorf("sign in: %s, without a cookie", resp.Status)
	}
	return nil
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

// measure lets clients ask for a span of time.
func (s *server) measure(ctx context.Context, one measurement, span time.Duration) (figures, error) {
	f := figures{Name: one.name, Words: one.words, Clients: one.clients}
	if _, _, err := s.load(ctx, one, time.Second); err != nil { // warm
		return f, err
	}
	took, elapsed, err := s.load(ctx, one, span)
	if err != nil {
		return f, err
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	f.PerSecond, f.P50, f.P99, f.Max = float64(len(took))/elapsed.Seconds(), ms(0.5), ms(0.99), ms(1)
	return f, nil
}

func (s *server) load(ctx context.Context, one measurement, span time.Duration) ([]time.Duration, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	took, errs := make([][]time.Duration, one.clients), make([]error, one.clients)
	began := time.Now()
	var crowd sync.WaitGroup
	for i := range one.clients {
		crowd.Go(func() { took[i], errs[i] = s.ask(ctx, one.path, i) })
	}
	crowd.Wait()
	all := slices.Concat(took...)
	err := errors.Join(errs...)
	if err == nil && len(all) == 0 {
		err = errors.New("not one page was answered")
	}
	return all, time.Since(began), err
}

// ask asks over one connection until the context ends.
func (s *server) ask(ctx context.Context, path string, client int) (took []time.Duration, err error) {
	line, err := httpload.Connect(context.WithoutCancel(ctx), s.host, "HTTP/1.1 200")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	for n := client; ctx.Err() == nil; n += 64 {
		at := strings.Replace(path, httpload.Number, fmt.Sprint(n%100_000), 1)
		one, err := line.SendText([]byte("GET " + at + " HTTP/1.1\r\nHost: " + s.host + "\r\nCookie: " + s.cookie + "\r\n\r\n"))
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}
