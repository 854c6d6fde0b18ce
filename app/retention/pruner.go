package retention

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/retention"
	"github.com/pressrun/pressrun/internal/sleep"
)

const (
	// first is the wait before the first pass, and every the time between two.
	first = 10 * time.Minute
	every = time.Hour
	// rest is the time between two transactions of a pass, so that a pass takes a small
	// part of the writer's time, however much there is to remove.
	rest = 25 * time.Millisecond
	// shrinkBy is how many pages of 4 KiB one transaction gives back.
	shrinkBy = 64
)

// Rows are what a Pruner needs of a ledger.Retention.
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
	// Folder is where the files with the removed rows are.
	Folder string
	Log    *slog.Logger
	// Removed is called after each removal of rows, Failed after a pass that failed.
	Removed func(table string, rows int)
	Failed  func()
}

// Pruner removes old history.
type Pruner struct{ Options }

// New makes a Pruner.
func New(o Options) *Pruner { return &Pruner{o} }

// Run makes a pass each hour until ctx ends.
func (p *Pruner) Run(ctx context.Context) {
	for next := first; sleep.For(ctx, next) == nil; next = every {
		removed, err := p.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			p.Failed()
			p.Log.Error("old history could not be removed, and is tried again in an hour", "error", err)
		}
		if removed > 0 {
			p.Log.Info("old history was removed", "rows", removed, "folder", p.Folder)
		}
	}
}

// Pass removes the rows that may go now, and gives their number.
func (p *Pruner) Pass(ctx context.Context) (removed int, err error) {
	if !p.Policy.On() {
		return 0, nil
	}
	names, err := p.Rows.Sites(ctx)
	if err != nil {
		return 0, err
	}
	out := newExport(p.Folder)
	for _, name := range append(names, "") { // "": the rows of no site
		n, err := p.site(ctx, out, name)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, p.shrink(ctx)
}

func (p *Pruner) site(ctx context.Context, out *export, name string) (removed int, err error) {
	now := ledger.Now()
	past := ledger.Past{Site: name, Before: p.Policy.Before(now), HooksBefore: p.Policy.HooksBefore(now)}
	if name != "" {
		if past.Removed, err = p.Rows.Cut(ctx, name, p.Policy); err != nil {
			return 0, err
		}
	}
	for _, table := range ledger.OldTables {
		past.After = nil
		for {
			n, err := p.step(ctx, out, table, &past)
			removed += n
			if err != nil {
				return removed, err
			}
			if n == 0 {
				break
			}
			if sleep.For(ctx, rest) != nil {
				return removed, ctx.Err()
			}
		}
	}
	return removed, nil
}

// step exports some rows, and then removes them.
func (p *Pruner) step(ctx context.Context, out *export, table ledger.OldTable, past *ledger.Past) (int, error) {
	rows, err := p.Rows.Old(ctx, table, *past)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := out.write(table, past.Site, rows); err != nil {
		return 0, fmt.Errorf("write old rows to %s: %w; none of them was removed", p.Folder, err)
	}
	if err := p.Rows.Remove(ctx, table, past.Site, rows); err != nil {
		return 0, fmt.Errorf("remove old rows of %s: %w", table, err)
	}
	past.After = rows[len(rows)-1].Key
	p.Removed(string(table), len(rows))
	return len(rows), nil
}

// shrink gives the free pages of the ledger's file back to the disk, until no more can be.
func (p *Pruner) shrink(ctx context.Context) error {
	for before := int64(-1); ; {
		free, err := p.Rows.Free(ctx)
		if err != nil || free == 0 || free == before {
			return err
		}
		before = free
		if err := p.Rows.Shrink(ctx, shrinkBy); err != nil {
			return fmt.Errorf("shrink the ledger's file: %w", err)
		}
		if sleep.For(ctx, rest) != nil {
			return ctx.Err()
		}
	}
}
