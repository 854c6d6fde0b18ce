package bake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// digest is of all that the output is made of: two bakes with the same have the same
// output, byte for byte.
func (b *bake) digest() string {
	pages := slices.SortedFunc(slices.Values(b.pages), func(x, y *state.Page) int { return cmp.Compare(x.Address, y.Address) })
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", b.head.Names)
	for _, p := range pages {
		switch {
		case judge.Published(p):
			fmt.Fprintf(h, "%q %q %s %q\n", p.Address, b.names.Places[p.Address].File, p.Sum, p.Type)
		case judge.Leads(p):
			fmt.Fprintf(h, "%q %d %q\n", p.Address, p.Status, p.Location)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// resolution is that of the CMS's clock: what changed within the second in which the bake
// began may not have been visible yet.
const resolution = time.Second

// watermark is the instant just before the first page was read, by the CMS's clock.
func (b *bake) watermark(ahead time.Duration) time.Time {
	return b.started.Add(ahead - resolution).UTC()
}
