package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	driver "modernc.org/sqlite"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

var sites = map[string]release.Policy{"www": release.DefaultPolicy()}

func open(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), sqlite.At(path), ledger.Options{Sites: sites})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func ask(t *testing.T, l *ledger.Ledger, r ledger.Request) {
	t.Helper()
	r.Site, r.Source = "www", release.FromEditor
	if _, err := l.Accept(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func accepted(t *testing.T, l *ledger.Ledger) int64 {
	t.Helper()
	site, err := l.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	return site.Accepted
}

func TestABackupReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "pressrun.db")
	l := open(t, own)
	ask(t, l, ledger.Request{})
	for _, path := range []string{own, filepath.Join(dir, "other")} {
		if path != own {
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Backup(t.Context(), path); err == nil {
			t.Errorf("the backup replaced %s", path)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s was changed (%v)", path, err)
		}
	}
	if err := l.Backup(t.Context(), filepath.Join(dir, "no", "such", "folder")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

func TestVerifyRefusesADamagedCopyAndWhatIsNoLedger(t *testing.T) {
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "pressrun.db"))
	for range 100 {
		ask(t, l, ledger.Request{Title: "A title that takes room"})
	}
	whole := filepath.Join(dir, "whole")
	if err := l.Backup(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	found := 0
	const page = 4096
	for at := page; at+page <= len(good); at += page {
		bad := append([]byte{}, good...)
		clear(bad[at : at+page])
		if err := os.WriteFile(damaged, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := sqlite.Verify(t.Context(), damaged); errors.Is(err, ledger.ErrDamaged) {
			found++
		} else {
			t.Errorf("page %d of %d is gone: %v", at/page, len(good)/page, err)
		}
	}
	if found < 10 {
		t.Errorf("only %d damages were tried", found)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Verify(t.Context(), empty); err == nil {
		t.Error("an empty file is a ledger")
	}
	if err := sqlite.Verify(t.Context(), filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestADamagedFileIsToldWhenItIsOpened(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, whole)
	for range 200 {
		ask(t, l, ledger.Request{Reason: strings.Repeat("words ", 100)})
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
			_, err := ledger.Open(t.Context(), sqlite.At(path), ledger.Options{Sites: sites})
			if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("opened: %v", err)
			}
			if err := sqlite.Verify(t.Context(), path); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("verified: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(bytes) {
				t.Errorf("the damaged file was changed (%v)", err)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil { // restore
				t.Fatal(err)
			}
			if got := accepted(t, open(t, path)); got != 200 {
				t.Errorf("restored: %d requests", got)
			}
		})
	}
}

func TestNobodyElseCanReadTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "pressrun.db")
	l := open(t, path)
	ask(t, l, ledger.Request{})
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
	ask(t, open(t, path), ledger.Request{})
	mustBePrivate()
}

func TestPathsWithOddCharactersAreTakenAsTheyAre(t *testing.T) {
	for _, name := range []string{"a b.db", "50%25.db", "what?mode=memory", "a#b.db", "file:x.db", "ä&=+.db"} {
		path := filepath.Join(t.TempDir(), name)
		ask(t, open(t, path), ledger.Request{})
		if err := sqlite.Verify(t.Context(), path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTheSettingsOfTheConnectionsAreInForce(t *testing.T) {
	file := sqlite.At(filepath.Join(t.TempDir(), "pressrun.db"))
	writer, readers, err := file.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(readers.Close(), writer.Close(), file.Close()); err != nil {
			t.Error(err)
		}
	})
	if !driver.OFDLockingEnabled() && os.Getenv("CI") == "true" {
		t.Error("locks belong to the process, not to the open file")
	}
	if _, err := writer.ExecContext(t.Context(), `CREATE TABLE sites (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	settings := func(db *sql.DB, want map[string]string) {
		t.Helper()
		for name, value := range want {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != value {
				t.Errorf("%s is %q, want %q (%v)", name, got, value, err)
			}
		}
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM sites WHERE name = "nope"`).Scan(&n); err == nil {
			t.Error("a name in double quotes is taken for a text")
		}
	}
	settings(writer, map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0", "journal_size_limit": "16777216"})
	settings(readers, map[string]string{"journal_mode": "wal", "query_only": "1", "busy_timeout": "5000"})
	if _, err := writer.ExecContext(t.Context(), `PRAGMA writable_schema = ON; DELETE FROM sqlite_schema`); err == nil || !strings.Contains(err.Error(), "may not be modified") {
		t.Errorf("the schema can be overwritten: %v", err)
	}
	if _, err := readers.ExecContext(t.Context(), `DELETE FROM sites`); err == nil {
		t.Error("a reader can write")
	}
}

// shrinks reads how a file is set to give free room back: 2 for by and by.
func shrinks(t *testing.T, path string) (mode int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `PRAGMA auto_vacuum`).Scan(&mode); err != nil {
		t.Fatal(err)
	}
	return mode
}

func TestANewLedgerCanShrinkAndTheBackupOfAnOldOneToo(t *testing.T) {
	dir := t.TempDir()
	fresh, old, copied := filepath.Join(dir, "new.db"), filepath.Join(dir, "old.db"), filepath.Join(dir, "copied.db")
	open(t, fresh)
	if got := shrinks(t, fresh); got != 2 {
		t.Errorf("a new ledger's file has auto_vacuum %d", got)
	}
	db, err := sql.Open("sqlite", "file:"+old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE made_before (x)`); err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	l := open(t, old)
	ask(t, l, ledger.Request{Title: "kept"})
	if free, err := l.Retention().Free(t.Context()); err != nil || free != 0 || shrinks(t, old) != 0 {
		t.Errorf("an old ledger's file has auto_vacuum %d, and %d pages to give back (%v)", shrinks(t, old), free, err)
	}
	if err := l.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if got := shrinks(t, copied); got != 2 {
		t.Errorf("its backup has auto_vacuum %d", got)
	}
	if got := accepted(t, open(t, copied)); got != 1 {
		t.Errorf("the backup has %d requests, want 1", got)
	}
}
