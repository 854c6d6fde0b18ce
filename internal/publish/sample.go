package publish

import (
	"context"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// sample picks the changed pages for Verify.
func (p Plan) sample(ctx context.Context, r deploy.Result) ([]verify.Expectation, error) {
	if p.SamplePages <= 0 || !r.Live || len(r.All) == 0 {
		return nil, nil
	}
	live, err := history.ReadManifest(ctx, p.Destination.State, history.ManifestKey(r.Sequence), p.Site)
	if err != nil {
		return nil, err
	}
	picked := verify.Sample(r.All, live, p.SamplePages)
	// A folder keeps no headers: its web server has its own.
	if !strings.HasPrefix(p.Destination.Site.String(), "s3://") {
		return picked, nil
	}
	for i, e := range picked {
		entry, ok := live.Find(e.Path)
		if kind := entry.Headers.Get("content-type"); ok && kind != "" {
			picked[i].Headers = map[string]string{"content-type": kind}
		}
	}
	return picked, nil
}
