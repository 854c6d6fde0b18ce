package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Options say which sites a ledger serves, and how.
type Options struct {
	// Sites are the configured sites and their policies.
	Sites map[string]release.Policy
	// NoGroupCommit makes every decision a transaction of its own, for benchmarks of group commit.
	NoGroupCommit bool
	// Committed is told how long each commit took; nil for nobody.
	Committed func(took time.Duration)
	// Slots bound how many releases run at a time.
	Slots slots.Limits
	// Self is this process among those that share the ledger.
	Self Replica
	// follow is how often commits of others are polled; 0 for followEvery.
	follow time.Duration
}

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	reader    // by statements that are prepared once
	decisions // by the writer
	watch

	readers *sql.DB
	// prepared are the statements by which the readers read.
	prepared *statements
	follower *follower // of a ledger that several share
	closing  sync.Once
}

// sites are the configured sites, which may change while the ledger is open.
type sites struct {
	now       atomic.Pointer[served]
	documents documents
}

// served are the sites of one configuration. It never changes.
type served struct {
	policies map[string]release.Policy
	names    []string        // sorted
	closed   map[string]bool // take no requests any more
	slots    slots.Limits
}

func newServed(policies map[string]release.Policy, closed map[string]bool, limits slots.Limits) *served {
	return &served{policies: maps.Clone(policies), names: slices.Sorted(maps.Keys(policies)), closed: maps.Clone(closed), slots: limits}
}

// Serve replaces the sites, policies and limits from the next decision on, all at once. A
// closed site takes no requests; its history is kept, and its running release is followed to
// its end.
func (l *Ledger) Serve(policies map[string]release.Policy, closed map[string]bool, limits slots.Limits) {
	l.sites.now.Store(newServed(policies, closed, limits))
	l.wake(l.everything())
}

// Open opens the ledger in a database, brings its tables up to date, and keeps other
// processes off it until Close, which closes the engine too. It fails with an *InUse when
// another process has it, with an *Unavailable when it can't be written, and with
// ErrDamaged when the file is not a whole ledger.
func Open(ctx context.Context, engine database.Engine, opts Options) (*Ledger, error) {
	writer, readers, err := engine.Connect(ctx)
	if err != nil {
		return nil, err
	}
	prepared := &statements{db: readers, byDriver: !engine.Traits().Prepared}
	l := &Ledger{
		reader:  newReader(access{q: prepared, engine: engine, sites: &sites{}}),
		readers: readers, prepared: prepared,
	}
	l.follower = newFollower(l)
	l.sites.now.Store(newServed(opts.Sites, nil, opts.Slots))
	if err := openTables(ctx, l, writer, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger %s: %w", engine, err), engine.Close())
	}
	return l, nil
}

func openTables(ctx context.Context, l *Ledger, db *sql.DB, opts Options) error {
	if err := makeTables(ctx, db, l.engine); err != nil {
		return errors.Join(err, l.readers.Close(), db.Close())
	}
	l.readers.SetMaxOpenConns(readConnections)
	l.readers.SetMaxIdleConns(readConnections)
	if err := connectAll(ctx, l.readers); err != nil {
		return errors.Join(fmt.Errorf("connect for reading: %w", l.engine.Explain(err)), l.readers.Close(), db.Close())
	}
	if err := checkSites(ctx, l); err != nil {
		return errors.Join(err, l.readers.Close(), db.Close())
	}
	l.writer = newWriter(ctx, db, l, opts)
	// Can the file be written at all? One that is read-only from the start stays
	// so for SQLite until every connection is closed.
	if err := l.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE sites SET state = state WHERE name = ''`)
		return err
	}); err != nil {
		l.writer.stop()
		return errors.Join(err, l.readers.Close(), l.writer.disconnect(), db.Close())
	}
	if !l.Shared() {
		close(l.follower.ended)
		return nil
	}
	if err := l.follower.begin(ctx, cmp.Or(opts.follow, followEvery)); err != nil {
		l.writer.stop()
		return errors.Join(err, l.readers.Close(), l.writer.disconnect(), db.Close())
	}
	return nil
}

// readConnections is how many reads there can be at a time.
const readConnections = 4

// connectAll opens all connections of the readers. Connections opened later would fail if
// the file's folder was moved, while the open ones go on.
func connectAll(ctx context.Context, readers *sql.DB) (err error) {
	var open []*sql.Conn
	for range readConnections {
		c, e := readers.Conn(ctx)
		if e != nil {
			err = e
			break
		}
		open = append(open, c)
	}
	for _, c := range open {
		err = errors.Join(err, c.Close()) // back to the pool
	}
	return err
}

// checkSites reads what every decision needs, so that Open finds a damaged ledger, and
// not the first request.
func checkSites(ctx context.Context, l *Ledger) error {
	for _, name := range l.SiteNames() {
		if _, err := l.Site(ctx, name); err != nil {
			return err
		}
	}
	_, err := l.LastEvent(ctx)
	return err
}

// Close finishes the decisions that wait, and closes the database.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		l.follower.stop()
		l.leave()
		l.writer.stop()
		// The writer's connection goes last: the last one out empties the
		// write-ahead log into the file, which a reader may not.
		err = errors.Join(l.readers.Close(), l.writer.disconnect(), l.writer.db.Close(), l.engine.Close())
		l.unwatch()
	})
	return err
}

// Backup writes a whole copy of the ledger to a new file while the ledger stays in use.
// Every request that was acknowledged before is in it.
func (l *Ledger) Backup(ctx context.Context, path string) error { return l.engine.Backup(ctx, path) }

// policy is the policy of a configured site.
func (s *sites) policy(site string) (release.Policy, error) { return s.now.Load().policy(site) }

func (s *served) policy(site string) (release.Policy, error) {
	p, ok := s.policies[site]
	if !ok {
		return p, fmt.Errorf("site %q: %w", site, ErrNoSite)
	}
	return p, nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

//go:embed migrations/*.sql
var migrations embed.FS

// makeTables brings the tables up to date, while no other process does.
func makeTables(ctx context.Context, db *sql.DB, engine database.Engine) (err error) {
	release, err := engine.Alone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := migrate(ctx, db, engine); err != nil {
		return err
	}
	return makeSearch(ctx, db, engine)
}

// Version is that of the tables that this program makes.
func Version() int64 {
	all := steps()
	return all[len(all)-1].Version
}

// steps are the migrations, in order. goose records which of them a ledger has; their text
// is run as it stands, for goose's reader of SQL takes 4 MB of memory for each statement
// (https://github.com/pressly/goose, internal/sqlparser).
func steps() []*goose.Migration {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // they are part of the program, as all below
	}
	var all []*goose.Migration
	for _, f := range files {
		version, err := goose.NumericComponent(f)
		if err != nil {
			panic(err)
		}
		text, err := fs.ReadFile(migrations, f)
		if err != nil {
			panic(err)
		}
		all = append(all, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, string(text))
			return err
		}}, nil))
	}
	return all
}

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB, engine database.Engine) error {
	p, err := goose.NewProvider(engine.Dialect(), db, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps()...))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	newest, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the ledger's tables: %w", engine.Explain(err))
	}
	if known := Version(); newest > known {
		return fmt.Errorf("the ledger was written by a newer Pressrun (tables of version %d, this one knows %d): use that one, or restore a backup", newest, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the ledger's tables up to date: %w", engine.Explain(err))
	}
	return nil
}
