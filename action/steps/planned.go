package steps

import (
	"fmt"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
	"github.com/pressrun/pressrun/internal/release"
)

// planned is a release whose files other jobs have sent, by its plan. The plan of another
// release is refused: after "re-run failed jobs" the next release serves later requests too,
// and the plan's content was read before those.
func (r Deploy) planned() (publish.Source, error) {
	file, err := planfile.Read(r.Plan)
	if err != nil {
		return nil, failure.Usage("--plan: %v", err)
	}
	if file.Shards == 0 {
		return nil, failure.Usage("--plan: %s has no shards: make it with pressrun plan --shards N", r.Plan)
	}
	s := r.Record.Now()
	if file.Destination.Address != r.To || file.Destination.Site != s.Site {
		return nil, failure.Usage("--plan: %s is of the site %s at %s, and this run publishes %s at %s", r.Plan, file.Destination.Site, file.Destination.Address, s.Site, r.To)
	}
	if s.Release != 0 && file.Build.Release != s.Release {
		return nil, &failure.Error{
			Why:   fmt.Sprintf("the plan is of release #%d, and this run now has #%d, which serves later requests too: run all jobs again, and not only those that failed", file.Build.Release, s.Release),
			Fault: release.FaultPlatform, Code: failure.ExitFailed,
		}
	}
	next, err := manifest.Decode(file.Manifest)
	if err != nil {
		return nil, failure.Usage("--plan: %v", err)
	}
	return publish.Shards{
		Sharded: engine.Sharded{Next: next, Parent: file.Parent, Shards: file.Shards, Changed: file.Changes},
		Release: file.Build.Release, Commit: file.Build.Commit, Repair: file.Build.Repair,
	}, nil
}
