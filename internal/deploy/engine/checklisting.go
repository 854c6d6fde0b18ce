package engine

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/listing"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// listingUnchecked says whether the release is the first here that is listed in more than
// one page. Until then it is unknown how the store lists in parts.
func (p *planned) listingUnchecked() bool {
	_, pager := p.dest.Site.(store.Pager)
	return pager && p.capabilities != nil && !p.capabilities.ListingChecked && len(p.plan.Next.Entries) > listing.Page
}

// checkListing finds out, once for a destination, whether its store leaves keys out
// when it is listed in parts.
func (p *published) checkListing(ctx context.Context) {
	if !p.work.listingUnchecked() {
		return
	}
	entries := p.work.plan.Next.Entries
	l := listing.Listing{Store: p.dest.Site, Known: make([]string, len(entries))}
	for i := range entries {
		l.Known[i] = entries[i].Path
	}
	slices.Sort(l.Known)
	var agrees bool
	err := p.timed("check listing", func() (err error) { agrees, err = l.Agrees(ctx); return err })
	if err != nil {
		p.warn("whether the store lists all that it holds could not be found out: %v; the next deploy will try again", err)
		return
	}
	found := *p.work.capabilities
	found.Missing, found.ListingChecked = slices.Clone(found.Missing), true
	if !agrees {
		p.warn("the store at %s %s", p.dest.Site, store.MissingListingInParts)
		found.Missing = append(found.Missing, store.MissingListingInParts)
		slices.Sort(found.Missing)
	}
	p.lease.SetCapabilities(found)
	p.work.capabilities, p.result.MissingCapabilities = &found, found.Missing
}
