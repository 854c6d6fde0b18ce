package publish

import (
	"testing"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/publish"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/publish.txt", map[string]any{
		"deploy, plan, apply, commit, rollback DESTINATION": deploy.Result{}, "deploy --cdn": document(publish.Report{CDN: &publish.CDNReport{}}), "deploy --dry-run --cdn": document(publish.Report{Forecast: &cdn.Decision{}}),
		"releases list": []manifest.Live{}, "releases diff": []plan.Change{}, "releases show": shownRelease{}, "audit": auditDocument{}, "invalidate": cdn.Report{},
	})
}
