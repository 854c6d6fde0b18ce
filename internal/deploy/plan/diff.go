package plan

import "github.com/pressrun/pressrun/internal/deploy/manifest"

// Difference is one path that two manifests disagree about.
type Difference struct {
	Path     string
	Reason   Reason
	Old, New *manifest.Entry // nil when that manifest has no such path
}

// Diff compares two releases, path by path. Dropped assets in their grace time count as
// gone, since no page names them.
func Diff(from, to *manifest.Manifest) []Difference {
	var out []Difference
	i, j := 0, 0
	for i < len(from.Entries) || j < len(to.Entries) {
		switch {
		case j == len(to.Entries) || (i < len(from.Entries) && from.Entries[i].Path < to.Entries[j].Path):
			out = append(out, Difference{Path: from.Entries[i].Path, Reason: ReasonGone, Old: &from.Entries[i]})
			i++
		case i == len(from.Entries) || from.Entries[i].Path > to.Entries[j].Path:
			out = append(out, Difference{Path: to.Entries[j].Path, Reason: ReasonNew, New: &to.Entries[j]})
			j++
		default:
			a, b := &from.Entries[i], &to.Entries[j]
			if a.Sum != b.Sum {
				out = append(out, Difference{Path: a.Path, Reason: ReasonContent, Old: a, New: b})
			} else if a.Headers != b.Headers {
				out = append(out, Difference{Path: a.Path, Reason: ReasonHeaders, Old: a, New: b})
			}
			i++
			j++
		}
	}
	return out
}
