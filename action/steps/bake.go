package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/bake"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// bake makes the static site of the pages that the CMS itself shows.
func (r Build) bake(ctx context.Context) (Result, error) {
	if r.Build != "" {
		return Result{}, failure.Usage("--bake: the site is built by a command (--build) or baked; name one of them")
	}
	output := r.Output
	if !filepath.IsAbs(output) {
		output = filepath.Join(r.Dir, output)
	}
	o := bake.Options{
		CMS: r.Bake, Dir: output, State: r.BakeState, PublicURL: r.PublicURL, Canaries: lines(r.BakeCanary),
		Limits: judge.Limits{RefuseUnreachable: r.BakeUnreachable == "refuse", Allow: r.bakeLetPass()},
		Tell:   r.tellBake(),
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
	r.sayAccount(a)
	return done(fmt.Sprintf("baked %s (%d new, %d changed, %d gone)", text.Count(a.Counts.Pages, "page"), a.Counts.New, a.Counts.Changed, a.Counts.Gone))
}

// bakeLetPass are the bake's guards that are let pass; the deploy's are unknown to it.
func (r Build) bakeLetPass() []string {
	return slices.DeleteFunc(slices.Clone(r.letPass(r.BakeAllow)), func(name string) bool {
		return !slices.Contains(r.BakeAllow, name) && !slices.Contains(judge.Guards(), name)
	})
}

// lines are those of a setting that are not empty.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// mostSaid bounds how many addresses the log names.
const mostSaid = 50

// sayAccount names what is not in the output and should be, or is as it was.
func (r Build) sayAccount(a judge.Account) {
	said := 0
	for _, l := range a.Addresses {
		switch l.Outcome {
		case judge.Stale, judge.Gone, judge.Missing, judge.Unreachable, judge.Bad:
		case judge.Baked, judge.Skipped, judge.Redirects, judge.NoPage, judge.LeftOut:
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

// tellBake tells now and then how far the bake is.
func (r Build) tellBake() func(crawl.Progress) {
	last := time.Now()
	return func(p crawl.Progress) {
		if now := time.Now(); now.Sub(last) >= 30*time.Second {
			last = now
			r.Console.Say("bake: %s", p)
		}
	}
}
