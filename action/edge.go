package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// cdnConfig names the site's CDN. Its secret comes by the environment or a
// file.
func (j *job) cdnConfig() cdn.Config {
	return cdn.Config{
		Address: j.opts.CDN, PublicURL: j.opts.PublicURL, Tags: j.opts.CDNTags, CleanURLs: j.opts.CDNCleanURLs, NotFoundCached: j.opts.CDNNotFound,
		SecretFile: j.opts.CDNSecretFile, Getenv: j.env.get,
	}
}

// openCDN makes what tells the CDN, before anything is built: a wrong name or a
// missing token must not be found out after an hour. Its secret is nobody
// else's from then on, the build's least of all.
func (j *job) openCDN(ctx context.Context, step string) error {
	if step != "all" && step != (deploySite{}).Name() {
		return nil
	}
	if err := j.openRedirects(ctx); err != nil {
		return err
	}
	if j.opts.CDN == "" || j.opts.CDN == "none" {
		return nil
	}
	purger, err := cdn.Open(ctx, j.cdnConfig())
	if err != nil {
		return usage("--cdn: %v", err)
	}
	j.purger = purger
	variable := cdn.SecretVariable(j.opts.CDN)
	j.gh.mask(j.env.get(variable))
	delete(j.env, variable)
	return nil
}

// openRedirects makes the store that keeps the redirects too.
func (j *job) openRedirects(ctx context.Context) error {
	arn := j.opts.RedirectStore
	if arn == "" || arn == "none" {
		return nil
	}
	store, err := cdn.OpenKeyValueStore(ctx, cdn.KeyValueConfig{ARN: arn, PublicURL: j.opts.PublicURL})
	if err != nil {
		return usage("--redirect-store: %v", err)
	}
	j.redirects = store
	return nil
}

// tellCDN makes the CDN forget what it holds of earlier releases. It never
// fails: the site is live at its origin, and whoever comes next goes on where
// this ended.
func (j *job) tellCDN(ctx context.Context, dest store.Destination) {
	j.does("telling " + j.purger.Name())
	if j.opts.CDNLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, j.opts.CDNLimit, fmt.Errorf("it took longer than %s (--cdn-limit)", j.opts.CDNLimit))
		defer cancel()
	}
	began := time.Now()
	report, err := cdn.Sync(ctx, dest, j.purger, j.cdnConfig().Sync(j.now().Site))
	edge := api.Edge{CDN: j.purger.Name(), State: api.EdgePurged, Purged: int64(report.Decision.Units), Seconds: time.Since(began).Seconds()}
	switch {
	case err != nil:
		if pending, ok := errors.AsType[*cdn.PendingError](err); ok {
			err = pending.Err
		}
		edge.State, edge.Purged, edge.Why = api.EdgePending, 0, fmt.Sprintf("%s was not told: %v", edge.CDN, err)
	case report.Decision.Set.Empty():
		edge.State, edge.Purged = api.EdgeCurrent, 0
		j.say("%s holds nothing that this release changed", edge.CDN)
	default:
		j.say("%s: %s, in %.1f s", edge.CDN, report.Decision, edge.Seconds)
	}
	j.keepEdge(edge)
}

// keepEdge notes what became of the CDN. What is pending is told to everybody.
func (j *job) keepEdge(edge api.Edge) {
	edge.Why = cut(j.hide(edge.Why), 1000)
	if err := j.change(func(s *State) { s.Edge = &edge }); err != nil {
		j.say("what became of the CDN could not be kept: %v", err)
	}
	if edge.State == api.EdgePending {
		j.gh.warning("live at the origin, edge pending: " + edge.Why)
		j.say("live at the origin, edge pending: %s", edge.Why)
	}
}

// edgePending says whether a cache may still show what was replaced.
func (s State) edgePending() bool { return s.Edge != nil && s.Edge.State == api.EdgePending }

// sample picks the changed pages that are looked at through the public address.
// Without them the marker alone has to do.
func (j *job) sample(ctx context.Context, dest store.Destination, r deploy.Result) []cdn.Expectation {
	if j.opts.PublicURL == "" || j.opts.VerifyPages <= 0 || !r.Live || len(r.All) == 0 {
		return nil
	}
	live, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(r.Sequence), j.now().Site)
	if err != nil {
		j.say("only the marker will be looked at: %v", err)
		return nil
	}
	picked := cdn.Sample(r.All, live, j.opts.VerifyPages)
	for i, e := range picked {
		entry, ok := live.Find(e.Path)
		// A folder keeps no headers: its web server has its own.
		if kind := entry.Headers.Get("content-type"); ok && kind != "" && strings.HasPrefix(j.opts.To, "s3://") {
			picked[i].Headers = map[string]string{"content-type": kind}
		}
	}
	return picked
}
