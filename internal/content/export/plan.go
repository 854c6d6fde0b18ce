// Package export makes a pass over a source: it reads what changed, makes sure that
// nothing is missing, and commits a snapshot. How it does so is in docs/export.md.
package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Asker asks the source; *fetch.Client does.
type Asker interface {
	Ask(ctx context.Context, r content.Request, read func(fetch.Answer) error) error
	Clock(ctx context.Context) (at time.Time, ownClock bool, err error)
}

// Plan says which lists are read, from where, and into which folder.
type Plan struct {
	Dir   string
	Kind  string
	URL   string
	Types []content.Type
	// Chosen says that the types were named: records of others may be dropped.
	Chosen bool
	Ask    Asker
	Now    func() time.Time
	// Overlap is how long a save may take in the CMS: content.Type's stamps may be so
	// much older than the instant at which the record can be seen.
	Overlap time.Duration
	// FullEvery is the time after which everything is read anew. Young is the age up to
	// which a pass that was cut off is resumed, 6 hours by default.
	FullEvery, Young time.Duration
	// Full reads everything anew. Hints are records that are said to have changed.
	Full  bool
	Hints []Hint
	// Rounds bounds how often changes during the pass are looked for, 3 by default.
	Rounds int
	// Allow lets guards pass, by name: Guards has them.
	Allow []string
	// Lists is the source's description of its lists, kept beside the copy; nil for none.
	Lists any
	// Tell is called with the pass's progress, by many goroutines.
	Tell func(Progress)
}

// Hint is a record that a request for a release named. It is no proof of a change, and
// that a record is in none is no proof that it did not change.
type Hint struct {
	// Type is as the CMS's webhook called it: "post" is found in the list "posts".
	Type, ID string
}

// The guards that stop an export before its commit.
const (
	// GuardShrink stops a type that lost more than a fifth of its records.
	GuardShrink = "shrink"
	// GuardCount stops a list that gives other numbers of records than it says.
	GuardCount = "count"
)

// Guards are the names that Plan.Allow takes.
func Guards() []string { return []string{GuardCount, GuardShrink} }

// GuardError says that a guard stopped an export. Nothing was changed.
type GuardError struct {
	Guard string
	Why   string
}

// Error gives the reason, and the option that lets it pass.
func (e *GuardError) Error() string {
	return fmt.Sprintf("%s; the copy stays as it was (--allow %s lets it pass once)", e.Why, e.Guard)
}

// Report is the result of a pass.
type Report struct {
	// Snapshot is the latest snapshot, and Folder its folder. Unchanged says that it is
	// the one from before the pass, since nothing has changed.
	Snapshot  string `json:"snapshot"`
	Folder    string `json:"folder"`
	Digest    string `json:"digest"`
	Unchanged bool   `json:"unchanged"`
	// Watermark is the instant just before the content was read, by the source's clock.
	Watermark   time.Time           `json:"watermark"`
	OwnClock    bool                `json:"own_clock,omitempty"`
	Consistency content.Consistency `json:"consistency"`
	// Full says that everything was read, and WhyFull why.
	Full    bool   `json:"full"`
	WhyFull string `json:"why_full,omitempty"`
	// Resumed counts the answers that were taken over from a pass that was cut off.
	Resumed int `json:"resumed,omitempty"`
	// Rounds counts the looks for changes during the pass.
	Rounds   int            `json:"rounds"`
	Records  int            `json:"records"`
	Types    map[string]int `json:"types"`
	Added    int            `json:"added"`
	Changed  int            `json:"changed"`
	Removed  int            `json:"removed"`
	Affected int            `json:"affected"`
	// Unresolved are references to records that the copy lacks, a hundred at most, and
	// UnresolvedTotal is the number of all.
	Unresolved      []string `json:"unresolved,omitempty"`
	UnresolvedTotal int      `json:"unresolved_total"`
	Seconds         float64  `json:"seconds"`
}

// whyFull says why everything must be read; "" when the changes are enough.
func whyFull(p Plan, state archive.State, latest *content.Snapshot, model string) string {
	switch {
	case latest == nil:
		return "there is no snapshot yet"
	case p.Full:
		return "it was asked for"
	case latest.Source.Kind != p.Kind || latest.Source.URL != p.URL:
		return "the snapshot is of another source"
	case latest.Source.Model != model:
		return "the content model, or what is asked for, has changed"
	case p.FullEvery > 0 && p.Now().Sub(state.FullAt) > p.FullEvery:
		return fmt.Sprintf("the last full pass is older than %s", p.FullEvery)
	case p.Now().Before(state.Watermark.Add(-time.Hour)):
		return "the clock is behind the last watermark"
	}
	return ""
}

// about finds the list that a hint is about; "" for none.
func (h Hint) about(types []content.Type) string {
	for _, t := range types {
		_, bundle, _ := strings.Cut(t.Name, "--")
		for _, name := range []string{t.Name, strings.TrimSuffix(t.Name, "s"), strings.TrimSuffix(t.Name, "ies") + "y", bundle} {
			if name != "" && strings.EqualFold(name, h.Type) {
				return t.Name
			}
		}
	}
	return ""
}

// ErrEndless says that the pages of a list have no end.
var ErrEndless = errors.New("the list has no end")
