package githubapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v60/github"
)

const (
	// redeliverWithin is how long GitHub keeps deliveries that can be sent
	// again (github.com; GHES keeps them longer).
	redeliverWithin = 3 * 24 * time.Hour
	// maxDeliveries bounds how many deliveries one look goes through.
	maxDeliveries = 1000
)

// Redeliver has GitHub send again what did not arrive: it never does so by
// itself. done says which deliveries have been processed, whatever GitHub
// thinks of them. It returns how many are sent again.
func (r *Runner) Redeliver(ctx context.Context, done func(ctx context.Context, guid string) (bool, error)) (int, error) {
	app, err := r.app()
	if err != nil {
		return 0, err
	}
	missed, err := missedDeliveries(ctx, app)
	if err != nil {
		return 0, err
	}
	sent := 0
	for guid, id := range missed {
		ok, err := done(ctx, guid)
		if err != nil {
			return sent, err
		}
		if ok {
			continue
		}
		_, _, err = app.Apps.RedeliverHookDelivery(ctx, id)
		if _, accepted := errors.AsType[*github.AcceptedError](err); !accepted && err != nil {
			return sent, fmt.Errorf("have delivery %s sent again: %w", guid, err)
		}
		sent++
	}
	return sent, nil
}

// missedDeliveries are the newest tries, by GUID, of deliveries none of whose
// tries arrived.
func missedDeliveries(ctx context.Context, app *github.Client) (map[string]int64, error) {
	arrived, missed := map[string]bool{}, map[string]int64{}
	seen, cursor := 0, ""
	for seen < maxDeliveries {
		page, resp, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 100, Cursor: cursor})
		if err != nil {
			return nil, fmt.Errorf("list the webhooks' deliveries: %w", err)
		}
		for _, d := range page {
			seen++
			if time.Since(d.GetDeliveredAt().Time) > redeliverWithin {
				continue
			}
			if code := d.GetStatusCode(); code >= 200 && code < 300 {
				arrived[d.GetGUID()] = true
			} else if missed[d.GetGUID()] == 0 {
				missed[d.GetGUID()] = d.GetID()
			}
		}
		if cursor = resp.Cursor; cursor == "" || len(page) == 0 {
			break
		}
	}
	for guid := range arrived {
		delete(missed, guid)
	}
	return missed, nil
}
