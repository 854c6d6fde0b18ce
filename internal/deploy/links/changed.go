package links

import (
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// ChangedPages are the pages that differ from the last release; all pages before the first.
func ChangedPages(tree manifest.Tree, previous *manifest.Manifest) []manifest.File {
	var out []manifest.File
	for _, f := range tree.Files {
		if !rules.IsPage(f.Path) {
			continue
		}
		if previous != nil {
			if old, ok := previous.Find(f.Path); ok && old.Built().Sum == f.Built().Sum {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

// UnchangedPages are the pages that the last release had too; none before the first.
func UnchangedPages(tree manifest.Tree, previous *manifest.Manifest) []manifest.File {
	changed := ChangedPages(tree, previous)
	var out []manifest.File
	for _, f := range tree.Files {
		switch {
		case !rules.IsPage(f.Path):
		case len(changed) > 0 && changed[0].Path == f.Path:
			changed = changed[1:]
		default:
			out = append(out, f)
		}
	}
	return out
}
