package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// dispatchFigures are delays from just before a request is sent, over HTTP, to
// the call of the runner.
type dispatchFigures struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func measureDispatch(ctx context.Context, o options, dir string) (f dispatchFigures, err error) {
	dir = filepath.Join(dir, modeDispatch)
	s, p, err := child(ctx, dir, modeDispatch, "")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	client, err := api.NewClient(s.URL, s.Token, api.Options{})
	if err != nil {
		return f, err
	}
	sent := make([]time.Time, o.dispatches+1) // by release
	for n := 1; n <= o.dispatches; n++ {
		sent[n] = time.Now()
		if _, err := client.Ask(ctx, "www", fmt.Sprint("dispatch-", n), api.RequestInput{Source: release.FromEditor}); err != nil {
			return f, err
		}
		if err := untilReady(ctx, client, int64(n)); err != nil {
			return f, err
		}
	}
	delays, err := delays(s, sent)
	if err != nil {
		return f, err
	}
	r := httpload.Summarize(delays, time.Second)
	return dispatchFigures{Count: r.Count, P50: r.P50, P99: r.P99, Max: r.Max}, nil
}

// untilReady waits until a release is over and the site Ready.
func untilReady(ctx context.Context, client *api.Client, number int64) error {
	for range 5000 {
		site, err := client.Site(ctx, "www")
		if err != nil {
			return err
		}
		if site.State == release.Ready && site.Last != nil && site.Last.Number == number {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("release #%d did not end", number)
}

// delays reads from what the server said when it dispatched each release.
func delays(s *program.Server, sent []time.Time) (all []time.Duration, err error) {
	log, err := os.Open(s.Log)
	if err != nil {
		return nil, fmt.Errorf("read the server's words: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var number int
		var at int64
		if _, err := fmt.Sscan(lines.Text(), &number, &at); err != nil || number < 1 || number >= len(sent) {
			return nil, fmt.Errorf("the server said %q", lines.Text())
		}
		all = append(all, time.Unix(0, at).Sub(sent[number]))
	}
	if len(all) != len(sent)-1 {
		return nil, fmt.Errorf("%d releases were dispatched %d times", len(sent)-1, len(all))
	}
	return all, lines.Err()
}
