package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

// Releases has the commands about what was published.
type Releases struct {
	List ReleasesList `cmd:"" default:"withargs" help:"List what was published to a destination, newest first."`
	Show ReleasesShow `cmd:"" help:"Show one release, and what it changed."`
	Diff ReleasesDiff `cmd:"" help:"List the files that differ between two releases."`
}

// historyFlags are those of the commands that read a destination's history.
type historyFlags struct {
	placeFlags
	terminal.OutputFlags
	To string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
}

func (f *historyFlags) read(ctx context.Context, t *terminal.Terminal) (store.Store, history.Head, error) {
	dest, err := f.open(ctx, f.To, reportWaiting(t))
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
			return nil, exit.With(exit.NotFound, fmt.Errorf("release %d: its list of files is no longer kept", live.Release))
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
		return manifest.Live{}, exit.With(exit.Usage, fmt.Errorf("%d is no release's number: they count from 1", *number))
	}
	var n int64
	if number != nil {
		n = *number
	}
	live, err := head.Find(n)
	if err != nil {
		return live, exit.With(exit.NotFound, err)
	}
	return live, nil
}

// ReleasesList lists what was published.
type ReleasesList struct{ historyFlags }

// Help has the examples.
func (ReleasesList) Help() string {
	return `Lists the releases that a destination remembers, newest first.

Examples:

  pressrun releases list s3://www.example.org
  pressrun releases list file:///srv/www --json`
}

// Run lists.
func (c *ReleasesList) Run(ctx context.Context, t *terminal.Terminal) error {
	_, head, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	p := c.Printer(t)
	releases := head.Releases()
	if c.JSON {
		return p.Document(append([]manifest.Live{}, releases...)) // [] and not null
	}
	if len(releases) == 0 {
		_, err := fmt.Fprintln(p.Out, text.OneLine("nothing was deployed to "+c.To+" yet"))
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
			fmt.Sprint(r.Release), p.At(r.At), fmt.Sprint(r.Files), fmt.Sprint(r.Pages), text.Bytes(r.Bytes), short(r.Commit), note,
		})
	}
	return p.Table(rows, "commit", "pages")
}

// ReleasesShow shows one release.
type ReleasesShow struct {
	historyFlags
	Release *int64 `arg:"" optional:"" name:"release" help:"Number of the release (default: the live one)."`
}

// Help has the examples.
func (ReleasesShow) Help() string {
	return `Shows one release: when it went live, of which commit, how large it is, and the
files in which it differs from what was live before it.

Examples:

  pressrun releases show s3://www.example.org
  pressrun releases show s3://www.example.org 127 --json`
}

// shownRelease is the command's output with --json.
type shownRelease struct {
	manifest.Live
	Before  int64         `json:"before,omitempty"`  // number of the release that was live before
	Changes []plan.Change `json:"changes,omitempty"` // since that one
}

// Run shows a release.
func (c *ReleasesShow) Run(ctx context.Context, t *terminal.Terminal) error {
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
	p := c.Printer(t)
	if c.JSON {
		return p.Document(shown)
	}
	return p.Fields(shown.rows(p))
}

func (s *shownRelease) rows(p *terminal.Printer) terminal.Fields {
	var rows terminal.Fields
	rows.Add("release", fmt.Sprint(s.Release))
	rows.Add("live since", p.At(s.At))
	if s.Rollback {
		rows.Add("", "rolled back to")
	}
	rows.Add("commit", s.Commit)
	rows.Add("files", fmt.Sprintf("%d, of them %s, %s", s.Files, text.Count(s.Pages, "page"), text.Bytes(s.Bytes)))
	if s.Before != 0 {
		rows.Add("changed", fmt.Sprintf("%s since release %d", text.Count(len(s.Changes), "file"), s.Before))
	}
	for _, change := range s.Changes {
		rows.Add("  "+string(change.Reason), change.Path)
	}
	return rows
}

// ReleasesDiff compares two releases.
type ReleasesDiff struct {
	historyFlags
	From int64  `arg:"" name:"from" help:"Number of a release: what the next ones changed since."`
	Last *int64 `arg:"" optional:"" name:"to" help:"Number of the release to compare with (default: the live one)."`
}

// Help has the examples.
func (ReleasesDiff) Help() string {
	return `Lists the files that differ between two releases.

Examples:

  pressrun releases diff s3://www.example.org 127
  pressrun releases diff s3://www.example.org 120 127 --json`
}

// Run compares.
func (c *ReleasesDiff) Run(ctx context.Context, t *terminal.Terminal) error {
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
	p := c.Printer(t)
	if c.JSON {
		return p.Document(changes)
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintf(p.Out, "releases %d and %d have the same files\n", from.Release, to.Release)
		return err
	}
	var rows terminal.Fields
	for _, ch := range changes {
		rows.Add(string(ch.Reason), ch.Path)
	}
	return p.Fields(rows)
}

func short(commit string) string { return commit[:min(len(commit), 12)] }
