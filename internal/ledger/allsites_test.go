package ledger

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
)

// allSites reads all sites, and what their live releases measured, at once.
func allSites(t *testing.T, l *Ledger) (sites []release.Site, metrics map[string]string) {
	t.Helper()
	err := l.Read(t.Context(), func(ctx context.Context, s *Snapshot) (err error) {
		if sites, err = s.Sites(ctx); err == nil {
			metrics, err = s.LiveMetrics(ctx, sites)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sites, metrics
}

func TestAllSitesAreReadAsEachIsRead(t *testing.T) {
	l := fresh(t)
	for range 2 {
		ask(t, l, Request{})
		carry(t, l, "www")
	}
	if err := l.PutMetrics(t.Context(), "www", 1, `{"pages": 1}`); err != nil {
		t.Fatal(err)
	}
	if err := l.PutMetrics(t.Context(), "www", 2, `{"pages": 2}`); err != nil {
		t.Fatal(err)
	}
	sites, metrics := allSites(t, l)
	for i, name := range []string{"docs", "www"} { // docs is in no row yet
		one, err := l.Site(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, sites[i]); diff != "" {
			t.Errorf("%s (-alone +among all):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(map[string]string{"www": `{"pages": 2}`}, metrics); diff != "" || len(sites) != 2 {
		t.Errorf("%d sites, measured (-want +got):\n%s", len(sites), diff)
	}
}

// Releases are looked up many at a time: none is lost between two statements.
func TestTheMetricsOfVeryManySitesAreFound(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	carry(t, l, "www")
	if err := l.PutMetrics(t.Context(), "www", 1, `{}`); err != nil {
		t.Fatal(err)
	}
	live := release.Site{Live: release.Release{Number: 1}}
	for _, place := range []int{0, manyReleases - 1, manyReleases, 2 * manyReleases} {
		var sites []release.Site
		for i := range 2*manyReleases + 1 {
			if live.Name = fmt.Sprint("site-", i); i == place {
				live.Name = "www"
			}
			sites = append(sites, live)
		}
		if err := l.Read(t.Context(), func(ctx context.Context, s *Snapshot) error {
			found, err := s.LiveMetrics(ctx, sites)
			if len(found) != 1 || found["www"] != "{}" {
				t.Errorf("of a site at place %d: %v", place, found)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
