package engine

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/listing"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// listingUnchecked says whether the release is the destination's first with more than one
// page of keys: only then can it be seen how the store lists in parts.
func (p *planned) listingUnchecked() bool {
	_, pager := p.dest.Site.(store.Pager)
	return pager && p.capabilities != nil && !p.capabilities.ListingChecked && len(p.plan.Next.Entries) > listing.PageSize
}

// checkListing checks, once for a destination, that its store lists all keys in parts.
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
		p.warn("the store's listing could not be checked: %v; the next deploy will try again", err)
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
