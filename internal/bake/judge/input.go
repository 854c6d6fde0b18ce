package judge

import (
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
)

// Input is a bake to be judged, and the last one.
type Input struct {
	Pages    []*state.Page // by ID
	Last     []*state.Page // of the last bake; nil for none
	Broken   []string      // the broken links of the last bake, sorted
	Names    address.Names
	Missing  address.Address // the address that no page can have
	Limits   Limits
	Findings Findings
}

// Findings are observations that were made while the output was written.
type Findings struct {
	// Leaks are files in which the CMS's host is left, each with its place.
	Leaks []string
	// Forbids says that the robots.txt forbids all pages to all search engines.
	Forbids bool
	// Canaries are texts that are missing, each with its page.
	Canaries []string
	// Twins are files whose names differ by case alone, where the file system takes both for one.
	Twins []string
}

// Limits bound the changes that a bake may make without a person's consent. Zero values are
// the defaults.
type Limits struct {
	// MaxLost is the share of the last bake's pages that may be gone at once: 0.1.
	MaxLost float64
	// MaxBroken bounds the new broken links: 0.
	MaxBroken int
	// RefuseUnreachable stops a bake in which a page gave no answer, though its old bytes are there.
	RefuseUnreachable bool
	// Allow are the names of guards that may be passed, this once.
	Allow []string
}

// The names of the guards.
const (
	HomePage     = "home-page"
	Unanswered   = "unreachable-pages"
	LoginPage    = "login-page"
	SamePage     = "same-page"
	LostPages    = "lost-pages"
	ListedPages  = "listed-pages"
	BrokenLinks  = guard.BrokenLinks
	LeakedHost   = "leaked-host"
	RobotsForbid = "robots-forbid"
	NotFoundPage = "not-found-page"
	Canary       = "canary"
	FileNames    = "file-names"
	TooMany      = "too-many"
	Unaccounted  = "unaccounted"
)

// Guards are the names of all guards.
func Guards() []string {
	return []string{HomePage, Unanswered, LoginPage, SamePage, LostPages, ListedPages, BrokenLinks, LeakedHost, RobotsForbid, NotFoundPage, Canary, FileNames, TooMany, Unaccounted}
}

// Published says whether a page has a body for the output: an old one, where the CMS
// gave no answer.
func Published(p *state.Page) bool {
	return p.Status == 200 && p.Sum != "" && (p.Step == state.Answered || p.Step == state.Kept || p.Step == state.Unreachable)
}

// IsRedirect says whether a page is a redirect in the output.
func IsRedirect(p *state.Page) bool {
	return p.Redirects() || p.Step == state.Unreachable && p.Status >= 300 && p.Status < 400 && p.Location != ""
}

func isPage(p *state.Page) bool { return strings.HasPrefix(strings.ToLower(p.Type), "text/html") }

// broken are the addresses that pages lead to or load and that are not there, each with
// the first pages that do.
func (in *Input) broken() map[address.Address][]address.Address {
	out := map[address.Address][]address.Address{}
	for _, p := range in.Pages {
		if !Published(p) {
			continue
		}
		for _, ref := range p.Refs {
			if ref.Use != rewrite.Link && ref.Use != rewrite.Resource || int(ref.ID) >= len(in.Pages) {
				continue
			}
			to := in.Pages[ref.ID]
			if !dead(to) || !isPage(p) && ref.Use == rewrite.Link {
				continue
			}
			if len(out[to.Address]) < 5 && !slices.Contains(out[to.Address], p.Address) {
				out[to.Address] = append(out[to.Address], p.Address)
			}
		}
	}
	return out
}

// dead reports an address that was requested, and that visitors would not find.
func dead(p *state.Page) bool {
	switch p.Step {
	case state.Answered, state.Kept, state.Unreachable:
		return !Published(p) && !IsRedirect(p)
	case state.Bad:
		return true
	case state.Waiting, state.LeftOut:
	}
	return false
}
