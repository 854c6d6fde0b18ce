package action

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/release"
)

// verify looks at the release's marker through the site's public address. A
// production CDN that pointed at the staging bucket was once noticed by
// readers only (research: mdn.md 1.1): here the run does not say "live" before
// it has seen it.
type verify struct{}

func (verify) Name() string { return "verify" }

func (verify) Do(ctx context.Context, j *job) (Result, error) {
	s := j.now()
	switch {
	case j.opts.PublicURL == "":
		return skipped("no --public-url is set")
	case s.Deploy == nil:
		return skipped("nothing was deployed")
	case !s.Deploy.Committed:
		return skipped("the deploy changed nothing (dry run)")
	}
	j.does("looking at the public address")
	address := j.markerURL()
	client := &http.Client{Timeout: 20 * time.Second}
	began := time.Now()
	for {
		why := unseen(ctx, client, address, s)
		if why == "" {
			err := j.change(func(s *State) { s.Live = true })
			return Result{Note: fmt.Sprintf("%s shows release %d", j.opts.PublicURL, s.Deploy.Release)}, err
		}
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		if time.Since(began) >= j.opts.VerifyLimit {
			return Result{}, &FailError{
				Why: fmt.Sprintf("the release was deployed to %s, but %s does not show it after %s: %s",
					j.opts.To, j.opts.PublicURL, j.opts.VerifyLimit, why),
				Fault: release.FaultPlatform, Code: ExitNotVisible,
			}
		}
		j.does("waiting for the public address: " + why)
		if err := sleep(ctx, j.opts.VerifyInterval); err != nil {
			return Result{}, err
		}
	}
}

// markerURL is where the release's marker is seen by the public.
func (j *job) markerURL() string {
	return strings.TrimRight(j.opts.PublicURL, "/") + "/" + deploy.MarkerPath
}

// unseen says why the deploy can't be seen at an address; "" when it can. A
// later deploy of the same site shows ours, or has replaced it: also seen.
func unseen(ctx context.Context, client *http.Client, address string, s State) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("User-Agent", "pressrun-action")
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Sprintf("%s answers %s", address, resp.Status)
	}
	var marker deploy.Marker
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&marker); err != nil {
		return fmt.Sprintf("%s is not a release's marker: %v", address, err)
	}
	switch {
	case marker.Site != s.Site:
		return fmt.Sprintf("%s shows the site %q", address, oneLine(marker.Site))
	case marker.Sequence < s.Deploy.Sequence:
		return fmt.Sprintf("%s still shows release %d", address, marker.Release)
	}
	return ""
}
