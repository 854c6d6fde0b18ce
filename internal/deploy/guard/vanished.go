package guard

import (
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

func vanishedPages(tree manifest.Tree, previous *manifest.Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var gone []string
	for _, e := range previous.Entries {
		if rules.IsPage(e.Path) && !tree.Has(e.Path) {
			gone = append(gone, e.Path)
		}
	}
	pages := previous.Pages()
	share, many := limits.tooMany(len(gone), pages)
	if !many {
		return nil
	}
	return NewViolation(VanishedPages, gone, "%d of the last release's %d pages are missing (limit: %.0f %%)", len(gone), pages, share*100)
}

// vanishedFiles counts documents, data and feeds, which a release deletes at once; assets
// stay for their grace time. It compares totals, since some generators give data files new
// names in each build.
func vanishedFiles(tree manifest.Tree, previous *manifest.Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	document := func(path string) bool { return !rules.IsPage(path) && rules.Classify(path) != rules.ClassAsset }
	var gone []string
	before, now := 0, 0
	for _, e := range previous.Entries {
		if !document(e.Path) {
			continue
		}
		if before++; !tree.Has(e.Path) {
			gone = append(gone, e.Path)
		}
	}
	for _, f := range tree.Files {
		if document(f.Path) {
			now++
		}
	}
	share, many := limits.tooMany(before-now, before)
	if !many {
		return nil
	}
	return NewViolation(VanishedFiles, gone, "the last release had %d documents, data files and feeds, and this build has %d (limit: %.0f %% fewer)", before, now, share*100)
}

func shrunkPages(tree manifest.Tree, previous *manifest.Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var shrunk []string
	both := 0
	for _, f := range tree.Files {
		old, ok := previous.Find(f.Path)
		if !ok || !rules.IsPage(f.Path) {
			continue
		}
		both++
		if f.Size > 0 && f.Built().Size*5 <= old.Built().Size && !f.Redirect {
			shrunk = append(shrunk, f.Path)
		}
	}
	share := limits.MaxShrunkShare
	if share == 0 {
		share = 0.1
	}
	if len(shrunk) <= 5 || float64(len(shrunk)) <= share*float64(both) {
		return nil
	}
	return NewViolation(ShrunkPages, shrunk, "%d of %d pages shrank to a fifth of their size or less, as when an error page replaces them", len(shrunk), both)
}

// tooMany says whether more files are missing than may be, and which share may.
func (l Limits) tooMany(missing, all int) (share float64, many bool) {
	share = l.MaxVanishedShare
	if share == 0 {
		share = vanishedShare(all)
	}
	least := l.MinVanished
	if least == 0 {
		least = 5
	}
	return share, missing > least && float64(missing) > share*float64(all)
}

// vanishedShare is smaller for larger sites: one edit may delete half of ten pages, but not
// half of ten thousand.
func vanishedShare(pages int) float64 {
	switch {
	case pages <= 100:
		return 0.5
	case pages <= 1000:
		return 0.3
	}
	return 0.2
}
