package local

import (
	"context"
	"fmt"
	"time"
)

// AwaitEnd waits until all runs of a site under the state folder have ended: a process
// outlives its last report to the app by a moment, and must end before the folder is
// removed.
func AwaitEnd(ctx context.Context, state, site string) error {
	path, err := siteFolder(state, site)
	if err != nil {
		return err
	}
	all, err := numbers(path)
	if err != nil {
		return err
	}
	for _, number := range all {
		f, err := runFolder(state, site, number)
		if err != nil {
			return err
		}
		for {
			goesOn, err := f.goesOn()
			if err != nil {
				return err
			}
			if !goesOn {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for the run of release #%d of %s to end: %w", number, site, context.Cause(ctx))
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

// goesOn says whether a run's lock is held, or its process is still ending.
func (f folder) goesOn() (bool, error) {
	if running, err := f.running(); err != nil || running {
		return running, err
	}
	supervisor, begun, err := f.started()
	return begun && supervisor.Alive(), err
}
