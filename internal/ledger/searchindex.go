package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// The search index of requests is written after them: in the transaction of a request it
// would cost a sixth of its CPU time, and as many bytes on disk as all else. Its progress
// is kept beside it, as the id of the last event whose request it has: each request has
// one event of its acceptance, in order. So after a crash the index catches up.

const (
	// indexAtOnce is how many events one transaction indexes, and indexBehind how many
	// requests the index may be behind before the next batch must fill it, however busy
	// the writer is.
	indexAtOnce = 1000
	indexBehind = 500
	// indexWait is how long the index may be behind.
	indexWait = time.Second
	// indexAgain is the wait after the index could not be written.
	indexAgain = time.Minute
)

// index tracks how far behind the index is. The writer's goroutine alone uses all fields
// but behind.
type index struct {
	behind atomic.Int64 // requests that the index lacks, at most
	timer  *time.Timer
	op     *op       // the decision under way that fills it
	rest   time.Time // no try before, since the last one failed
}

func newIndex() *index {
	x := &index{timer: time.NewTimer(indexWait)}
	x.behind.Store(1) // a killed app may have left requests behind
	return x
}

// Indexed brings the index of requests up to date: Search then finds all that were
// acknowledged before.
func (l *Ledger) Indexed(ctx context.Context) error {
	if l.writer.index.behind.Load() == 0 && !l.Shared() { // behind does not count requests that others accepted
		return nil
	}
	last, err := l.LastEvent(ctx)
	for upto := int64(0); err == nil && upto < last; {
		upto, err = do(ctx, l.writer, (*batch).fillIndex)
	}
	if err != nil {
		return fmt.Errorf("bring the index of requests up to date: %w", err)
	}
	return nil
}

// fillIndex puts the next requests into the index, and returns the id of the last event
// that it indexed.
func (b *batch) fillIndex() (upto int64, err error) {
	changed := b.changed
	var from, last int64
	if err := b.queryRow(`SELECT (SELECT event_id FROM request_search_upto), (SELECT COALESCE(MAX(id), 0) FROM events)`, nil, &from, &last); err != nil {
		return 0, err
	}
	upto = min(last, from+indexAtOnce)
	if upto > from {
		if _, err := b.exec(indexText, from, upto, KindAccepted, KindScheduled); err != nil {
			return 0, err
		}
		if _, err := b.exec(`UPDATE request_search_upto SET event_id = $1`, upto); err != nil {
			return 0, err
		}
	}
	b.changed = changed // nobody is to be woken
	b.indexed, b.allIndexed = true, upto == last
	return upto, nil
}

// searchedText is the SQL expression of a request's searched text: all that a person may
// remember of it.
const searchedText = `requests.title || '
' || requests.entity || '
' || requests.link || '
' || requests.actor || '
' || requests.reason || '
' || requests.id`

const indexText = `INSERT INTO request_search (site, request_id, words)
	SELECT requests.site, requests.id, ` + searchedText + ` FROM events JOIN requests ON requests.id = events.request_id
	WHERE events.id > $1 AND events.id <= $2 AND (events.kind = $3 OR events.kind = $4) ORDER BY events.id`

// committed counts the requests that a batch added, and those that it indexed.
func (x *index) committed(b *batch) {
	left := int64(len(b.requests))
	if !b.allIndexed {
		left += x.behind.Load()
	}
	if before := x.behind.Swap(left); left > 0 && (before == 0 || b.indexed) {
		x.timer.Reset(indexWait)
	}
}

// late says whether the next batch has to fill the index, however busy it is.
func (x *index) late() bool { return x.behind.Load() >= indexBehind && time.Now().After(x.rest) }

// fill is the decision that fills the index. Nobody waits for it: see tried.
func (x *index) fill() *op {
	x.op = &op{done: make(chan error, 1), run: func(b *batch) error {
		_, err := b.fillIndex()
		return err
	}}
	return x.op
}

// tried takes the result of filling the index. If the index can't be written, requests
// are accepted all the same, and are not found until it can.
func (x *index) tried() {
	if x.op == nil {
		return
	}
	if err := <-x.op.done; err != nil {
		x.rest = time.Now().Add(indexAgain)
		x.timer.Reset(indexAgain)
	}
	x.op = nil
}

// makeSearch makes the search index in a ledger that has none yet, of all its requests.
// It is not a migration, since each database has its own kind of index.
func makeSearch(ctx context.Context, db *sql.DB, engine database.Engine) error {
	var steps []string
	var n int64
	if db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM request_search LIMIT 1) AS one`).Scan(&n) != nil {
		steps = append(engine.Search().Make, `INSERT INTO request_search (site, request_id, words) SELECT site, id, `+searchedText+` FROM requests ORDER BY id`,
			`DROP TABLE IF EXISTS request_search_upto`)
	}
	if len(steps) > 0 || db.QueryRowContext(ctx, `SELECT event_id FROM request_search_upto`).Scan(&n) != nil {
		steps = append(steps, `CREATE TABLE request_search_upto (event_id BIGINT NOT NULL)`,
			`INSERT INTO request_search_upto (event_id) SELECT COALESCE(MAX(id), 0) FROM events`)
	}
	if steps = append(steps, engine.Search().Also...); len(steps) == 0 {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to make the index of requests: %w", engine.Explain(err))
	}
	defer func() { _ = tx.Rollback() }() // it does nothing after a commit
	for _, text := range steps {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("make the index of requests: %w", engine.Explain(err))
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("make the index of requests: %w", engine.Explain(err))
	}
	return nil
}
