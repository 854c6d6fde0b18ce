//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// way is how the requests of one site are taken in.
type way struct {
	name     string
	replicas int // on PostgreSQL; 0 for one app on SQLite
}

var ways = []way{{"sqlite", 0}, {"postgres", 1}, {"two_replicas", 2}}

// engines compares what intake comes to on SQLite, on PostgreSQL, and by two replicas. All
// write to the same disk, and answer once that has what was asked. They are measured in turn,
// so that a noisy neighbour disturbs all of them.
func engines(t testing.TB, o options) []figure {
	t.Helper()
	database := servers.StartPostgres(t, "fsync=on", "shared_buffers=128MB")
	found := map[string][]httpload.Rate{}
	for round := range o.rounds {
		for _, one := range ways {
			found[one.name] = append(found[one.name], intake(t, o, database, one, round))
		}
	}
	var figures []figure
	rates := map[string]float64{}
	for _, one := range ways {
		r := httpload.Median(found[one.name])
		rates[one.name] = r.PerSecond
		figures = append(figures, figure{name: "intake_" + one.name, value: r.PerSecond}, figure{name: "intake_" + one.name + "_p99_ms", value: r.P99, digits: 1})
	}
	return append(figures,
		figure{name: "postgres_to_sqlite", value: rates["postgres"] / rates["sqlite"], digits: 2, least: 0.5},
		figure{name: "two_replicas_to_one", value: rates["two_replicas"] / rates["postgres"], digits: 2, least: 1})
}

// intake measures apps of its own on a new ledger.
func intake(t testing.TB, o options, database *servers.PostgresServer, one way, round int) httpload.Rate {
	t.Helper()
	more := map[string]any{}
	if one.replicas > 0 {
		name := fmt.Sprintf("%s_%d", one.name, round)
		database.SQL(t, "CREATE DATABASE "+name)
		more["ledger"] = strings.Replace(database.URL(), "/postgres?", "/"+name+"?", 1)
	}
	var apps []*program.Server
	for range max(1, one.replicas) {
		dir := t.TempDir()
		s := install(t, dir, program.Settings{More: more, Sites: map[string]any{"www": map[string]any{
			"runner": "local", "source": map[string]any{"folder": dir}, "build": map[string]any{"output": "public"},
			"deploy": map[string]any{"to": filepath.Join(dir, "live")},
		}}})
		defer start(t, s).end(t)
		apps = append(apps, s)
	}
	client, err := api.NewClient(apps[0].URL, apps[0].Token, api.Options{})
	if err == nil {
		_, err = client.Act(t.Context(), "www", "pause", api.ActInput{Why: "only its intake is measured"})
	}
	if err != nil {
		t.Fatal(err)
	}
	rate := httpload.Rate{}
	for _, phase := range []struct {
		name string
		span time.Duration
	}{{"warm", o.intake / 5}, {"load", o.intake}} {
		rate, err = httpload.Crowd(t.Context(), o.askers, phase.span, func(ctx context.Context, client int) ([]time.Duration, error) {
			app := apps[client%len(apps)]
			return httpload.Requests(ctx, strings.TrimPrefix(app.URL, "http://"), app.Token, "www", fmt.Sprintf("%s-%03d-", phase.name, client))
		})
		if err != nil {
			t.Fatalf("measure the intake of %s: %v", one.name, err)
		}
	}
	t.Logf("%s: %.0f a second, p99 %.1f ms", one.name, rate.PerSecond, rate.P99)
	return rate
}
