// Package differences reads for API and pages what differs between two releases of a site,
// from where the site is published. The app can do so for sites that this machine
// publishes: their destination is in its configuration, and the credentials in its
// environment. Where a site is published elsewhere, it says so.
package differences

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/difference"
	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// atOnce bounds how many are read at the same time: the lists of files of a large
	// site take tens of megabytes.
	atOnce = 2
	// patience is how long a destination may take to answer, waiting for a turn included.
	patience = 20 * time.Second
	// Listed is how many pages are listed unless somebody asks for fewer.
	Listed = 500
)

// Elsewhere are the errors of sites that the app can't read the destination of.
type Elsewhere struct{ Site string }

// Error says where to ask instead.
func (e *Elsewhere) Error() string {
	return fmt.Sprintf("the app does not publish %s itself, so it can't read what was published; whoever may read the bucket can: pressrun diff FROM TO --at s3://BUCKET --site %s", e.Site, e.Site)
}

// Reader reads differences.
type Reader struct {
	sites  map[string]config.Site
	ledger *ledger.Ledger
	log    *slog.Logger
	turns  chan struct{}
}

// New makes a Reader of the sites of a configuration.
func New(sites map[string]config.Site, l *ledger.Ledger, log *slog.Logger) *Reader {
	return &Reader{sites: sites, ledger: l, log: log, turns: make(chan struct{}, atOnce)}
}

// Can tells whether the app can read the destination of a site.
func (r *Reader) Can(site string) bool {
	conf := r.sites[site]
	return conf.Runner != config.RunnerGitHub && conf.Deploy.To != ""
}

// Pages lists the pages that differ between two releases; from 0 is what was live before
// to, to 0 the live release.
func (r *Reader) Pages(ctx context.Context, site string, from, to int64, limit int) (out api.Differences, err error) {
	err = r.read(ctx, site, from, to, func(ctx context.Context, both difference.Releases) error {
		out, err = both.Pages(ctx, limit)
		return err
	})
	return out, err
}

// Text reads the text of a page in two releases.
func (r *Reader) Text(ctx context.Context, site string, from, to int64, path string) (out api.PageText, err error) {
	err = r.read(ctx, site, from, to, func(ctx context.Context, both difference.Releases) error {
		out, err = both.Text(ctx, path)
		return err
	})
	return out, err
}

func (r *Reader) read(ctx context.Context, site string, from, to int64, f func(context.Context, difference.Releases) error) error {
	if !r.Can(site) {
		return &Elsewhere{site}
	}
	both := difference.Releases{Site: site}
	var err error
	if both.From, err = r.content(ctx, site, from); err != nil {
		return err
	}
	if both.To, err = r.content(ctx, site, to); err != nil {
		return err
	}
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	d := r.sites[site].Deploy
	if both.Dest, err = destination.Open(ctx, d.To, destination.Options{Endpoint: d.Endpoint, Region: d.Region, State: d.State, MaxAttempts: 2}); err != nil {
		return err
	}
	return f(ctx, both)
}

// content is the number under which the destination knows a release: a rollback is the
// release that it put back.
func (r *Reader) content(ctx context.Context, site string, number int64) (int64, error) {
	if number == 0 {
		return 0, nil
	}
	one, err := r.ledger.Release(ctx, site, number)
	return one.Content(), err
}

// Problem is what an error is to a caller of the API; those that it does not know stay as
// they are.
func (r *Reader) Problem(ctx context.Context, err error) error {
	_, elsewhere := errors.AsType[*Elsewhere](err)
	_, noPage := errors.AsType[*difference.NoPageError](err)
	switch {
	case err == nil, errors.Is(err, ledger.ErrNotFound), ctx.Err() != nil:
		return err
	case elsewhere:
		return problem.New(http.StatusConflict, "published_elsewhere", err.Error())
	case noPage:
		return problem.New(http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, difference.ErrNotKept):
		return problem.New(http.StatusNotFound, "not_kept", err.Error())
	}
	r.log.ErrorContext(ctx, "what differs between two releases can't be read", "error", err)
	return problem.New(http.StatusBadGateway, "destination", "the site's destination can't be read at the moment; the log of the app tells more")
}
