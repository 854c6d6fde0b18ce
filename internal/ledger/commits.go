package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// changeSet says what a transaction changed, for those who wait for changes in this and in
// other replicas. Its JSON is stored in the table commits.
type changeSet struct {
	// Sites are those whose state or requests may have changed.
	Sites []string `json:"sites,omitempty"`
	// Events are the sites and kinds of the events, each pair once.
	Events []eventKind `json:"told,omitempty"`
	// Notices are the sites that have a notice to send.
	Notices []string `json:"noticed,omitempty"`
	// Outbox says that tasks came into the outbox.
	Outbox bool `json:"outbox,omitempty"`
	// All says that anything may have changed.
	All bool `json:"-"`
}

type eventKind struct {
	Site string `json:"site"`
	Kind string `json:"kind"`
}

// changeSet collects what a batch changed.
func (b *batch) changeSet() changeSet {
	n := changeSet{Notices: b.noticed, Outbox: len(b.outbox) > 0}
	for name := range b.sites {
		n.Sites = append(n.Sites, name)
	}
	var last eventKind
	for _, e := range b.events {
		one := eventKind{e.Site, e.Kind}
		if one == last || slices.Contains(n.Events, one) {
			continue // a burst has the same pair a thousand times
		}
		n.Events, last = append(n.Events, one), one
	}
	return n
}

const (
	// keepCommits is how many transactions a replica can be behind before it must assume
	// that everything has changed.
	keepCommits = 5000
	// pruneEvery is the number of transactions after which old ones are dropped.
	pruneEvery = 100
	// followEvery is how often a replica polls for commits of others, also where the
	// database notifies it.
	followEvery = time.Second
	// followPause is the least time between two polls.
	followPause = 5 * time.Millisecond
	// followAtOnce is how many transactions are read at a time.
	followAtOnce = 500
)

// publish writes what the batch changed, for the other replicas. The lock of the batch makes
// its number the next one, and visible in its order.
func publish(b *batch) error {
	doc, err := json.Marshal(b.changeSet())
	if err != nil {
		return fmt.Errorf("write the changes for other replicas: %w", err)
	}
	if _, err := b.exec(`INSERT INTO commits (number, replica, doc) SELECT COALESCE(MAX(number), 0) + 1, $1, $2 FROM commits`, b.w.self.ID, string(doc)); err != nil {
		return err
	}
	if b.w.number%pruneEvery != 0 {
		return nil
	}
	_, err = b.exec(`DELETE FROM commits WHERE number <= (SELECT MAX(number) FROM commits) - $1`, keepCommits)
	return err
}

// follower wakes those who wait at this replica when another one commits.
type follower struct {
	ledger *Ledger
	heard  chan struct{}      // another replica may have committed
	end    context.CancelFunc // stops it
	ended  chan struct{}
}

// newFollower makes a follower that follows nothing before begin.
func newFollower(l *Ledger) *follower {
	return &follower{ledger: l, heard: make(chan struct{}, 1), end: func() {}, ended: make(chan struct{})}
}

// begin follows the others from their newest commit on.
func (f *follower) begin(ctx context.Context, every time.Duration) error {
	last, err := f.ledger.lastCommit(ctx)
	if err != nil {
		return err
	}
	following, end := context.WithCancel(context.WithoutCancel(ctx))
	f.end = end
	go f.follow(following, last, every)
	return nil
}

// stop ends the following, and returns when it has ended.
func (f *follower) stop() {
	f.end()
	<-f.ended
}

// listen polls as soon as another replica notifies this one of a commit, where the database can.
func (f *follower) listen(ctx context.Context) {
	tells, ok := f.ledger.engine.(database.Listener)
	if !ok {
		return
	}
	tells.Listen(ctx, func(from string) {
		if from != "" && from == f.ledger.writer.self.ID {
			return
		}
		select {
		case f.heard <- struct{}{}:
		default:
		}
	})
}

// follow wakes those who wait here when other replicas commit, until the ledger closes.
func (f *follower) follow(ctx context.Context, after int64, every time.Duration) {
	defer close(f.ended)
	var listening sync.WaitGroup
	listening.Go(func() { f.listen(ctx) })
	defer listening.Wait()
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-f.heard:
		}
		for more := true; more && ctx.Err() == nil; {
			var err error
			if after, more, err = f.catchUp(ctx, after); err != nil {
				break // the next poll tries again
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

// catchUp wakes for the commits after a number, at most followAtOnce, and says whether
// there may be more.
func (f *follower) catchUp(ctx context.Context, after int64) (upto int64, more bool, err error) {
	rows, err := f.ledger.q.QueryContext(ctx, `SELECT number, replica, doc FROM commits WHERE number > $1 ORDER BY number LIMIT CAST($2 AS BIGINT)`, after, followAtOnce)
	if err != nil {
		return after, false, fmt.Errorf("read what other replicas committed: %w", f.ledger.engine.Explain(err))
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var number int64
		var replica, doc string
		if err := rows.Scan(&number, &replica, &doc); err != nil {
			return after, false, fmt.Errorf("read what other replicas committed: %w", err)
		}
		var what changeSet
		switch {
		case number != after+1, json.Unmarshal([]byte(doc), &what) != nil:
			// Some were pruned already, or another version wrote it: anything may have changed.
			f.ledger.wake(f.ledger.everything())
		case replica != f.ledger.writer.self.ID:
			f.ledger.wake(what)
		}
		after = number
		n++
	}
	if err := rows.Err(); err != nil {
		return after, false, fmt.Errorf("read what other replicas committed: %w", f.ledger.engine.Explain(err))
	}
	return after, n == followAtOnce, nil
}

// everything is the changeSet that says that anything may have changed.
func (l *Ledger) everything() changeSet {
	return changeSet{Sites: l.SiteNames(), Outbox: true, All: true}
}

// lastCommit is the number of the newest transaction in the table commits.
func (r reader) lastCommit(ctx context.Context) (number int64, err error) {
	if err := r.q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM commits`).Scan(&number); err != nil {
		return 0, fmt.Errorf("read the newest commit: %w", r.engine.Explain(err))
	}
	return number, nil
}
