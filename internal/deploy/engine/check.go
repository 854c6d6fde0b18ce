package engine

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
)

// checked is a deploy whose build may go out.
type checked struct {
	*deployment
	read *read
}

// check stops a build that must not go out.
func (r *read) check(ctx context.Context) (*checked, error) {
	violations, err := r.violations(ctx)
	if err != nil {
		return nil, err
	}
	r.result.Violations = violations
	if err := guard.Stop(violations, r.opts.Allow); err != nil {
		return nil, err
	}
	return &checked{r.deployment, r}, nil
}

func (r *read) violations(ctx context.Context) ([]guard.Violation, error) {
	violations := guard.Check(r.tree, r.previous(), r.limits())
	b, ok := r.build()
	if !ok {
		return violations, nil // an earlier release was judged in its time
	}
	broken, err := r.brokenLinks(ctx, b)
	return append(violations, broken...), err
}

func (r *read) limits() guard.Limits {
	l := r.opts.Limits
	l.StatePrefix = r.dest.Private()
	return l
}

// brokenLinks reads the pages that have changed and looks for what they name; and,
// when the release takes something away, the others for what is named there.
func (r *read) brokenLinks(ctx context.Context, b *content.Build) ([]guard.Violation, error) {
	elsewhere, err := leftToCDN(b)
	if err != nil {
		return nil, err
	}
	removed := links.NewRemoved(r.tree, r.previous(), *r.opts.Grace, r.head.Fence+1, r.opts.Now())
	site := links.NewSite(r.tree, r.address(), removed)
	changed, unchanged := links.ChangedPages(r.tree, r.previous()), links.UnchangedPages(r.tree, r.previous())
	dead, err := b.Links(ctx, changed, site.Dead)
	if err != nil {
		return nil, err
	}
	var lost []links.Link
	if !removed.None() {
		if lost, err = b.Links(ctx, unchanged, site.Lost); err != nil {
			return nil, err
		}
	}
	violations := links.Broken(site.Unanswered(dead, elsewhere), len(changed), r.limits())
	stop, few := links.ToRemoved(site.Unanswered(lost, elsewhere), len(unchanged), r.limits())
	if stop != nil {
		violations = append(violations, *stop)
	}
	r.result.LostLinks = few // nil in place of that of a plan which another deploy has overtaken
	return violations, nil
}

// address is where visitors find the site, as far as that is known.
func (d *deployment) address() links.Address {
	path := ""
	if d.dest.Site != nil {
		_, path, _ = strings.Cut(d.dest.Site.String(), "://")
		_, path, _ = strings.Cut(path, "/") // after the bucket; a folder has none
	}
	return links.NewAddress(d.opts.PublicURL, path)
}

// leftToCDN tells what the CDN answers by rules that stored files can't carry out.
func leftToCDN(b *content.Build) (func(name string) bool, error) {
	text, err := b.Text(redirect.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return func(string) bool { return false }, nil
	}
	return redirect.LeftToCDN(text), err
}
