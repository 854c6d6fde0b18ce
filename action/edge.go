package action

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/publish"
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
	var err error
	if j.redirects, err = publish.OpenRedirects(ctx, j.opts.RedirectStore, j.opts.PublicURL); err != nil {
		return usage("--redirect-store: %v", err)
	}
	if j.opts.CDN == "" || j.opts.CDN == "none" {
		return nil
	}
	opened, err := publish.OpenCDN(ctx, j.cdnConfig())
	if err != nil {
		return usage("--cdn: %v", err)
	}
	opened.Limit = j.opts.CDNLimit
	j.cdn = opened
	variable := cdn.SecretVariable(j.opts.CDN)
	j.gh.mask(j.env.get(variable))
	delete(j.env, variable)
	return nil
}

// tellOfCDN notes what the CDN before the site was told, or would be.
func (j *job) tellOfCDN(r publish.Report) {
	if r.Forecast != nil {
		j.say("dry run: %s would be told: %s", j.cdn.Name(), r.Forecast)
	}
	c := r.CDN
	if c == nil {
		return
	}
	edge := api.Edge{CDN: c.CDN, State: string(c.State()), Seconds: c.Seconds}
	switch c.State() {
	case publish.CDNPending:
		edge.Why = fmt.Sprintf("%s was not told: %v", edge.CDN, c.Cause())
	case publish.CDNPurged:
		edge.Purged = int64(c.Decision.Units)
		j.say("%s", c)
	case publish.CDNCurrent:
		j.say("%s", c)
	}
	j.keepEdge(edge)
}

// keepEdge notes what became of the CDN. What is pending is told to everybody.
func (j *job) keepEdge(edge api.Edge) {
	edge.Why = cut(j.hide(oneLine(edge.Why)), 1000)
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
