package steps

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"

	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/text"
)

// mostFirst bounds the addresses that are reported to the app beside the counts.
const mostFirst = 50

// bakedOf sums up an account for the app.
func bakedOf(a judge.Account, hide func(string) string) api.Baked {
	c := a.Counts
	plain := func(s string) string { return text.ShortenBytes(hide(workflow.Line(s)), 500) }
	b := api.Baked{
		Mode: a.Mode, Because: plain(a.Because), Known: int64(c.Known), Baked: int64(c.Baked), Skipped: int64(c.Skipped), Stale: int64(c.Stale),
		Redirects: int64(c.Redirects), Gone: int64(c.Gone), Missing: int64(c.Missing), NoPage: int64(c.NoPage), LeftOut: int64(c.LeftOut),
		Unreachable: int64(c.Unreachable), Bad: int64(c.Bad), New: int64(c.New), Changed: int64(c.Changed), Requests: int64(a.Requests),
	}
	if !a.Oldest.IsZero() {
		b.Oldest = &a.Oldest
	}
	for _, l := range a.Addresses {
		if !l.Outcome.Trouble() {
			continue
		}
		if b.FirstOf++; len(b.First) < mostFirst {
			b.First = append(b.First, api.BakedAddress{Address: plain(string(l.Address)), Outcome: string(l.Outcome), Why: plain(l.Why)})
		}
	}
	return b
}

// accountLines are an account's addresses as gzip of JSON lines, those in trouble first: as
// many as fit into most bytes, with a last line that counts those that are left out.
func accountLines(a judge.Account, most int) ([]byte, error) {
	var ordered []judge.Line
	for _, trouble := range []bool{true, false} {
		for _, l := range a.Addresses {
			if l.Outcome.Trouble() == trouble {
				ordered = append(ordered, l)
			}
		}
	}
	for keep := len(ordered); ; keep = keep * 3 / 4 {
		lines, err := gzipped(ordered[:keep], len(ordered)-keep)
		if err != nil || len(lines) <= most {
			return lines, err
		}
	}
}

func gzipped(lines []judge.Line, left int) ([]byte, error) {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	encoder := json.NewEncoder(packed)
	for _, l := range lines {
		if err := encoder.Encode(l); err != nil {
			return nil, fmt.Errorf("write the account: %w", err)
		}
	}
	if left > 0 {
		if err := encoder.Encode(map[string]int{"left_out_of_this_file": left}); err != nil {
			return nil, fmt.Errorf("write the account: %w", err)
		}
	}
	if err := packed.Close(); err != nil {
		return nil, fmt.Errorf("write the account: %w", err)
	}
	return out.Bytes(), nil
}
