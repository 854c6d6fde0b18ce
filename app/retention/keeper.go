package retention

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/retention"
)

const (
	// first is when the first pass begins, and every the time between two.
	first = 10 * time.Minute
	every = time.Hour
	// rest is the time between two transactions of a pass: it takes a small part of the
	// writer's time, however much there is to remove.
	rest = 25 * time.Millisecond
	// shrinkBy is how many pages of 4 KiB one transaction gives back.
	shrinkBy = 64
)

// Rows are what a Keeper needs of a ledger.Retention.
type Rows interface {
	Sites(ctx context.Context) ([]string, error)
	Cut(ctx context.Context, site string, p retention.Policy) (release.Removed, error)
	Old(ctx context.Context, table ledger.OldTable, p ledger.Past) ([]ledger.OldRow, error)
	Remove(ctx context.Context, table ledger.OldTable, site string, rows []ledger.OldRow) error
	Free(ctx context.Context) (pages int64, err error)
	Shrink(ctx context.Context, pages int) error
}

// Options are what New needs.
type Options struct {
	Rows   Rows
	Policy retention.Policy
	// Folder is where the files are that tell what went.
	Folder string
	Log    *slog.Logger
	// Removed is told of rows that went, Failed of a pass that broke off.
	Removed func(table string, rows int)
	Failed  func()
}

// Keeper removes old history.
type Keeper struct{ Options }

// New makes a Keeper.
func New(o Options) *Keeper { return &Keeper{o} }

// Run makes a pass each hour until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	for next := first; pause(ctx, next); next = every {
		removed, err := k.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			k.Failed()
			k.Log.Error("old history could not be removed, and is tried again in an hour", "error", err)
		}
		if removed > 0 {
			k.Log.Info("old history was removed", "rows", removed, "folder", k.Folder)
		}
	}
}

// pause waits; false when ctx has ended.
func pause(ctx context.Context, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Pass removes what may go now, and tells how many rows went.
func (k *Keeper) Pass(ctx context.Context) (removed int, err error) {
	if !k.Policy.On() {
		return 0, nil
	}
	names, err := k.Rows.Sites(ctx)
	if err != nil {
		return 0, err
	}
	out := newExport(k.Folder)
	for _, name := range append(names, "") { // "": what is about no site
		n, err := k.site(ctx, out, name)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, k.shrink(ctx)
}

func (k *Keeper) site(ctx context.Context, out *export, name string) (removed int, err error) {
	now := ledger.Now()
	past := ledger.Past{Site: name, Before: k.Policy.Before(now), HooksBefore: k.Policy.HooksBefore(now)}
	if name != "" {
		if past.Removed, err = k.Rows.Cut(ctx, name, k.Policy); err != nil {
			return 0, err
		}
	}
	for _, table := range ledger.OldTables {
		past.After = nil
		for {
			n, err := k.step(ctx, out, table, &past)
			removed += n
			if err != nil {
				return removed, err
			}
			if n == 0 {
				break
			}
			if !pause(ctx, rest) {
				return removed, ctx.Err()
			}
		}
	}
	return removed, nil
}

// step exports some rows, and then removes them.
func (k *Keeper) step(ctx context.Context, out *export, table ledger.OldTable, past *ledger.Past) (int, error) {
	rows, err := k.Rows.Old(ctx, table, *past)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := out.write(table, past.Site, rows); err != nil {
		return 0, fmt.Errorf("write what goes to %s: %w; nothing of it was removed", k.Folder, err)
	}
	if err := k.Rows.Remove(ctx, table, past.Site, rows); err != nil {
		return 0, fmt.Errorf("remove old rows of %s: %w", table, err)
	}
	past.After = rows[len(rows)-1].Key
	k.Removed(string(table), len(rows))
	return len(rows), nil
}

// shrink gives what is free in the ledger's file back, until nothing more can be.
func (k *Keeper) shrink(ctx context.Context) error {
	for before := int64(-1); ; {
		free, err := k.Rows.Free(ctx)
		if err != nil || free == 0 || free == before {
			return err
		}
		before = free
		if err := k.Rows.Shrink(ctx, shrinkBy); err != nil {
			return fmt.Errorf("give room in the ledger's file back: %w", err)
		}
		if !pause(ctx, rest) {
			return ctx.Err()
		}
	}
}
