package scheduler

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/release"
)

// catchUp learns what became of the runs that went on while the server was away.
func (s *Scheduler) catchUp(ctx context.Context) error {
	if err := s.runner.Adopt(ctx); err != nil {
		return fmt.Errorf("take over the runs of the app before: %w", err)
	}
	for _, name := range s.ledger.SiteNames() {
		site, err := s.ledger.Site(ctx, name)
		if err != nil {
			return err
		}
		if site.Current.Run.ID == "" && site.Current.Dispatch.Token == "" && site.Current.Fingerprint.Asked.IsZero() {
			continue
		}
		if s.others == nil || s.others.Alone { // else somebody has heard of it all along
			if _, err := s.ledger.Decide(ctx, name, release.Restarted{}); err != nil {
				return err
			}
		}
		if !s.others.mine(name) {
			continue
		}
		if site.Current.Run.ID == "" {
			continue // the outbox looks for it
		}
		if s.runner.Remote(name) {
			// It may be away, and the server must not wait for it to start.
			s.tasks.Go(func() {
				if err := s.lookOnce(s.stop, site); err != nil && s.stop.Err() == nil {
					s.log.Warn("a run's state can't be kept", "site", name, "error", err)
				}
			})
			continue
		}
		if err := s.lookOnce(ctx, site); err != nil {
			return err
		}
	}
	return nil
}

// lookOnce learns what became of a site's run. Nothing learnt is fine.
func (s *Scheduler) lookOnce(ctx context.Context, site release.Site) error {
	event, err := s.runner.LookUp(ctx, site.Name, site.Current.Number, site.Current.Run)
	if err != nil {
		s.log.Warn("a run can't be looked up", "site", site.Name, "run", site.Current.Run.ID, "error", err)
		return nil
	}
	return s.inbox.Accept(ctx, site.Name, event)
}
