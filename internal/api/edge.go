package api

import (
	"cmp"
	"fmt"
	"time"
)

// Words tell people what became of the CDN.
func (e Edge) Words() string {
	name := cmp.Or(e.CDN, "the CDN")
	switch e.State {
	case EdgePending:
		words := fmt.Sprintf("Live at the origin, edge pending: %s may still show what was replaced", name)
		if e.Why != "" {
			words += " (" + e.Why + ")"
		}
		return words + `. "pressrun invalidate" or the next release finishes it.`
	case EdgeCurrent:
		return fmt.Sprintf("Live everywhere: %s held nothing that changed.", name)
	case EdgePurged:
		took := time.Duration(e.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		items := fmt.Sprintf("%d items", e.Purged)
		if e.Purged == 1 {
			items = "1 item"
		}
		return fmt.Sprintf("Live everywhere: %s was told to forget %s, in %s.", name, items, took)
	}
	return ""
}
