package engine

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
)

// brokenLinks reads the pages that have changed and looks for what they name.
func (b build) brokenLinks(ctx context.Context, tree deploy.Tree, previous *deploy.Manifest, limits deploy.Limits) ([]deploy.Violation, error) {
	pages := deploy.ChangedPages(tree, previous)
	var mu sync.Mutex
	var links []deploy.Link
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, page := range pages {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			html, err := b.content(page.Path)
			if err != nil {
				return err
			}
			found := deadLinks(tree, page.Path, html)
			mu.Lock()
			defer mu.Unlock()
			links = append(links, found...)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return deploy.BrokenLinks(links, len(pages), limits), nil
}

func deadLinks(tree deploy.Tree, page string, html []byte) []deploy.Link {
	var out []deploy.Link
	deploy.References(html, func(target string, asset bool) {
		if name, ok := deploy.Resolve(page, target); ok && !tree.Serves(name) {
			out = append(out, deploy.Link{Page: page, Target: target, Asset: asset})
		}
	})
	return out
}
