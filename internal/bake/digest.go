package bake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// digest is a hash of all inputs of the output: two bakes with the same have the same
// output, byte for byte.
func (b *bake) digest() string {
	pages := slices.SortedFunc(slices.Values(b.pages), func(x, y *state.Page) int { return cmp.Compare(x.Address, y.Address) })
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", b.head.Names)
	var line []byte
	for _, p := range pages {
		line = line[:0]
		switch {
		case judge.Published(p):
			for _, part := range []string{string(p.Address), b.names.Places[p.Address].File, p.Sum, p.Type} {
				line = append(strconv.AppendQuote(line, part), ' ')
			}
		case judge.IsRedirect(p):
			line = strconv.AppendQuote(strconv.AppendInt(strconv.AppendQuote(line, string(p.Address)), int64(p.Status), 10), p.Location)
		default:
			continue
		}
		h.Write(append(line, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// resolution is the resolution of the CMS's clock: a change within the second in which the
// bake began may not have been visible yet.
const resolution = time.Second

// watermark is the instant just before the first page was read, by the CMS's clock.
func (b *bake) watermark(ahead time.Duration) time.Time {
	return b.started.Add(ahead - resolution).UTC()
}
