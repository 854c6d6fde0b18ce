package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

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
var errDrift = errors.New("the destination is not as the last deploy left it; pressrun deploy --repair puts that right (with --allow foreign-files also what others changed)")

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
	if a.Clean() {
		rows = append(rows, []string{"ours", "all as it was deployed"})
	}
	return p.table(rows)
}
