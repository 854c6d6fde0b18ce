package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// page is what a page about a request is made of.
type page struct {
	Site     release.Site
	Of       Tracked
	Open     []Tracked
	Line     []Request
	Releases []Release
	Events   []Event
	Newest   int64
	Ended    time.Time
}

// turnPage reads a page, and calls between before each reading but the first.
func turnPage(ctx context.Context, s *Snapshot, id string, between func()) (p page, err error) {
	var errs []error
	note := func(err error) { errs = append(errs, err); between() }
	_, p.Of, err = s.Request(ctx, id)
	note(err)
	p.Site, err = s.Site(ctx, "www")
	note(err)
	p.Line, err = s.Requests(ctx, "www", 0, p.Site.Accepted, 100)
	note(err)
	_, p.Open, err = s.OpenRequests(ctx, "www", 100)
	note(err)
	p.Releases, err = s.Releases(ctx, "www", 100, 0)
	note(err)
	p.Events, err = s.EventsOfRelease(ctx, "www", 1, 100)
	note(err)
	p.Newest, err = s.LastEvent(ctx)
	note(err)
	p.Ended, err = s.Ended(ctx, "www", 1)
	return p, errors.Join(append(errs, err)...)
}

// snapshotHolds changes the ledger between all the readings of one answer.
func snapshotHolds(t *testing.T, l *Ledger) {
	t.Helper()
	ctx := t.Context()
	first := ask(t, l, Request{Title: "before"})
	read := func(between func()) (p page) {
		t.Helper()
		if err := l.Read(ctx, func(ctx context.Context, s *Snapshot) (err error) {
			p, err = turnPage(ctx, s, first.ID, between)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := read(func() {})
	during := read(func() { ask(t, l, Request{Title: "since"}); carry(t, l, "www") })
	if diff := cmp.Diff(before, during); diff != "" {
		t.Errorf("an answer tells of two instants (-before +while the ledger changed):\n%s", diff)
	}
	after := read(func() {})
	if after.Of.Resolution.Status != release.Live || after.Site.Served < 7 || len(after.Releases) < 7 || after.Ended.IsZero() {
		t.Errorf("the ledger did not change in between: %+v", after)
	}
}

func TestAnAnswerTellsOfOneInstantWhileTheLedgerChanges(t *testing.T) {
	snapshotHolds(t, fresh(t))
}

func TestASnapshotIsGivenBackHoweverItsReaderEnds(t *testing.T) {
	l := fresh(t)
	want := errors.New("the reader's own")
	for range 10 { // more than there are connections
		if err := l.Read(t.Context(), func(context.Context, *Snapshot) error { return want }); !errors.Is(err, want) {
			t.Fatalf("got %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		err := l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
			stop()
			_, err := s.Site(ctx, "www")
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("of a caller that went away: %v", err)
		}
		if err := l.Read(ctx, func(context.Context, *Snapshot) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Fatalf("for a caller that had gone: %v", err)
		}
	}
	// database/sql gives the connection of a caller that went away back a little later.
	eventually.Holds(t, "all connections to be given back", func() bool { return l.readers.Stats().InUse == 0 })
}

// Four readers that each ask the ledger for one connection more than there are
// would wait for one another for ever.
func TestAReaderOfASnapshotIsRefusedTheLedgerItself(t *testing.T) {
	l := fresh(t)
	for name, call := range map[string]func(context.Context) error{
		"a reading": func(ctx context.Context) error { _, err := l.Site(ctx, "www"); return err },
		"a list":    func(ctx context.Context) error { _, err := l.Requests(ctx, "www", 0, 9, 9); return err },
		"a snapshot": func(ctx context.Context) error {
			return l.Read(ctx, func(context.Context, *Snapshot) error { return nil })
		},
		"a decision": func(ctx context.Context) error { _, err := l.Decide(ctx, "www", release.Tick{}); return err },
		"a request": func(ctx context.Context) error {
			_, err := l.Accept(ctx, Request{Site: "www", Source: release.FromEditor})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, ctx := errgroup.WithContext(t.Context())
			ctx, stop := context.WithTimeout(ctx, eventually.Patience)
			defer stop()
			open := make(chan struct{}, 4)
			for range 4 {
				all.Go(func() error {
					return l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
						open <- struct{}{}
						for len(open) < 4 && ctx.Err() == nil {
							runtime.Gosched() // until every connection holds a snapshot
						}
						if err := call(ctx); !errors.Is(err, errInSnapshot) {
							return fmt.Errorf("with %d snapshots it was answered with: %w", len(open), err)
						}
						_, err := s.Site(ctx, "www")
						return err
					})
				})
			}
			if err := all.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := l.Decide(t.Context(), "www", release.Tick{Token: "t"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
