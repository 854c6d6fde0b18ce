package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/pressrun/pressrun/internal/release"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options say where the ledger is and which sites it serves.
type Options struct {
	// Path is the database file; beside it come -wal, -shm and .lock.
	Path string
	// Sites are the configured sites and their policies.
	Sites map[string]release.Policy
	// NoGroupCommit makes every decision a transaction of its own. It is
	// there to be measured against.
	NoGroupCommit bool
}

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	reader // by statements that are prepared once

	path    string
	lock    *os.File
	writer  *writer
	readers *sql.DB
	watch   watch
	closing sync.Once
}

// sites are the configured sites.
type sites struct {
	policies  map[string]release.Policy
	documents documents
}

// InUse says that another process has the ledger open.
type InUse struct{ Path, Holder string }

func (i *InUse) Error() string {
	if i.Holder == "" {
		return fmt.Sprintf("%s: another Pressrun is using this ledger", i.Path)
	}
	return fmt.Sprintf("%s: another Pressrun (%s) is using this ledger; stop it first, or give this one a state folder of its own", i.Path, i.Holder)
}

// Open opens the ledger, making it if it is not there, brings its tables up
// to date, and keeps other processes off it until Close. It fails with an
// *InUse when another process has it, with an *Unavailable when the file can't
// be written, and with ErrDamaged when it is no ledger any more.
func Open(ctx context.Context, opts Options) (*Ledger, error) {
	path, err := place(opts.Path)
	if err != nil {
		return nil, err
	}
	if err := keepLocks(); err != nil {
		return nil, err
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, lock: lock, reader: reader{sites: &sites{policies: maps.Clone(opts.Sites)}}}
	err = private(path)
	if err == nil {
		err = l.open(ctx, sqliteAt(path), opts.NoGroupCommit)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger %s: %w", path, err), lock.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, e engine, alone bool) error {
	db, err := sql.Open(e.driver, e.writing)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	db.SetMaxOpenConns(1)
	if e.dialect == goose.DialectSQLite3 {
		if err := readable(ctx, db); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	if err := migrate(ctx, db, e.dialect); err != nil {
		return errors.Join(err, db.Close())
	}
	l.readers, err = sql.Open(e.driver, e.reading)
	if err != nil {
		return errors.Join(fmt.Errorf("connect for reading: %w", err), db.Close())
	}
	l.readers.SetMaxOpenConns(4)
	l.readers.SetMaxIdleConns(4)
	l.q = &statements{db: l.readers}
	if err := l.check(ctx); err != nil {
		return errors.Join(err, l.readers.Close(), db.Close())
	}
	l.writer = newWriter(ctx, db, e.begin, l, alone)
	// Can the file be written at all? One that is read-only from the start stays
	// so for SQLite until every connection is closed.
	if err := l.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE sites SET state = state WHERE name = ''`)
		return err
	}); err != nil {
		l.writer.stop()
		return errors.Join(err, l.readers.Close(), l.writer.disconnect(), db.Close())
	}
	return nil
}

// check reads what every decision needs, so that a damaged ledger is found
// when it is opened and not by the first who asks.
func (l *Ledger) check(ctx context.Context) error {
	for name := range l.sites.policies {
		if _, err := l.Site(ctx, name); err != nil {
			return err
		}
	}
	_, err := l.LastEvent(ctx)
	return err
}

// Close finishes the decisions that wait, and lets go of the file.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		l.writer.stop()
		// The writer's connection goes last: the last one out empties the
		// write-ahead log into the file, which a reader may not.
		err = errors.Join(l.readers.Close(), l.writer.disconnect(), l.writer.db.Close())
		if l.lock != nil {
			err = errors.Join(err, l.lock.Close())
		}
		l.watch.close()
	})
	return err
}

// policy is that of a configured site.
func (s *sites) policy(site string) (release.Policy, error) {
	p, ok := s.policies[site]
	if !ok {
		return p, fmt.Errorf("site %q: %w", site, ErrNoSite)
	}
	return p, nil
}

// newID makes an id that sorts by time: 48 bits of milliseconds, 72 of chance.
func newID(prefix string, now time.Time) string {
	var b [15]byte
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // G115: one byte after the other
	}
	if _, err := rand.Read(b[6:]); err != nil {
		panic(err) // crypto/rand never fails: see its documentation
	}
	return prefix + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
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

// now is the time to decide by, as precise as it is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
