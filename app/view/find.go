package view

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Filter narrows a search.
type Filter string

// The filters. Mine are the requests of one person, Open those that are not live yet, Today
// those that went live today by the clock of the site.
const (
	All   Filter = ""
	Mine  Filter = "mine"
	Open  Filter = "waiting"
	Today Filter = "today"
)

// Filters lists all filters.
var Filters = []Filter{All, Mine, Open, Today}

// Search is a search at a site.
type Search struct {
	Text   string
	Filter Filter
	// Who is the person, for Mine.
	Who   string
	Limit int
}

// Found are the hits of a search at a site, newest first.
type Found struct {
	Site
	Requests []Request
	// Changes are the changes that no request covers yet.
	Changes []ledger.PendingChange
	// Release is the one whose number is the text of the search, 0 for none.
	Release int64
	// Asks is when a schedule asks for a release next; zero for never.
	Asks time.Time
	// More says that the limit left something out.
	More bool
}

// Find looks for pages, people, addresses and numbers at a site.
func (r *Reader) Find(ctx context.Context, name string, search Search) (f Found, err error) {
	if err := r.ledger.Indexed(ctx); err != nil {
		if _, full := errors.AsType[*ledger.Unavailable](err); !full {
			return f, err
		}
		// The index can't be brought up to date now: the search goes on with it as it is.
	}
	select {
	case r.searches <- struct{}{}:
		defer func() { <-r.searches }()
	case <-ctx.Done():
		return f, ctx.Err()
	}
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if f.Site, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		if slots := slotsOf(f.Site, r.schedules[name], 1); len(slots) > 0 {
			f.Asks = slots[0].At
		}
		if f.Release, err = numbered(ctx, s, f.Site, search.Text); err != nil {
			return err
		}
		found, err := candidates(ctx, s, f.Site, search)
		if err != nil {
			return err
		}
		for _, one := range found {
			if v := f.request(one.Request, one.Resolution); search.matches(v) {
				f.Requests = append(f.Requests, v)
			}
		}
		if f.More = len(f.Requests) > search.Limit; f.More {
			f.Requests = f.Requests[:search.Limit]
		}
		return f.findChanges(ctx, s, search)
	})
	return f, err
}

// candidates are the requests that a search filters: those with its words, or the last ones
// when it has none.
func candidates(ctx context.Context, s *ledger.Snapshot, of Site, search Search) ([]ledger.Tracked, error) {
	words := ledger.SearchWords(search.Text)
	if search.Filter == Mine {
		words = append(words, ledger.SearchWords(search.Who)...)
	}
	switch {
	case len(words) > 0 && search.Filter == All:
		return s.Search(ctx, of.Name, words, search.Limit+1)
	case len(words) > 0:
		return s.Search(ctx, of.Name, words, looked)
	case search.Filter == Open:
		_, open, err := s.OpenRequests(ctx, of.Name, looked)
		return open, err
	case search.Filter == Today:
		return s.LastRequests(ctx, of.Name, looked)
	}
	return nil, nil
}

// looked bounds the requests that a search filters.
const looked = 200

// matches says whether a request passes the filter.
func (q Search) matches(v Request) bool {
	switch q.Filter {
	case Mine:
		return v.AskedBy(q.Who)
	case Open:
		return v.Resolution.Status != release.Live && v.Resolution.Status != release.WasLive
	case Today:
		return v.Resolution.Status == release.Live && v.Of.Clock().Today(v.Resolution.LiveAt)
	case All:
	}
	return true
}

// numbered is the release whose number is a text, 0 for none.
func numbered(ctx context.Context, s *ledger.Snapshot, of Site, words string) (int64, error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(words), "#"), 10, 64)
	if err != nil || number < 1 || number > of.Number {
		return 0, nil //nolint:nilerr // most texts are no number
	}
	found, err := s.Releases(ctx, of.Name, 1, number+1)
	if err != nil || len(found) == 0 || found[0].Number != number {
		return 0, err
	}
	return number, nil
}

// findChanges looks through the changes that no request covers yet.
func (f *Found) findChanges(ctx context.Context, s *ledger.Snapshot, search Search) error {
	words := ledger.SearchWords(strings.ToLower(search.Text))
	if search.Filter == Today || len(words) == 0 && search.Filter == All {
		return nil
	}
	changes, err := s.PendingChanges(ctx, f.Site.Site, ledger.MaxChanges)
	if err != nil {
		return err
	}
	for _, c := range changes {
		about := strings.ToLower(strings.Join([]string{c.Title, c.Entity, c.Link, c.Actor}, "\n"))
		hit := !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(about, w) })
		if hit && (search.Filter != Mine || c.Actor == search.Who) && len(f.Changes) < search.Limit {
			f.Changes = append(f.Changes, c)
		}
	}
	return nil
}

// wentOut are the last requests that the live release brought.
func wentOut(ctx context.Context, s *ledger.Snapshot, of Site, limit int) ([]Request, error) {
	live := of.NowLive()
	if limit == 0 || live.Number == 0 || live.RollbackTo != 0 {
		return nil, nil
	}
	found, err := s.Requests(ctx, of.Name, live.After, live.Upto, limit)
	if err != nil {
		return nil, err
	}
	resolution := ledger.Resolution{Status: release.Live, Release: live.Number, LiveAt: live.Times.Complete}
	out := make([]Request, 0, len(found))
	for _, one := range found {
		out = append(out, of.request(one, resolution))
	}
	return out, nil
}

// Wire gives the hits as the API does.
func (f Found) Wire() api.Found {
	out := api.Found{Site: f.Name, Release: f.Release, Requests: Wires(f.Requests), Changes: make([]api.Change, 0, len(f.Changes)), More: f.More, TimeZone: f.Zone.String()}
	for _, c := range f.Changes {
		out.Changes = append(out.Changes, Change(c))
	}
	return out
}

// Change is a change that waits for the next release as the API gives it.
func Change(c ledger.PendingChange) api.Change {
	return api.Change{
		ID: c.ID, At: c.ChangedAt, Hook: c.Hook, Entity: c.Entity, Title: c.Title, Link: WebLink(c.Link), Actor: c.Actor, Why: c.Why,
	}
}
