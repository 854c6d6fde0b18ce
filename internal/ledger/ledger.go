package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

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
	path     string
	lock     *os.File
	writer   *writer
	readers  *sql.DB
	policies map[string]release.Policy
	watch    watch
	closing  sync.Once
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
// to date, and keeps other processes off it until Close.
func Open(ctx context.Context, opts Options) (*Ledger, error) {
	if err := os.MkdirAll(filepath.Dir(opts.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	lock, err := acquire(opts.Path + ".lock")
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: opts.Path, lock: lock, policies: opts.Sites}
	if err := l.open(ctx, opts); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, opts Options) error {
	db, err := sql.Open("sqlite", dsn(opts.Path, "_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=1&_defensive=1&_dqs=0"))
	if err != nil {
		return fmt.Errorf("open %s: %w", opts.Path, err)
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db); err != nil {
		return errors.Join(explain(err), db.Close())
	}
	if err := os.Chmod(opts.Path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("keep the ledger from others' eyes: %w", err), db.Close())
	}
	l.readers, err = sql.Open("sqlite", dsn(opts.Path, "mode=ro&_query_only=1&_busy_timeout=5000"))
	if err != nil {
		return errors.Join(fmt.Errorf("open %s for reading: %w", opts.Path, err), db.Close())
	}
	l.readers.SetMaxOpenConns(4)
	l.readers.SetMaxIdleConns(4)
	l.writer, err = newWriter(ctx, db, l, opts.NoGroupCommit)
	if err != nil {
		return errors.Join(err, l.readers.Close(), db.Close())
	}
	return nil
}

// dsn begins with "file:", without which the driver drops the query before
// SQLite sees it (research: libs.md section 1).
func dsn(path, query string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

func migrate(ctx context.Context, db *sql.DB) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the ledger's tables up to date: %w", err)
	}
	return nil
}

// Close finishes the decisions that wait, and lets go of the file.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		err = errors.Join(l.writer.close(), l.readers.Close(), l.lock.Close())
		l.watch.close()
	})
	return err
}

// policy is that of a configured site.
func (l *Ledger) policy(site string) (release.Policy, error) {
	p, ok := l.policies[site]
	if !ok {
		return p, fmt.Errorf("site %q: %w", site, ErrNoSite)
	}
	return p, nil
}

// newID makes an id that sorts by time: 48 bits of milliseconds, 72 of chance.
func newID(prefix string, now time.Time) string {
	var b [15]byte
	ms := uint64(now.UnixMilli()) //nolint:gosec // milliseconds since 1970 are not negative
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
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
