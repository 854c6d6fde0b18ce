// Package content is the source of a release's files: a Build on this machine, or a release
// whose content the destination keeps (Kept).
package content

import (
	"context"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Source has the files of a release.
type Source interface {
	Read(ctx context.Context) (manifest.Tree, error)
	// Headers are the headers of a file.
	Headers(path string, rs rules.Rules) (store.Headers, error)
	// Put writes an entry to the site's store.
	Put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error)
	// Sends says whether Put sends the content; else the store copies it.
	Sends() bool
}
