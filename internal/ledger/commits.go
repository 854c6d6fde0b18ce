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

// news is what a transaction changed, for those who wait for changes, here and in other
// replicas.
type news struct {
	// Sites are those whose state or requests may have changed.
	Sites []string `json:"sites,omitempty"`
	// Told are the sites and kinds of the events, each pair once.
	Told []toldOf `json:"told,omitempty"`
	// Noticed are the sites of whose notices something is to be sent.
	Noticed []string `json:"noticed,omitempty"`
	// Outbox says that tasks came into the outbox.
	Outbox bool `json:"outbox,omitempty"`
	// All says that anything may have changed.
	All bool `json:"-"`
}

type toldOf struct {
	Site string `json:"site"`
	Kind string `json:"kind"`
}

// news tells what a batch changed.
func (b *batch) news() news {
	n := news{Noticed: b.noticed, Outbox: len(b.outbox) > 0}
	for name := range b.sites {
		n.Sites = append(n.Sites, name)
	}
	var last toldOf
	for _, e := range b.events {
		one := toldOf{e.Site, e.Kind}
		if one == last || slices.Contains(n.Told, one) {
			continue // a burst tells the same a thousand times
		}
		n.Told, last = append(n.Told, one), one
	}
	return n
}

const (
	// keepCommits is how many transactions replicas can be behind before they take
	// everything for changed.
	keepCommits = 5000
	// pruneEvery is after how many transactions the old ones are dropped.
	pruneEvery = 100
	// followEvery is how often a replica looks for what others have committed, also where
	// nobody tells it.
	followEvery = time.Second
	// followPause is the least time between two looks.
	followPause = 5 * time.Millisecond
	// followAtOnce is how many transactions are read at a time.
	followAtOnce = 500
)

// publish writes what the batch changed, for the other replicas. The lock of the batch makes
// its number the next one, and visible in its order.
func publish(b *batch) error {
	doc, err := json.Marshal(b.news())
	if err != nil {
		return fmt.Errorf("write what was changed: %w", err)
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

// follower tells those who wait at one replica what the others commit.
type follower struct {
	ledger *Ledger
	heard  chan struct{}      // another replica may have committed
	end    context.CancelFunc // has it end
	ended  chan struct{}
}

// newFollower follows nobody yet.
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

// stop returns when nothing is followed any more.
func (f *follower) stop() {
	f.end()
	<-f.ended
}

// listen has this replica look as soon as another one says that it has committed, where the
// database passes that on.
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

// follow tells those who wait here what other replicas commit, until the ledger closes.
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
				break // the next look tries again
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

// catchUp tells of the commits after one, and says whether there may be more.
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
		var what news
		switch {
		case number != after+1, json.Unmarshal([]byte(doc), &what) != nil:
			// Some are gone already, or of another version: anything may have changed.
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

// everything is the news that anything may have changed.
func (l *Ledger) everything() news {
	return news{Sites: l.SiteNames(), Outbox: true, All: true}
}

// lastCommit is the number of the newest transaction that is told of.
func (r reader) lastCommit(ctx context.Context) (number int64, err error) {
	if err := r.q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM commits`).Scan(&number); err != nil {
		return 0, fmt.Errorf("read the newest commit: %w", r.engine.Explain(err))
	}
	return number, nil
}
