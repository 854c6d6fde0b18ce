package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

type releasesCmd struct {
	placeFlags
	outputFlags
	To   string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	From int64  `arg:"" optional:"" name:"from" help:"Number of a release: what the next ones changed since."`
	Last int64  `arg:"" optional:"" name:"to" help:"Number of the release to compare with (default: the live one)."`
}

// Help has the examples.
func (releasesCmd) Help() string {
	return `Lists the releases that a destination remembers, newest first; or, given
numbers, the files that differ between two of them.

Examples:

  pressrun releases s3://www.example.org
  pressrun releases s3://www.example.org 127
  pressrun releases s3://www.example.org 120 127 --json`
}

// Run lists or compares.
func (c *releasesCmd) Run(ctx context.Context, t *terminal) error {
	dest, err := c.open(ctx, c.To)
	if err != nil {
		return err
	}
	head, err := history.ReadHead(ctx, dest.State, c.Site)
	if err != nil {
		return err
	}
	if c.From != 0 {
		return c.diff(ctx, t, dest, head)
	}
	p := c.printer(t)
	releases := head.Releases()
	if c.JSON {
		return p.document(releases)
	}
	rows := [][]string{{"release", "live since", "files", "pages", "size", "commit", ""}}
	for i, r := range releases {
		note := ""
		if r.Rollback {
			note = "rolled back to"
		}
		if i == 0 {
			note = "live " + note
		}
		rows = append(rows, []string{
			fmt.Sprint(r.Release), p.at(r.At), fmt.Sprint(r.Files), fmt.Sprint(r.Pages), bytesOf(r.Bytes), short(r.Commit), note,
		})
	}
	return p.table(rows)
}

func (c *releasesCmd) diff(ctx context.Context, t *terminal, dest deploy.Destination, head history.Head) error {
	last := c.Last
	if last == 0 && head.Live != nil {
		last = head.Live.Release
	}
	manifests := make([]*deploy.Manifest, 2)
	for i, n := range []int64{c.From, last} {
		live, err := head.Find(n)
		if err != nil {
			return withCode(exitNotFound, err)
		}
		manifests[i], err = history.ReadManifest(ctx, dest.State, history.ManifestKey(live.Manifest), c.Site)
		if errors.Is(err, deploy.ErrNotFound) {
			return withCode(exitNotFound, fmt.Errorf("release %d: its list of files is no longer kept", n))
		}
		if err != nil {
			return err
		}
	}
	changes := []deploy.Change{}
	for _, d := range deploy.Diff(manifests[0], manifests[1]) {
		changes = append(changes, deploy.Change{Path: d.Path, Reason: d.Reason})
	}
	p := c.printer(t)
	if c.JSON {
		return p.document(changes)
	}
	rows := make([][]string, 0, len(changes))
	for _, ch := range changes {
		rows = append(rows, []string{string(ch.Reason), ch.Path})
	}
	return p.table(rows)
}

func short(commit string) string { return commit[:min(len(commit), 12)] }

type auditCmd struct {
	placeFlags
	outputFlags
	To string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
}

// Help has the example.
func (auditCmd) Help() string {
	return `Compares what a destination holds with what was deployed, by its listing alone:
what is missing, what somebody has changed, and what is not ours (and is never
touched). Exit code 4 when something of ours is not as it was left.

Example:

  pressrun audit s3://www.example.org`
}

// errDrift tells that a destination is not as it was left.
var errDrift = errors.New("the destination is not as the last deploy left it; deploy again to put that right (--allow foreign-files overwrites what others changed)")

// Run audits.
func (c *auditCmd) Run(ctx context.Context, t *terminal) error {
	dest, err := c.open(ctx, c.To)
	if err != nil {
		return err
	}
	a, err := engine.RunAudit(ctx, dest, c.Site)
	if errors.Is(err, history.ErrNoRelease) {
		return withCode(exitNotFound, err)
	}
	if err != nil {
		return err
	}
	p := c.printer(t)
	if err := c.print(p, a); err != nil {
		return err
	}
	if !a.Clean() {
		return withCode(exitConflict, errDrift)
	}
	return nil
}

func (c *auditCmd) print(p *printer, a engine.Audit) error {
	if c.JSON {
		return p.document(a)
	}
	rows := [][]string{{"release", fmt.Sprint(a.Release)}, {"files", fmt.Sprint(a.Files)}}
	if len(a.Pending) > 0 {
		rows = append(rows, []string{"unfinished deploys", fmt.Sprint(len(a.Pending))})
	}
	for _, list := range []struct {
		name  string
		paths []string
	}{{"missing", a.Missing}, {"changed", a.Changed}, {"not ours", a.Foreign}} {
		for _, path := range list.paths {
			rows = append(rows, []string{list.name, path})
		}
	}
	return p.table(rows)
}
