package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/bake"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// bake makes the static site from the pages that the CMS itself shows.
func (r Build) bake(ctx context.Context) (Result, error) {
	if r.Build != "" {
		return Result{}, failure.Usage("--bake: the site is built by a command (--build) or baked; name one of them")
	}
	var err error
	output := r.Output
	if !filepath.IsAbs(output) {
		output = filepath.Join(r.Dir, output)
	}
	o := bake.Options{
		CMS: r.Bake, Dir: output, State: r.BakeState, PublicURL: r.PublicURL, Canaries: lines(r.BakeCanary),
		Limits: judge.Limits{RefuseUnreachable: r.BakeUnreachable == "refuse", Allow: r.bakeLetPass()},
		Tell:   r.sayProgress(),
	}
	if o.Served, err = r.served(); err != nil {
		return Result{}, err
	}
	if r.BakeAuthFile != "" {
		authorization, err := bake.ReadAuthorization(r.BakeAuthFile)
		if err != nil {
			return Result{}, failure.Usage("--bake-auth-file: %v", err)
		}
		o.Authorization = authorization
	}
	r.Console.Does("baking " + r.Bake)
	ctx, cancel := context.WithTimeout(ctx, r.BuildTimeout)
	defer cancel()
	a, err := bake.Run(ctx, o)
	refused, isRefused := errors.AsType[*bake.Refused](err)
	if err == nil || isRefused {
		r.leaveAccount(ctx, a)
	}
	switch {
	case errors.Is(err, bake.ErrOptions):
		return Result{}, failure.Usage("--bake: %v", err)
	case isRefused:
		names := (&guard.Error{Violations: refused.Violations}).Names()
		return Result{}, &failure.Error{Why: refused.Error(), Fault: release.FaultContent, Guards: names, Code: failure.ExitRefused, Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return Result{}, &failure.Error{Why: fmt.Sprintf("the bake took longer than %s; the next one goes on where it was", text.Span(r.BuildTimeout)), Fault: release.FaultPlatform, Code: failure.ExitFailed, Err: err}
	case err != nil:
		return Result{}, fmt.Errorf("bake %s: %w", r.Bake, err)
	}
	for _, note := range a.Notes {
		r.Console.Say("bake: %s", note)
	}
	r.Console.Say("bake: consistency: %s: %s", a.Consistency, a.ConsistencyBecause)
	r.sayAccount(a)
	result, err := r.SiteDigest.report(ctx, a.Digest, false, api.ContentInput{Consistency: release.Consistency(a.Consistency), Watermark: &a.Watermark})
	if result.Note == "" {
		result.Note = fmt.Sprintf("baked %s (%d new, %d changed, %d gone)", text.Count(a.Counts.Pages, "page"), a.Counts.New, a.Counts.Changed, a.Counts.Gone)
	}
	return result, err
}

// served are the entries that the served requests name; none if a request names none, or if
// the app gave only some of the requests. A step that runs alone has no requests.
func (r Build) served() ([]string, error) {
	text, err := os.ReadFile(r.requestsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var asked Requests
	if err == nil {
		err = json.Unmarshal(text, &asked)
	}
	if err != nil {
		return nil, fmt.Errorf("read the requests that are served: %w", err)
	}
	var entities []string
	for _, one := range asked.Requests {
		if one.Entity == "" {
			return nil, nil
		}
		entities = append(entities, one.Entity)
	}
	if int64(len(entities)) < asked.Total {
		return nil, nil
	}
	return entities, nil
}

// bakeLetPass are the bake's guards that are let pass; the deploy's are unknown to it.
func (r Build) bakeLetPass() []string {
	return slices.DeleteFunc(slices.Clone(r.letPass(r.BakeAllow)), func(name string) bool {
		return !slices.Contains(r.BakeAllow, name) && !slices.Contains(judge.Guards(), name)
	})
}

// lines are the lines of a setting that are not empty.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// mostSaid bounds the addresses that the log names.
const mostSaid = 50

// sayAccount logs the addresses that are missing from the output, or were kept as they were.
func (r Build) sayAccount(a judge.Account) {
	said := 0
	for _, l := range a.Addresses {
		if !l.Outcome.Trouble() {
			continue
		}
		if said++; said <= mostSaid {
			r.Console.Say("bake: %s is %s: %s", l.Address, strings.ReplaceAll(string(l.Outcome), "-", " "), l.Why)
		}
	}
	if said > mostSaid {
		r.Console.Say("bake: and %d more", said-mostSaid)
	}
}

// leaveAccount gives the account to the app, for people. A failure to do so fails nothing.
func (r Build) leaveAccount(ctx context.Context, a judge.Account) {
	baked := bakedOf(a, r.Console.Hide)
	if err := r.Record.Change(func(s *state.State) { s.Baked = &baked }); err != nil {
		r.Console.Say("bake: the account could not be stored: %v", err)
	}
	if r.App == nil || r.Record.Now().Session == "" {
		return
	}
	lines, err := accountLines(a, api.MaxAccount)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		err = r.App.PutAccount(ctx, api.AccountInput{Lines: lines})
	}
	if err != nil {
		r.Console.Say("bake: the app could not be given the account: %v", err)
	}
}

// sayProgress logs from time to time how far the bake is.
func (r Build) sayProgress() func(crawl.Progress) {
	last := time.Now()
	return func(p crawl.Progress) {
		if now := time.Now(); now.Sub(last) >= 30*time.Second {
			last = now
			r.Console.Say("bake: %s", p)
		}
	}
}
