package export

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Outlook is what a pass would read.
type Outlook struct {
	// Full says that everything would be read, and WhyFull why.
	Full    bool   `json:"full"`
	WhyFull string `json:"why_full,omitempty"`
	// Snapshot is the latest one; empty for none.
	Snapshot string        `json:"snapshot,omitempty"`
	Types    []TypeOutlook `json:"types"`
}

// TypeOutlook is what a pass would read of a type.
type TypeOutlook struct {
	Type string `json:"type"`
	// Records is how many the source says it has, -1 where it does not say; Kept how
	// many the latest snapshot has.
	Records int `json:"records"`
	Kept    int `json:"kept"`
	// ByStamp says that only what changed would be read.
	ByStamp bool `json:"by_stamp"`
}

// Look says what a pass would read. It asks each list for its first page, and changes
// nothing.
func Look(ctx context.Context, plan Plan) (o Outlook, err error) {
	plan = plan.withDefaults()
	state, latest, err := archive.Read(plan.Dir)
	if err != nil {
		latest = nil // none, or one that a full pass would replace
	}
	o.WhyFull = whyFull(plan, state, latest, content.Model(plan.Kind, plan.URL, plan.Types))
	o.Full = o.WhyFull != ""
	kept := map[string]int{}
	if latest != nil {
		o.Snapshot, kept = latest.ID, latest.Counts()
	}
	for _, t := range plan.Types {
		one := TypeOutlook{Type: t.Name, Kept: kept[t.Name], ByStamp: t.Stamped()}
		err := plan.Ask.Ask(ctx, t.Request(plan.URL, content.Want{Sparse: true}, ""), func(a fetch.Answer) error {
			page, err := t.Read(a.Header, a.Body)
			one.Records = page.Total
			return err
		})
		if err != nil {
			return o, fmt.Errorf("look at the type %s: %w", t.Name, err)
		}
		o.Types = append(o.Types, one)
	}
	return o, nil
}
