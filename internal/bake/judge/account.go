// Package judge makes the account of a bake, every address with its outcome, and lists the
// reasons against publishing it. It does no I/O.
package judge

import (
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
)

// Outcome is the outcome of a bake for an address.
type Outcome string

// The outcomes.
const (
	Baked       Outcome = "baked"       // asked for now, and in the output
	Skipped     Outcome = "skipped"     // in the output as it was: nothing says that it changed
	Stale       Outcome = "stale"       // the CMS gave no answer; in the output as it was
	Redirects   Outcome = "redirect"    // leads elsewhere, and so does the output
	Gone        Outcome = "gone"        // was in the last bake, and the CMS has it no more
	Missing     Outcome = "missing"     // the CMS has no such page, though something names it
	NoPage      Outcome = "no-page"     // a guess, and the CMS has no such page
	LeftOut     Outcome = "left-out"    // not asked for on purpose
	Unreachable Outcome = "unreachable" // no answer, and no old bytes
	Bad         Outcome = "bad"         // an answer that can't be published
)

// Trouble says whether an address lacks its page, or has an old one.
func (o Outcome) Trouble() bool {
	switch o {
	case Stale, Gone, Missing, Unreachable, Bad:
		return true
	case Baked, Skipped, Redirects, NoPage, LeftOut:
	}
	return false
}

// Line is the account of an address.
type Line struct {
	Address address.Address `json:"address"`
	Outcome Outcome         `json:"outcome"`
	Why     string          `json:"why,omitempty"`
	File    string          `json:"file,omitempty"`
	Type    string          `json:"type,omitempty"`
	Status  int             `json:"status,omitempty"`
	Bytes   int64           `json:"bytes,omitempty"`
	To      string          `json:"to,omitempty"` // of a redirect
	Changed bool            `json:"changed,omitempty"`
	// Known are the places that name it.
	Known []state.Source `json:"known_from"`
	// Linked are the first pages that link to it, if it is missing.
	Linked []address.Address `json:"linked_from,omitempty"`
	// Read is when the CMS gave these bytes.
	Read time.Time `json:"read,omitzero"`
}

// Counts are the sums of an account.
type Counts struct {
	Known       int `json:"known"`
	Baked       int `json:"baked"`
	Skipped     int `json:"skipped"`
	Stale       int `json:"stale"`
	Redirects   int `json:"redirects"`
	Gone        int `json:"gone"`
	Missing     int `json:"missing"`
	NoPage      int `json:"no_page"`
	LeftOut     int `json:"left_out"`
	Unreachable int `json:"unreachable"`
	Bad         int `json:"bad"`
	Pages       int `json:"pages"` // of HTML, in the output
	Files       int `json:"files"` // in the output, pages among them
	New         int `json:"new"`
	Changed     int `json:"changed"`
	Unaccounted int `json:"unaccounted"` // always 0: else it is a bug, and refused
}

// The consistencies of a bake, in the words of a release.
const (
	// Quiet says that no change was seen from the first reading to the last.
	Quiet = "quiet"
	// PerItem: each page is as it was at some instant of its own.
	PerItem = "per item"
)

// Account is the account of a bake.
type Account struct {
	Origin    string    `json:"origin"`
	PublicURL string    `json:"public_url,omitempty"`
	Output    string    `json:"output"`
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"`
	// Watermark is the instant just before the first page was read, by the CMS's clock:
	// each page is as it was at some instant after it, but those that were skipped.
	Watermark time.Time `json:"watermark"`
	// Consistency is Quiet or PerItem, and ConsistencyBecause says why.
	Consistency        string `json:"consistency"`
	ConsistencyBecause string `json:"consistency_because"`
	// Digest is a hash of all inputs of the output: the same digest means the same output.
	Digest string `json:"digest"`
	// Mode is "full", "conditional" or "changed"; Because says why.
	Mode     string `json:"mode"`
	Because  string `json:"because"`
	Resumed  bool   `json:"resumed"`
	DryRun   bool   `json:"dry_run"`
	Accepted bool   `json:"accepted"`
	// Unchanged says that the output is the last bake's.
	Unchanged bool   `json:"unchanged"`
	Requests  int    `json:"requests"`
	Bytes     int64  `json:"bytes"`
	Counts    Counts `json:"counts"`
	// Oldest is when the oldest page of the output was last known to be right.
	Oldest  time.Time         `json:"oldest,omitzero"`
	Refused []guard.Violation `json:"refused"`
	LetPass []guard.Violation `json:"let_pass"`
	Notes   []string          `json:"notes"`
	// Queries counts the addresses that were left out for their query, by its parameters.
	Queries   map[string]int `json:"queries,omitempty"`
	Addresses []Line         `json:"addresses"`
}

func (c *Counts) add(o Outcome) {
	c.Known++
	switch o {
	case Baked:
		c.Baked++
	case Skipped:
		c.Skipped++
	case Stale:
		c.Stale++
	case Redirects:
		c.Redirects++
	case Gone:
		c.Gone++
	case Missing:
		c.Missing++
	case NoPage:
		c.NoPage++
	case LeftOut:
		c.LeftOut++
	case Unreachable:
		c.Unreachable++
	case Bad:
		c.Bad++
	default:
		c.Unaccounted++
	}
}
