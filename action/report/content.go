package report

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
)

// ContentRead tells the app what the run has read, for as long as limit. No heartbeat goes
// meanwhile: where the release ends by this, it would be told that it is over.
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
		err = r.file.Change(func(s *state.State) { s.Outcome = state.OutcomeNothing }) // beats no more
	}
	return out, err
}
