package preview

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/scan"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

// MaxListed bounds the pages that a comparison names.
const MaxListed = 200

// Differences are the changes that a build would make on the public site.
type Differences struct {
	Destination string       `json:"destination"`
	Release     int64        `json:"release"` // the live one; 0 for none
	Added       int          `json:"added"`
	Changed     int          `json:"changed"`
	Deleted     int          `json:"deleted"`
	OtherFiles  int          `json:"other_files"` // that differ and are no pages
	Pages       []Difference `json:"pages"`       // the first MaxListed, by path
}

// Difference is a page that differs.
type Difference struct {
	Path   string `json:"path"`
	Change string `json:"change"` // added, changed, deleted
}

// String is the differences in one line for people.
func (d Differences) String() string {
	if d.Release == 0 {
		return fmt.Sprintf("%s, where nothing is live", d.Destination)
	}
	return fmt.Sprintf("%s, release %d: %s added, %d changed, %d deleted; and %s", d.Destination, d.Release,
		text.Count(d.Added, "page"), d.Changed, d.Deleted, text.Plural(d.OtherFiles, "other file", "other files"))
}

// Compare compares a build with the live release at the public site's destination.
func Compare(ctx context.Context, dest store.Destination, build string) (*Differences, error) {
	tree, err := scan.Scan(ctx, build)
	if err != nil {
		return nil, err
	}
	head, err := history.ReadHead(ctx, dest.State, "")
	if err != nil {
		return nil, err
	}
	out := &Differences{Destination: dest.Site.String(), Pages: []Difference{}}
	if head.Live == nil {
		return out, nil
	}
	live, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), "")
	if err != nil {
		return nil, err
	}
	out.Release = live.Release
	out.against(tree, live)
	return out, nil
}

func (d *Differences) against(tree manifest.Tree, live *manifest.Manifest) {
	here, there := tree.Files, live.Entries
	for len(here) > 0 || len(there) > 0 {
		switch {
		case len(there) == 0 || len(here) > 0 && here[0].Path < there[0].Path:
			d.add(here[0].Path, "added", &d.Added)
			here = here[1:]
		case len(here) == 0 || there[0].Path < here[0].Path:
			d.add(there[0].Path, "deleted", &d.Deleted)
			there = there[1:]
		default:
			if here[0].Built().Sum != there[0].Built().Sum {
				d.add(here[0].Path, "changed", &d.Changed)
			}
			here, there = here[1:], there[1:]
		}
	}
}

func (d *Differences) add(path, change string, count *int) {
	switch {
	case path == manifest.MarkerPath || path == rules.HeadersFile || path == redirect.FileName:
		return
	case !rules.IsPage(path):
		d.OtherFiles++
		return
	}
	*count++
	if len(d.Pages) < MaxListed {
		d.Pages = append(d.Pages, Difference{path, change})
	}
}
