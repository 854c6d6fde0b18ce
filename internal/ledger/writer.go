package ledger

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// maxBatch bounds how many decisions share a commit.
const maxBatch = 1024

// op is one decision that waits for the writer.
type op struct {
	// run decides. It is called again when a batch had to be split. It may return an
	// error only before its first write.
	run  func(*batch) error
	done chan error
	// site and key are those of the request that run accepts, if any: the keys of a batch
	// are looked up together.
	site, key string
	// fence is the claim under which it is made; nil for none.
	fence *fence
}

// writer makes all writes. Its goroutine alone uses its connection and statements.
type writer struct {
	ledger *Ledger
	db     *sql.DB
	conn   *sql.Conn // nil when it has to connect (again)
	traits database.Traits
	// self is this process among the replicas, and number that of its last transaction.
	self Replica
	// configured is the hash of the present configuration; nil for that of self.
	configured atomic.Pointer[string]
	number     int64
	stmts      map[string]*sql.Stmt
	inserts    map[insert]string
	lookUp     string // finds which of some keys of a site are known
	alone      bool   // no group commit
	// committed is told how long each commit took; nil for nobody.
	committed func(took time.Duration)
	// lastTask is the highest id given to a task: see writeOutbox.
	lastTask int64
	index    *index
	ids      ids

	ops    chan *op
	mu     sync.RWMutex // guards closed
	closed bool
	over   chan struct{}
}

func newWriter(ctx context.Context, db *sql.DB, l *Ledger, opts Options) *writer {
	w := &writer{
		ledger: l, db: db, traits: l.engine.Traits(), alone: opts.NoGroupCommit, committed: opts.Committed, index: newIndex(),
		self: opts.Self, stmts: map[string]*sql.Stmt{}, inserts: map[insert]string{}, ops: make(chan *op, maxBatch), over: make(chan struct{}),
	}
	w.lookUp = lookUpText(w.traits)
	go w.serve(context.WithoutCancel(ctx))
	return w
}

// do hands a decision to the writer and waits until it is on disk. Once handed over it is
// carried out even if the caller stops waiting; the caller then does not know its
// outcome.
func do[T any](ctx context.Context, w *writer, run func(*batch) (T, error)) (T, error) {
	return doFor(ctx, w, "", "", run)
}

// doFor is do for a decision that accepts a request with a key.
func doFor[T any](ctx context.Context, w *writer, site, key string, run func(*batch) (T, error)) (T, error) {
	var decided, none T
	o := &op{done: make(chan error, 1), site: site, key: key}
	if f, ok := fenceOf(ctx); ok && w.traits.Shared {
		o.fence = &f
	}
	o.run = func(b *batch) (err error) {
		decided, err = run(b)
		return err
	}
	if err := w.enqueue(ctx, o); err != nil {
		return none, err
	}
	select {
	case err := <-o.done:
		return decided, err
	case <-ctx.Done():
		return none, ctx.Err() // the writer may still set decided
	}
}

// act is do for a decision without a result.
func (w *writer) act(ctx context.Context, run func(*batch) error) error {
	_, err := do(ctx, w, func(b *batch) (struct{}, error) { return struct{}{}, run(b) })
	return err
}

func (w *writer) enqueue(ctx context.Context, o *op) error {
	if err := outsideSnapshot(ctx); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.ops <- o:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop refuses further decisions, and returns when those that wait are carried out.
func (w *writer) stop() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.ops)
	}
	w.mu.Unlock()
	<-w.over
}

// serve carries out decisions until the ledger closes.
func (w *writer) serve(ctx context.Context) {
	defer close(w.over)
	ops := make([]*op, 0, maxBatch)
	for {
		first, open := w.next()
		if !open {
			return
		}
		w.carryOut(ctx, append(ops[:0], first))
		w.index.tried()
	}
}

// gather adds the decisions that wait. It is called once the transaction has begun: more
// may have come while the lock was awaited.
func (w *writer) gather(ops []*op) []*op {
	for len(ops) < maxBatch && !w.alone {
		more, ok := w.ready()
		if !ok {
			break
		}
		ops = append(ops, more)
	}
	if !w.alone && w.index.op == nil && w.index.late() {
		ops = append(ops, w.index.fill())
	}
	return ops
}

