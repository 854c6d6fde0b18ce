package difference

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

const (
	// maxTitled is the most pages that are read for their titles.
	maxTitled = 100
	// atOnce is the most pages that are read at the same time.
	atOnce = 8
)

// Pages lists the pages that differ, at most limit of them, the first ones with their
// titles. A page whose headers alone differ is not listed.
func (r Releases) Pages(ctx context.Context, limit int) (api.Differences, error) {
	from, to, err := r.read(ctx)
	if err != nil {
		return api.Differences{}, err
	}
	out := api.Differences{Site: cmp.Or(to.Site, r.Site), From: from.Release, To: to.Release, Pages: []api.ChangedPage{}}
	var found []plan.Difference
	for _, d := range plan.Diff(from, to) {
		switch {
		case d.Path == manifest.MarkerPath || d.Reason == plan.ReasonHeaders:
			continue
		case !rules.IsPage(d.Path):
			out.OtherFiles++
			continue
		}
		switch changeOf(d) {
		case api.PageAdded:
			out.Added++
		case api.PageDeleted:
			out.Deleted++
		default:
			out.Changed++
		}
		found = append(found, d)
	}
	shown := found[:min(len(found), limit)]
	out.More = len(found) - len(shown)
	for _, d := range shown {
		out.Pages = append(out.Pages, api.ChangedPage{Path: d.Path, Address: address(d.Path), Change: changeOf(d)})
	}
	return out, r.title(ctx, shown, out.Pages)
}

func changeOf(d plan.Difference) string {
	switch {
	case d.Old == nil:
		return api.PageAdded
	case d.New == nil:
		return api.PageDeleted
	}
	return api.PageChanged
}

// title sets the titles of pages: the new ones, or the old ones of deleted pages. A page that
// can't be read gets none.
func (r Releases) title(ctx context.Context, found []plan.Difference, pages []api.ChangedPage) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, d := range found[:min(len(found), maxTitled)] {
		group.Go(func() error {
			body, missing, err := r.content(ctx, cmp.Or(d.New, d.Old))
			if err == nil && missing == "" {
				pages[i].Title = textOf(body).title
			}
			return err
		})
	}
	return group.Wait()
}

// address is the public path of a page: that of the folder for an index page.
func address(path string) string {
	if name, ok := strings.CutSuffix(path, "index.html"); ok && (name == "" || strings.HasSuffix(name, "/")) {
		path = name
	}
	return (&url.URL{Path: "/" + path}).EscapedPath()
}
