package scheduler

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/release"
)

// catchUp learns the states of the runs that went on while the server was down.
func (s *Scheduler) catchUp(ctx context.Context) error {
	if err := s.runner.Reattach(ctx); err != nil {
		return fmt.Errorf("reattach to the runs of the app before: %w", err)
	}
	for _, name := range s.ledger.SiteNames() {
		site, err := s.ledger.Site(ctx, name)
		if err != nil {
			return err
		}
		if site.Current.Run.ID == "" && site.Current.Dispatch.Token == "" && site.Current.Fingerprint.Asked.IsZero() {
			continue
		}
		if s.replicas == nil || s.replicas.Alone { // else another replica followed the runs meanwhile
			if _, err := s.ledger.Decide(ctx, name, release.Restarted{}); err != nil {
				return err
			}
		}
		if !s.replicas.mine(name) {
			continue
		}
		if site.Current.Run.ID == "" {
			continue // the outbox looks for it
		}
		if s.runner.Remote(name) {
			// The remote side may not answer, and the server's start must not wait for it.
			s.tasks.Go(func() {
				if err := s.lookOnce(s.stop, site); err != nil && s.stop.Err() == nil {
					s.log.Warn("the state of a run can't be stored", "site", name, "error", err)
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

// lookOnce looks a site's run up. A failed lookup is no error: the rules ask again.
func (s *Scheduler) lookOnce(ctx context.Context, site release.Site) error {
	event, err := s.runner.LookUp(ctx, site.Name, site.Current.Number, site.Current.Run)
	if err != nil {
		s.log.Warn("a run can't be looked up", "site", site.Name, "run", site.Current.Run.ID, "error", err)
		return nil
	}
	return s.inbox.Accept(ctx, site.Name, event)
}
