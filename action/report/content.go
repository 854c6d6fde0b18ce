package report

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
)

// ContentRead reports the content that the run has read, with tries until limit. No
// heartbeat is sent meanwhile: if the report ends the release, the heartbeat would be refused
// and would stop the run.
func (r *App) ContentRead(ctx context.Context, in api.ContentInput, limit time.Duration) (out api.ContentResult, err error) {
	if err := r.file.Change(func(s *state.State) { s.Sequence++ }); err != nil {
		return out, err
	}
	r.beating.Lock()
	defer r.beating.Unlock()
	err = r.persist(ctx, limit, func(ctx context.Context) error {
		client, s, err := r.session()
		if err != nil {
			return err
		}
		in.Run, in.Sequence = s.Run, s.Sequence
		out, err = client.ContentRead(ctx, s.Site, s.Release, in)
		return err
	})
	if err == nil && out.SameAs != 0 {
		err = r.file.Change(func(s *state.State) { s.Outcome = state.OutcomeNothing }) // which ends the heartbeats
	}
	return out, err
}
