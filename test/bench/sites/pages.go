//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/bench/history"
	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/memory"
	"github.com/pressrun/pressrun/test/program"
)

const (
	// old is how many sites have a history.
	old = 10
	// think is how long a reader looks at a page before the next one.
	think = time.Second
)

// kind is a kind of page: a reader's nth is at path(n).
type kind struct {
	name string
	path func(o options, n int) string
}

var kinds = []kind{
	{"list", func(options, int) string { return "/" }},
	{"list_search", func(o options, n int) string { return fmt.Sprintf("/?q=site+%03d", n*7%o.sites/10) }},
	{"site", func(o options, n int) string { return "/sites/" + nameOf(n*7%o.sites) }},
	{"old_site", func(_ options, n int) string { return "/sites/" + nameOf(n%old) }},
	{"history", func(o options, n int) string {
		return fmt.Sprintf("/sites/%s/releases?before=%d", nameOf(n%old), 1+n*7919%o.releases)
	}},
	{"release", func(o options, n int) string {
		return fmt.Sprintf("/sites/%s/releases/%d", nameOf(n%old), 1+n*7919%o.releases)
	}},
}

// pages measures how soon pages answer readers, each of whom asks for another one every
// second: with very many sites, some of which have years of releases.
func pages(t testing.TB, o options) []figure {
	t.Helper()
	dir := t.TempDir()
	sites := map[string]any{}
	for i := range o.sites {
		sites[nameOf(i)] = map[string]any{
			"runner": "local", "source": map[string]any{"folder": dir}, "build": map[string]any{"command": "true", "output": "public"},
			"deploy": map[string]any{"to": filepath.Join(dir, "live", nameOf(i))},
		}
	}
	s := install(t, dir, program.Settings{Apart: true, Sites: sites, Editors: []string{"ada"}})
	past(t, o, s.State)
	start(t, s)
	cookie, err := s.SignIn(t.Context(), s.Editors["ada"])
	if err != nil {
		t.Fatal(err)
	}
	figures := []figure{{name: "page_readers", value: float64(o.clients)}, {name: "old_site_releases", value: float64(o.releases)}}
	for _, one := range kinds {
		if _, err := read(t, o, s, cookie, one, 1, think/2); err != nil { // what the first reader waits for
			t.Fatalf("read the first page %s: %v", one.name, err)
		}
		r, err := read(t, o, s, cookie, one, o.clients, o.pages)
		if err != nil {
			t.Fatalf("measure the pages %s: %v", one.name, err)
		}
		figures = append(figures, figure{name: one.name + "_p50_ms", value: r.P50, digits: 1}, figure{name: one.name + "_p99_ms", value: r.P99, digits: 1, below: 50})
	}
	return figures
}

// read lets readers read pages of a kind for a span.
func read(t testing.TB, o options, s *program.Server, cookie string, one kind, readers int, span time.Duration) (httpload.Rate, error) {
	t.Helper()
	return httpload.Crowd(t.Context(), readers, span, func(ctx context.Context, client int) ([]time.Duration, error) {
		_ = pause(ctx, think*time.Duration(client)/time.Duration(readers)) // so that not all ask at once
		return httpload.Pages(ctx, strings.TrimPrefix(s.URL, "http://"), cookie, func(n int) string {
			if n > 0 {
				_ = pause(ctx, think)
			}
			return one.path(o, client+n*readers)
		})
	})
}

// past writes years of releases of some sites. In memory, where there is enough, it takes
// a part of the time.
func past(t testing.TB, o options, state string) {
	t.Helper()
	var names []string
	for i := range old {
		names = append(names, nameOf(i))
	}
	t.Logf("writing a history of %d releases of each of %d sites", o.releases, old)
	made := memory.Folder(t)
	if err := history.Write(t.Context(), made, names, history.Size{Releases: o.releases, Requests: 2 * o.releases}); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(state, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
}
