package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
)

// Sites reads all configured sites as they stand, by name, in one statement.
func (s *Snapshot) Sites(ctx context.Context) ([]release.Site, error) {
	docs, err := textsOf(func(text string, args ...any) (*sql.Rows, error) { return s.q.QueryContext(ctx, text, args...) }, `SELECT name, doc FROM sites`)
	if err != nil {
		return nil, fmt.Errorf("read the sites: %w", s.engine.Explain(err))
	}
	var all []release.Site
	for _, name := range s.SiteNames() {
		policy, err := s.sites.policy(name)
		if err != nil {
			return nil, err
		}
		site := release.NewSite(name, policy)
		if doc, known := docs[name]; known {
			if site, err = s.sites.documents.read(name, doc); err != nil {
				return nil, err
			}
			site.Policy = policy
		}
		all = append(all, site)
	}
	return all, nil
}

// manyReleases is how many releases are looked up at once.
const manyReleases = 64

// metricsText finds releases that have metrics by their sites and numbers.
var metricsText = `SELECT site, metrics FROM releases WHERE metrics <> '' AND (` + strings.Join(pairs(manyReleases), " OR ") + `)`

func pairs(count int) (all []string) {
	for i := range count {
		all = append(all, fmt.Sprintf("site = $%d AND number = $%d", 2*i+1, 2*i+2))
	}
	return all
}

// LiveMetrics are the metrics of the live releases, as JSON by site. A site without a live
// release, or whose run measured nothing, has none.
func (s *Snapshot) LiveMetrics(ctx context.Context, sites []release.Site) (map[string]string, error) {
	var args []any
	for _, site := range sites {
		if number := site.NowLive().Number; number > 0 {
			args = append(args, site.Name, number)
		}
	}
	found := map[string]string{}
	for len(args) > 0 {
		n := min(len(args), 2*manyReleases)
		part := make([]any, 0, 2*manyReleases)
		part = append(part, args[:n]...)
		for args = args[n:]; len(part) < 2*manyReleases; {
			part = append(part, "", int64(0)) // no release
		}
		if err := metricsOf(ctx, s.reader, part, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func metricsOf(ctx context.Context, r reader, releases []any, into map[string]string) error {
	rows, err := r.q.QueryContext(ctx, metricsText, releases...)
	if err != nil {
		return fmt.Errorf("read what the live releases measured: %w", r.engine.Explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var site, metrics string
		if err := rows.Scan(&site, &metrics); err != nil {
			return fmt.Errorf("read what the live releases measured: %w", err)
		}
		into[site] = metrics
	}
	return rows.Err()
}
