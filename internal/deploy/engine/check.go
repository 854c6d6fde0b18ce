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

// checked is a deploy whose build has passed the guards.
type checked struct {
	*deployment
	read *read
}

// check runs the guards. A *guard.Error stops the deploy.
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
		return violations, nil // the links of a rollback's release were checked when it was built
	}
	broken, err := r.brokenLinks(ctx, b)
	return append(violations, broken...), err
}

func (r *read) limits() guard.Limits {
	l := r.opts.Limits
	l.StatePrefix = r.dest.ReservedPrefix()
	return l
}

// brokenLinks looks for dead links in the changed pages and, if the release removes files,
// for links to these in the unchanged ones.
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
	if !removed.Empty() {
		if lost, err = b.Links(ctx, unchanged, site.Lost); err != nil {
			return nil, err
		}
	}
	violations := links.Broken(site.Unanswered(dead, elsewhere), len(changed), r.limits())
	stop, few := links.ToRemoved(site.Unanswered(lost, elsewhere), len(unchanged), r.limits())
	if stop != nil {
		violations = append(violations, *stop)
	}
	r.result.LostLinks = few // also nil: an earlier plan of this deploy may have set it
	return violations, nil
}

// address is the public address of the site, as far as that is known.
func (d *deployment) address() links.Address {
	path := ""
	if d.dest.Site != nil {
		_, path, _ = strings.Cut(d.dest.Site.String(), "://")
		_, path, _ = strings.Cut(path, "/") // after the bucket; a folder has none
	}
	return links.NewAddress(d.opts.PublicURL, path)
}

// leftToCDN says which paths the CDN answers, by rules that stored files can't carry out.
func leftToCDN(b *content.Build) (func(name string) bool, error) {
	text, err := b.Text(redirect.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return func(string) bool { return false }, nil
	}
	return redirect.LeftToCDN(text), err
}