// next waits for a decision; false when the ledger closes. When there is none it may
// return the writer's own, to fill the index.
func (w *writer) next() (*op, bool) {
	select {
	case first, open := <-w.ops:
		return first, open
	case <-w.index.timer.C:
		return w.index.fill(), true
	}
}

func (w *writer) ready() (*op, bool) {
	select {
	case o, ok := <-w.ops:
		return o, ok
	default:
		return nil, false
	}
}

// carryOut commits a decision together with all that wait. If the transaction fails because
// of one of them, each is tried alone, so that one can't fail the rest.
func (w *writer) carryOut(ctx context.Context, first []*op) {
	ops, errs, err := w.commit(ctx, first, w.gather)
	if err == nil {
		for i, o := range ops {
			o.done <- errs[i]
		}
		return
	}
	_, medium := errors.AsType[*Unavailable](err)
	if _, unknown := errors.AsType[*Unknown](err); unknown {
		medium = true // callers repeat their requests, by their keys
	}
	for _, o := range ops {
		if medium || len(ops) == 1 {
			o.done <- err
			continue
		}
		_, one, err := w.commit(ctx, []*op{o}, nil)
		if err != nil {
			o.done <- err
			continue
		}
		o.done <- one[0]
	}
}

// commit runs decisions in one transaction, with those that gather adds once it has begun.
// It returns all of them and the refusal of each; err is set when nothing was committed.
func (w *writer) commit(ctx context.Context, ops []*op, gather func([]*op) []*op) (all []*op, refusals []error, err error) {
	at, err := w.start(ctx)
	if gather != nil {
		ops = gather(ops)
	}
	if err != nil {
		return ops, nil, err
	}
	refusals, err = w.decide(ctx, at, ops)
	return ops, refusals, err
}

// decide runs the decisions in the transaction that has begun, and ends it.
func (w *writer) decide(ctx context.Context, at time.Time, ops []*op) (refusals []error, err error) {
	b := &batch{work: work{ctx: ctx, w: w}, now: at, sites: map[string]*loaded{}}
	refusals = make([]error, len(ops))
	b.lookUpKeys(ops)
	for i, o := range ops {
		if b.broken != nil {
			break
		}
		if o.fence != nil {
			if refusals[i] = b.checkFence(*o.fence); refusals[i] != nil {
				continue
			}
		}
		refusals[i] = o.run(b)
	}
	if b.broken == nil {
		b.flush()
	}
	if b.broken == nil {
		began := time.Now()
		if b.broken = w.end(b); b.broken == nil && w.committed != nil {
			w.committed(time.Since(began))
		}
	}
	if b.broken == nil {
		// Checked last, so that no write into a removed file is acknowledged.
		if err := w.ledger.engine.Here(); err != nil {
			return nil, err
		}
	}
	if unknown, ok := errors.AsType[*Unknown](b.broken); ok {
		return nil, unknown
	}
	if b.broken != nil {
		// SQLite may have rolled back by itself (https://sqlite.org/lang_transaction.html):
		// then this fails, and there is nothing to undo.
		_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
		if w.ledger.engine.Stuck(b.broken) {
			return nil, errors.Join(w.ledger.engine.Explain(b.broken), w.disconnect())
		}
		return nil, w.ledger.engine.Explain(b.broken)
	}
	w.index.committed(b)
	if b.changed {
		w.ledger.wake(b.changeSet())
	}
	return refusals, nil
}

// Ready checks that the ledger can be written now, by writing the time: SQLite skips
// writes that change nothing. It fails with an *Unavailable if not.
func (l *Ledger) Ready(ctx context.Context) error {
	return l.writer.act(ctx, func(b *batch) error {
		changed := b.changed
		_, err := b.exec(`INSERT INTO used_names (name, until_us) VALUES ('ready', $1) ON CONFLICT (name) DO UPDATE SET until_us = $1`, micros(b.now))
		b.changed = changed // nobody is to be woken
		return err
	})
}
