package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

const (
	// resolveLimit is how long it is looked for what became of a commit before its callers
	// are told that it is not known.
	resolveLimit = 30 * time.Second
	// resolveWait is the wait between two looks.
	resolveWait = 250 * time.Millisecond
)

// resolve finds out what became of a commit whose answer did not come: whether the
// transaction's mark is there. It looks under the lock of batches, so that the transaction is
// over, whatever the network still held back; and it commits itself, so that what it saw is
// as safe as any commit that was answered (a primary shows what its synchronous standby
// does not have yet).
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

// youngLedger is how many events a ledger has whose tables grow faster than the database
// looks at them.
const youngLedger = 50_000

// grew says whether a young ledger may have grown to twice its size, so that its database
// does well to look at it again.
func grew(b *batch) bool {
	n := b.w.number
	return b.lastEvent > 0 && b.lastEvent <= youngLedger && n&(n-1) == 0
}

// end commits a batch. On a database that several share the transaction says in itself which
// one it is, and what it changed: then its outcome can be looked for when no answer comes.
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
	b.changed = changed // a mark alone is no news
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
