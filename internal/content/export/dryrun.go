package export

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Estimate describes the work of a pass before it is made.
type Estimate struct {
	// Full says that everything would be read, and WhyFull why.
	Full    bool   `json:"full"`
	WhyFull string `json:"why_full,omitempty"`
	// Snapshot is the latest one; empty for none.
	Snapshot string         `json:"snapshot,omitempty"`
	Types    []TypeEstimate `json:"types"`
}

// TypeEstimate describes the work of a pass for one type.
type TypeEstimate struct {
	Type string `json:"type"`
	// Records is the source's number of records, -1 if it gives none; Kept that of the
	// latest snapshot.
	Records int `json:"records"`
	Kept    int `json:"kept"`
	// ByStamp says that only changed records would be read.
	ByStamp bool `json:"by_stamp"`
}

// DryRun estimates the work of a pass. It asks each list for its first page, and changes
// nothing.
func DryRun(ctx context.Context, plan Plan) (e Estimate, err error) {
	plan = plan.withDefaults()
	state, latest, err := archive.Read(plan.Dir)
	if err != nil {
		latest = nil // none, or one that a full pass would replace
	}
	e.WhyFull = whyFull(plan, state, latest, content.Model(plan.Kind, plan.URL, plan.Types))
	e.Full = e.WhyFull != ""
	kept := map[string]int{}
	if latest != nil {
		e.Snapshot, kept = latest.ID, latest.Counts()
	}
	for _, t := range plan.Types {
		one := TypeEstimate{Type: t.Name, Kept: kept[t.Name], ByStamp: t.Stamped()}
		err := plan.Ask.Ask(ctx, t.Request(plan.URL, content.Want{Sparse: true}, ""), func(a fetch.Answer) error {
			page, err := t.Read(a.Header, a.Body)
			one.Records = page.Total
			return err
		})
		if err != nil {
			return e, fmt.Errorf("ask for the first page of the type %s: %w", t.Name, err)
		}
		e.Types = append(e.Types, one)
	}
	return e, nil
}
