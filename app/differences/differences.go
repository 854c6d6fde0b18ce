// Package differences reads the differences between two releases of a site from its
// destination, for API and pages. The app can do so for sites that this machine
// publishes: their destination is in its configuration, and the credentials in its
// environment. For a site that is published elsewhere the answer is an *Elsewhere.
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
	// atOnce bounds how many callers read at the same time: the lists of files of a large
	// site take tens of megabytes.
	atOnce = 2
	// readLimit bounds one read, the wait for a turn included.
	readLimit = 20 * time.Second
	// Listed is how many pages are listed unless somebody asks for fewer.
	Listed = 500
)

// Elsewhere is the error of a site whose destination the app can't read.
type Elsewhere struct{ Site string }

// Error says where to ask instead.
func (e *Elsewhere) Error() string {
	return fmt.Sprintf("the app does not publish %s itself, so it can't read the site's files; somebody who may read the bucket can: pressrun diff FROM TO --at s3://BUCKET --site %s", e.Site, e.Site)
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

// CanRead tells whether the app can read the destination of a site.
func (r *Reader) CanRead(site string) bool {
	conf := r.sites[site]
	return conf.Runner != config.RunnerGitHub && conf.Deploy.To != ""
}

// Pages lists the pages that differ between two releases; from 0 is the release that was
// live before to, to 0 the live one.
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
	if !r.CanRead(site) {
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
	ctx, done := context.WithTimeout(ctx, readLimit)
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

// content is the number under which the destination has the files of a release: for a
// rollback that of the release that it put back.
func (r *Reader) content(ctx context.Context, site string, number int64) (int64, error) {
	if number == 0 {
		return 0, nil
	}
	one, err := r.ledger.Release(ctx, site, number)
	return one.Content(), err
}

// Problem gives the API's problem for an error of this package. Errors of the ledger and of
// a caller who has gone stay as they are.
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
	r.log.ErrorContext(ctx, "the differences between two releases can't be read", "error", err)
	return problem.New(http.StatusBadGateway, "destination", "the site's destination can't be read at the moment; the log of the app tells more")
}
