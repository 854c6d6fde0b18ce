package engine

import (
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// refuseLongNames leaves out what the store could not keep under its prefix, for
// the guard to judge before anything is written. A build alone can't tell: the
// prefix counts too.
func (d *run) refuseLongNames() {
	bounded, ok := d.dest.Site.(interface{ LongestPath() int })
	if !ok {
		return
	}
	longest := bounded.LongestPath()
	d.tree.Files = slices.DeleteFunc(d.tree.Files, func(f manifest.File) bool {
		if len(f.Path) <= longest {
			return false
		}
		d.tree.Refused = append(d.tree.Refused, manifest.Refused{
			Path: f.Path, Why: fmt.Sprintf("with %s before it its path is longer than S3 takes, by %d bytes", d.dest.Site, len(f.Path)-longest),
		})
		return true
	})
}
