package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

const (
	// resolveLimit is how long the outcome of a commit is looked for before its callers
	// get an Unknown.
	resolveLimit = 30 * time.Second
	// resolveWait is the pause between two tries.
	resolveWait = 250 * time.Millisecond
)

// resolve finds out whether a transaction was committed whose answer did not come, by its
// mark. It looks under the lock of batches, so that the transaction is certainly over; and it
// commits a transaction of its own, since a primary shows rows that its synchronous standby
// does not have yet, and that commit waits for the standby.
func (w *writer) resolve(ctx context.Context, number int64, lost error) (there bool, err error) {
	for began := time.Now(); ; {
		there, err := w.lookFor(ctx, number)
		if err == nil {
			return there, nil
		}
		if time.Since(began) > resolveLimit {
			return false, &database.Unknown{Err: errors.Join(lost, err)}
		}
		time.Sleep(resolveWait)
	}
}

func (w *writer) lookFor(ctx context.Context, number int64) (there bool, err error) {
	if err := w.disconnect(); err != nil {
		return false, err
	}
	at, err := w.start(ctx)
	if err != nil {
		return false, err
	}
	b := &batch{work: work{ctx: ctx, w: w}, now: at}
	marked, err := marked(b)
	if err == nil {
		err = mark(b, marked)
	}
	if err == nil {
		_, err = w.conn.ExecContext(ctx, w.traits.Commit)
	}
	return marked == number, err
}

// youngLedger is the number of events below which a ledger's tables grow faster than the
// database analyzes them.
const youngLedger = 50_000

// grew says whether a young ledger may have doubled in size, so that its database should
// analyze it again.
func grew(b *batch) bool {
	n := b.w.number
	return b.lastEvent > 0 && b.lastEvent <= youngLedger && n&(n-1) == 0
}

// end commits a batch. On a shared database the transaction also writes its own number and
// its changes, so that its outcome can be looked up when no answer comes.
func (w *writer) end(b *batch) error {
	if !w.traits.Shared {
		_, err := w.conn.ExecContext(b.ctx, w.traits.Commit)
		return err
	}
	w.number++
	changed := b.changed
	if !b.leaves {
		if err := mark(b, w.number); err != nil {
			return err
		}
	}
	b.changed = changed // the mark alone wakes nobody
	if changed {
		if err := publish(b); err != nil {
			return err
		}
	}
	commit := w.traits.Commit
	if changed && w.traits.Notify != "" {
		commit = fmt.Sprintf(w.traits.Notify, w.self.ID) + commit
	}
	if grew(b) {
		commit = w.traits.Analyze + commit
	}
	_, err := w.conn.ExecContext(b.ctx, commit)
	if err == nil || b.leaves {
		return err
	}
	there, unknown := w.resolve(b.ctx, w.number, err)
	if unknown != nil {
		return unknown
	}
	if !there {
		return err
	}
	return nil
}
