package engine

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
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
	changed := links.ChangedPages(r.tree, r.previous())
	dead, err := b.Links(ctx, changed, func(page string, html []byte) []links.Link {
		return deadLinks(r.tree, page, html)
	})
	if err != nil {
		return nil, err
	}
	violations := links.Broken(unserved(dead, elsewhere), len(changed), r.limits())
	r.result.LostLinks = nil // of a plan that another deploy has overtaken
	removed := links.NewRemoved(r.tree, r.previous(), *r.opts.Grace, r.head.Fence+1, r.opts.Now())
	if removed.None() {
		return violations, nil
	}
	unchanged := links.UnchangedPages(r.tree, r.previous())
	lost, err := b.Links(ctx, unchanged, removed.Links)
	if err != nil {
		return nil, err
	}
	stop, few := links.ToRemoved(unserved(lost, elsewhere), len(unchanged), r.limits())
	if stop != nil {
		violations = append(violations, *stop)
	}
	r.result.LostLinks = few
	return violations, nil
}

func deadLinks(tree manifest.Tree, page string, html []byte) []links.Link {
	var out []links.Link
	links.References(html, func(target string, asset bool) {
		if name, ok := links.Resolve(page, target); ok && !tree.Serves(name) {
			out = append(out, links.Link{Page: page, Target: target, Asset: asset})
		}
	})
	return out
}

// leftToCDN tells what the CDN answers by rules that stored files can't carry out.
func leftToCDN(b *content.Build) (func(name string) bool, error) {
	text, err := b.Text(redirect.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return func(string) bool { return false }, nil
	}
	return redirect.LeftToCDN(text), err
}

// unserved leaves out links that are answered elsewhere.
func unserved(found []links.Link, elsewhere func(name string) bool) []links.Link {
	return slices.DeleteFunc(found, func(l links.Link) bool {
		name, ok := links.Resolve(l.Page, l.Target)
		return ok && elsewhere(name)
	})
}
