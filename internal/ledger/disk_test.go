package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/pressrun/pressrun/internal/release"
)

// pragma sets something on the writer's own connection.
func pragma(t *testing.T, l *Ledger, text string) {
	t.Helper()
	if err := l.writer.act(t.Context(), func(b *batch) error {
		_, err := b.w.conn.ExecContext(b.ctx, text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// askUntilFull asks from many goroutines until each was told that nothing can
// be written, and gives the ids that were acknowledged.
func askUntilFull(t *testing.T, l *Ledger) (acknowledged []string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				r, _, err := l.Ask(t.Context(), Request{Site: "www", Key: fmt.Sprintf("full-%d-%d", g, i), Source: release.FromContent, Reason: strings.Repeat("x", 2000)})
				if err != nil {
					u, ok := errors.AsType[*Unavailable](err)
					if !ok || u.Why != "the disk is full" {
						t.Errorf("got %v, want the disk is full", err)
					}
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, r.ID)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acknowledged
}

// mustHoldExactly says that what was acknowledged is there, and nothing else.
func mustHoldExactly(t *testing.T, l *Ledger, acknowledged []string) {
	t.Helper()
	there := map[string]bool{}
	for _, r := range allRequests(t, l, "www") {
		there[r.ID] = true
	}
	for _, id := range acknowledged {
		if !there[id] {
			t.Errorf("request %s was acknowledged and is lost", id)
		}
		delete(there, id)
	}
	if len(there) != 0 {
		t.Errorf("%d requests are there that nobody acknowledged", len(there))
	}
	mustBeSound(t, l, "www")
}

func TestNothingIsAcknowledgedOnAFullDiskAndServingResumesByItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	pragma(t, l, "PRAGMA max_page_count = 200")
	acknowledged := askUntilFull(t, l)
	mustHoldExactly(t, l, acknowledged)
	if _, _, err := l.Ask(t.Context(), Request{Site: "www", Source: release.FromEditor, Reason: strings.Repeat("x", 1<<20)}); !errors.As(err, new(*Unavailable)) {
		t.Errorf("still full, and %v", err)
	}
	pragma(t, l, "PRAGMA max_page_count = 100000")
	acknowledged = append(acknowledged, ask(t, l, Request{}).ID)
	mustHoldExactly(t, l, acknowledged)
	carry(t, l, "www")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	mustHoldExactly(t, open(t, path), acknowledged)
}

func TestAReadOnlyFileIsUnavailableUntilItCanBeWritten(t *testing.T) {
	l := fresh(t)
	first := ask(t, l, Request{})
	pragma(t, l, "PRAGMA query_only = ON")
	_, _, err := l.Ask(t.Context(), Request{Site: "www", Source: release.FromEditor})
	if u, ok := errors.AsType[*Unavailable](err); !ok || u.Why != "the ledger's file is read-only" {
		t.Errorf("got %v", err)
	}
	// The next one begins on a connection of its own, which can write.
	mustHoldExactly(t, l, []string{first.ID, ask(t, l, Request{}).ID})
}

func TestAConnectionThatCannotBeginIsReplaced(t *testing.T) {
	l := fresh(t)
	pragma(t, l, "COMMIT; BEGIN; SELECT 1") // leaves it in a transaction after ours has ended
	if err := l.writer.act(t.Context(), func(b *batch) error {
		_, err := b.w.conn.ExecContext(b.ctx, "COMMIT") // so that ours fails at its end
		return err
	}); err == nil {
		t.Error("a transaction that was ended behind its back was acknowledged")
	}
	ask(t, l, Request{})
	if err := l.writer.act(t.Context(), func(b *batch) error { return errors.Join(b.w.disconnect(), b.w.start(b.ctx)) }); err != nil {
		t.Fatal(err)
	}
	ask(t, l, Request{})
	mustBeSound(t, l, "www")
}

func TestADamagedFileIsToldWhenItIsOpened(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, whole)
	for range 200 {
		ask(t, l, Request{Reason: strings.Repeat("words ", 100)})
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{
		"no database":  []byte(strings.Repeat("these are not the bytes of a database. ", 200)),
		"cut short":    good[:len(good)/2],
		"header lost":  append(make([]byte, 100), good[100:]...),
		"pages zeroed": append(append([]byte{}, good[:4096]...), make([]byte, len(good)-4096)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pressrun.db")
			if err := os.WriteFile(path, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), Options{Path: path, Sites: policies("www")})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("opened: %v", err)
			}
			if err := Verify(t.Context(), path); !errors.Is(err, ErrDamaged) {
				t.Errorf("verified: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(bytes) {
				t.Errorf("the damaged file was changed (%v)", err)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil { // restore
				t.Fatal(err)
			}
			if got := len(allRequests(t, open(t, path), "www")); got != 200 {
				t.Errorf("restored: %d requests", got)
			}
		})
	}
}

func TestNobodyElseCanReadTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "pressrun.db")
	l := open(t, path)
	ask(t, l, Request{})
	mustBePrivate := func() {
		t.Helper()
		for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode().Perm(), want, err)
			}
		}
	}
	mustBePrivate()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a closed ledger is not one file: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	ask(t, open(t, path), Request{})
	mustBePrivate()
}

