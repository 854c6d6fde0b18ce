// Package content gives a release's files their content: a Build on this machine, or
// an earlier release that the destination still keeps (Kept).
package content

import (
	"context"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Source is where a release's files come from.
type Source interface {
	Read(ctx context.Context) (manifest.Tree, error)
	// Headers are those that a file is served with.
	Headers(path string, rs rules.Rules) (store.Headers, error)
	// Put makes the site's store hold an entry.
	Put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error)
	// Sends says whether Put sends the content, or has the store copy it.
	Sends() bool
}
