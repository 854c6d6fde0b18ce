package view

import (
	"context"

	"github.com/pressrun/pressrun/internal/ledger"
)

// Limits bound the lists of a site: its requests of each kind, releases, slots of schedules,
// and the requests that went out last.
type Limits struct{ Requests, Releases, Slots, WentOut int }

// SiteDetail is a site with its requests that are not live yet, grouped by the thing that
// they wait for, and its last releases, newest first.
type SiteDetail struct {
	Site
	// Served wait for the current release or are in it, Next for the release
	// after it, Scheduled for their time.
	Served, Next, Scheduled []Request
	// MoreScheduled says that there are more scheduled requests than listed.
	MoreScheduled bool
	// WentOut are the last requests that the live release brought, newest first.
	WentOut  []Request
	Releases []PastRelease
	// Schedule is when the site asks by itself next.
	Schedule Schedule
	// Changes go out with the next release.
	Changes []ledger.PendingChange
	// Undelivered counts the notices that were given up.
	Undelivered int
}

// SharedDetail is SiteDetail, read once for all callers at the same time in one language.
// They share it: nobody may change it.
func (r *Reader) SharedDetail(ctx context.Context, name string, limits Limits) (*SiteDetail, error) {
	reader := AudienceOf(ctx)
	if reader.Zone != nil {
		return r.SiteDetail(ctx, name, limits) // few readers choose one of the hundreds of zones
	}
	return r.details.Get(ctx, detailKey{name, reader.Language.Tag(), limits}, func(ctx context.Context) (*SiteDetail, error) {
		return r.SiteDetail(For(ctx, reader), name, limits)
	})
}

// SiteDetail reads a site with its lists.
//
// Its 7 kB are on the heap and not on the stack: hundreds of open pages wait for one reading
// at a time, and a stack that has grown once stays as large.
func (r *Reader) SiteDetail(ctx context.Context, name string, limits Limits) (*SiteDetail, error) {
	d := &SiteDetail{}
	err := r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) (err error) {
		if d.Site, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		d.Schedule = scheduleOf(d.Site, r.schedules[name], limits.Slots)
		return d.readLists(ctx, s, limits)
	})
	return d, err
}

// readLists reads the lists of the site that was read from the snapshot.
func (d *SiteDetail) readLists(ctx context.Context, s *ledger.Snapshot, limits Limits) (err error) {
	site := d.Site.Site // its Served is a place in line, not the list of d
	name, cur := site.Name, site.Current
	var served, next, scheduled []ledger.Request
	if cur.Number != 0 {
		if served, err = s.Requests(ctx, name, cur.After, cur.Upto, limits.Requests); err != nil {
			return err
		}
	}
	if next, err = s.Requests(ctx, name, max(cur.Upto, site.Served), site.Accepted, limits.Requests); err != nil {
		return err
	}
	if scheduled, err = s.ScheduledRequests(ctx, name, limits.Requests+1); err != nil {
		return err
	}
	d.MoreScheduled = len(scheduled) > limits.Requests
	d.Served, d.Next, d.Scheduled = d.Requests(served), d.Requests(next), d.Requests(scheduled[:min(len(scheduled), limits.Requests)])
	if d.Changes, err = s.PendingChanges(ctx, site, limits.Requests); err != nil {
		return err
	}
	if d.Undelivered, err = s.CountNotices(ctx, ledger.NoticeTarget{Site: name}, ledger.NoticeUndelivered); err != nil {
		return err
	}
	if d.WentOut, err = wentOut(ctx, s, d.Site, limits.WentOut); err != nil {
		return err
	}
	d.Releases, err = pastReleases(ctx, s, d.Site, limits.Releases, 0)
	return err
}

// Concerns says whether somebody made one of the requests that are not live yet.
func (d *SiteDetail) Concerns(name string) bool {
	for _, list := range [][]Request{d.Served, d.Next, d.Scheduled} {
		for i := range list { // each is nearly 4 kB
			if askedBy(list[i].Actor, name) {
				return true
			}
		}
	}
	return false
}
