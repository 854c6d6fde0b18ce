package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

type releasesCmd struct {
	List releasesListCmd `cmd:"" default:"withargs" help:"List what was published to a destination, newest first."`
	Show releasesShowCmd `cmd:"" help:"Show one release, and what it changed."`
	Diff releasesDiffCmd `cmd:"" help:"List the files that differ between two releases."`
}

// historyFlags are those of the commands that read what a destination remembers.
type historyFlags struct {
	placeFlags
	outputFlags
	To string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
}

func (f *historyFlags) read(ctx context.Context, t *terminal) (store.Store, history.Head, error) {
	dest, err := f.open(ctx, f.To, t.tellWaiting)
	if err != nil {
		return nil, history.Head{}, err
	}
	head, err := history.ReadHead(ctx, dest.State, f.Site)
	return dest.State, head, err
}

// changes are the files that differ between two deploys.
func (f *historyFlags) changes(ctx context.Context, state store.Store, from, to manifest.Live) ([]plan.Change, error) {
	manifests := make([]*manifest.Manifest, 2)
	for i, live := range []manifest.Live{from, to} {
		m, err := history.ReadManifest(ctx, state, history.ManifestKey(live.Manifest), f.Site)
		if errors.Is(err, store.ErrNotFound) {
			return nil, withCode(exitNotFound, fmt.Errorf("release %d: its list of files is no longer kept", live.Release))
		}
		if err != nil {
			return nil, err
		}
		manifests[i] = m
	}
	changes := []plan.Change{}
	for _, d := range plan.Diff(manifests[0], manifests[1]) {
		changes = append(changes, plan.Change{Path: d.Path, Reason: d.Reason})
	}
	return changes, nil
}

// findRelease finds a release by its number; nil is the live one.
func findRelease(head history.Head, number *int64) (manifest.Live, error) {
	if number == nil && head.Live != nil {
		return *head.Live, nil
	}
	if number != nil && *number < 1 {
		return manifest.Live{}, withCode(exitUsage, fmt.Errorf("%d is no release's number: they count from 1", *number))
	}
	var n int64
	if number != nil {
		n = *number
	}
	live, err := head.Find(n)
	if err != nil {
		return live, withCode(exitNotFound, err)
	}
	return live, nil
}

type releasesListCmd struct{ historyFlags }

// Help has the examples.
func (releasesListCmd) Help() string {
	return `Lists the releases that a destination remembers, newest first.

Examples:

  pressrun releases list s3://www.example.org
  pressrun releases list file:///srv/www --json`
}

// Run lists.
func (c *releasesListCmd) Run(ctx context.Context, t *terminal) error {
	_, head, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	p := c.printer(t)
	releases := head.Releases()
	if c.JSON {
		return p.document(append([]manifest.Live{}, releases...)) // [] and not null
	}
	if len(releases) == 0 {
		_, err := fmt.Fprintln(p.out, oneLine("nothing was deployed to "+c.To+" yet"))
		return err
	}
	rows := [][]string{{"release", "live since", "files", "pages", "size", "commit", ""}}
	for i, r := range releases {
		note := ""
		if r.Rollback {
			note = "rolled back to"
		}
		if i == 0 {
			note = strings.TrimSuffix("live, "+note, ", ")
		}
		rows = append(rows, []string{
			fmt.Sprint(r.Release), p.at(r.At), fmt.Sprint(r.Files), fmt.Sprint(r.Pages), bytesOf(r.Bytes), short(r.Commit), note,
		})
	}
	return p.table(rows)
}

type releasesShowCmd struct {
	historyFlags
	Release *int64 `arg:"" optional:"" name:"release" help:"Number of the release (default: the live one)."`
}

// Help has the examples.
func (releasesShowCmd) Help() string {
	return `Shows one release: when it went live, of which commit, how large it is, and the
files in which it differs from what was live before it.

Examples:

  pressrun releases show s3://www.example.org
  pressrun releases show s3://www.example.org 127 --json`
}

// shownRelease is what the command prints with --json.
type shownRelease struct {
	manifest.Live
	Before  int64         `json:"before,omitempty"`  // number of the release that was live before
	Changes []plan.Change `json:"changes,omitempty"` // since that one
}

// Run shows a release.
func (c *releasesShowCmd) Run(ctx context.Context, t *terminal) error {
	state, head, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	live, err := findRelease(head, c.Release)
	if err != nil {
		return err
	}
	shown := shownRelease{Live: live}
	releases := head.Releases()
	for i, r := range releases {
		if r.Sequence != live.Sequence || i+1 == len(releases) {
			continue
		}
		shown.Before = releases[i+1].Release
		if shown.Changes, err = c.changes(ctx, state, releases[i+1], live); err != nil {
			return err
		}
	}
	p := c.printer(t)
	if c.JSON {
		return p.document(shown)
	}
	return p.table(shown.rows(p))
}

func (s *shownRelease) rows(p *printer) [][]string {
	var rows fields
	rows.add("release", fmt.Sprint(s.Release))
	rows.add("live since", p.at(s.At))
	if s.Rollback {
		rows.add("", "rolled back to")
	}
	rows.add("commit", s.Commit)
	rows.add("files", fmt.Sprintf("%d, of them %s, %s", s.Files, plural(int64(s.Pages), "page"), bytesOf(s.Bytes)))
	if s.Before != 0 {
		rows.add("changed", fmt.Sprintf("%s since release %d", plural(int64(len(s.Changes)), "file"), s.Before))
	}
	for _, change := range s.Changes {
		rows.add("  "+string(change.Reason), change.Path)
	}
	return rows
}

type releasesDiffCmd struct {
	historyFlags
	From int64  `arg:"" name:"from" help:"Number of a release: what the next ones changed since."`
	Last *int64 `arg:"" optional:"" name:"to" help:"Number of the release to compare with (default: the live one)."`
}

// Help has the examples.
func (releasesDiffCmd) Help() string {
	return `Lists the files that differ between two releases.

Examples:

  pressrun releases diff s3://www.example.org 127
  pressrun releases diff s3://www.example.org 120 127 --json`
}

// Run compares.
func (c *releasesDiffCmd) Run(ctx context.Context, t *terminal) error {
	state, head, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	from, err := findRelease(head, &c.From)
	if err != nil {
		return err
	}
	to, err := findRelease(head, c.Last)
	if err != nil {
		return err
	}
	changes, err := c.changes(ctx, state, from, to)
	if err != nil {
		return err
	}
	p := c.printer(t)
	if c.JSON {
		return p.document(changes)
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintf(p.out, "releases %d and %d have the same files\n", from.Release, to.Release)
		return err
	}
	rows := make([][]string, 0, len(changes))
	for _, ch := range changes {
		rows = append(rows, []string{string(ch.Reason), ch.Path})
	}
	return p.table(rows)
}

func short(commit string) string { return commit[:min(len(commit), 12)] }