func TestPathsWithOddCharactersAreTakenAsTheyAre(t *testing.T) {
	for _, name := range []string{"a b.db", "50%25.db", "what?mode=memory", "a#b.db", "file:x.db", "ä&=+.db"} {
		path := filepath.Join(t.TempDir(), name)
		ask(t, open(t, path), Request{})
		if err := Verify(t.Context(), path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTheSettingsOfTheConnectionsAreInForce(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	if !sqlite.OFDLockingEnabled() && os.Getenv("CI") == "true" {
		t.Error("locks belong to the process, not to the open file")
	}
	settings := func(conn *sql.Conn, want map[string]string) {
		t.Helper()
		for name, value := range want {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != value {
				t.Errorf("%s is %q, want %q (%v)", name, got, value, err)
			}
		}
		var n int
		if err := conn.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM sites WHERE name = "nope"`).Scan(&n); err == nil {
			t.Error("a name in double quotes is taken for a text")
		}
	}
	if err := l.writer.act(t.Context(), func(b *batch) error {
		settings(b.w.conn, map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0", "journal_size_limit": "16777216"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.writer.act(t.Context(), func(b *batch) error {
		_, err := b.w.conn.ExecContext(b.ctx, `PRAGMA writable_schema = ON; DELETE FROM sqlite_schema`)
		return err
	}); err == nil || !strings.Contains(err.Error(), "may not be modified") {
		t.Errorf("the schema can be overwritten: %v", err)
	}
	reader, err := l.readers.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	settings(reader, map[string]string{"journal_mode": "wal", "query_only": "1", "busy_timeout": "5000"})
	if _, err := reader.ExecContext(t.Context(), `UPDATE sites SET state = ''`); err == nil {
		t.Error("a reader can write")
	}
}

// A reader that takes long keeps SQLite from using the write-ahead log again
// from its start. Once it has gone, the log shrinks to its limit by itself.
func TestTheLogShrinksAfterALongReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	ask(t, l, Request{})
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	fill := func(megabytes int) {
		t.Helper()
		if err := l.writer.act(t.Context(), func(b *batch) error {
			for range megabytes {
				b.event(Event{Why: strings.Repeat("x", 1<<20)})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	reader, err := l.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM events`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		fill(4)
	}
	grown := size()
	if grown < 24<<20 {
		t.Fatalf("the log has %d bytes: this does not test what it should", grown)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	stop()
	for range 3 {
		ask(t, l, Request{})
	}
	if now := size(); now > 16<<20 {
		t.Errorf("the log had %d bytes and still has %d", grown, now)
	}
}
