package local

import (
	"context"
	"fmt"
	"time"
)

// AwaitEnd waits until no run of a site goes on whose folders are under state: a
// process outlives its last word to the app by a moment, and whoever is about to
// remove the folder must let it pass.
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

// goesOn says whether a run holds its lock, or its process is still ending.
func (f folder) goesOn() (bool, error) {
	if running, err := f.running(); err != nil || running {
		return running, err
	}
	supervisor, begun, err := f.started()
	return begun && supervisor.Alive(), err
}
