//go:build unix

package transfer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

var policies = map[string]release.Policy{"www": release.DefaultPolicy()}

func file(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "pressrun.db") }

func onPostgres(t *testing.T, address string) database.Engine {
	t.Helper()
	d, err := postgres.At(address)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// filled is a ledger in which something is in several tables.
func filled(t *testing.T, path string, requests int) {
	t.Helper()
	l, err := ledger.Open(t.Context(), sqlite.At(path), ledger.Options{Sites: policies})
	if err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		in := ledger.Request{Site: "www", Actor: "ada", Title: fmt.Sprintf("Öffnungszeiten %d 'x' \U0001f600", i), Source: release.FromEditor}
		if i%2 == 0 {
			in.Key = fmt.Sprintf("key-%d", i) // the others have none: a NULL
		}
		if _, err := l.Accept(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Sessions().Begin(t.Context(), ledger.Session{Hash: "h", Via: "local", Subject: "ada", Until: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestALedgerGoesToPostgreSQLAndBack(t *testing.T) {
	server := servers.StartPostgres(t)
	first, back := file(t), file(t)
	filled(t, first, 1203)
	before, err := Move(t.Context(), sqlite.At(first), onPostgres(t, server.URL()), Options{DryRun: true})
	if err != nil || before.Rows < 2*1203 {
		t.Fatalf("a dry run tells of %d rows, %v", before.Rows, err)
	}
	there, err := Move(t.Context(), sqlite.At(first), onPostgres(t, server.URL()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Tables, there.Tables); diff != "" {
		t.Errorf("what was told before, and what was moved: %s", diff)
	}
	found(t, onPostgres(t, server.URL()))
	again, err := Move(t.Context(), onPostgres(t, server.URL()), sqlite.At(back), Options{})
	if inUse, is := errors.AsType[*InUse](err); is {
		t.Fatalf("an app that ended is taken for one that runs: %v", inUse)
	}
	if err != nil {
		t.Fatal(err)
	}
	found(t, sqlite.At(back))
	if again.Rows < there.Rows {
		t.Errorf("%d rows came back, of %d", again.Rows, there.Rows)
	}
}

// found looks into a moved ledger as an app does.
func found(t *testing.T, engine database.Engine) {
	t.Helper()
	l, err := ledger.Open(t.Context(), engine, ledger.Options{Sites: policies})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := l.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := l.Accept(t.Context(), ledger.Request{Site: "www", Key: "key-1202", Actor: "ada", Title: "again", Source: release.FromEditor})
	if err != nil || !again.Again || again.Request.Place != 1203 {
		t.Errorf("a key that was used before: %+v, %v", again, err)
	}
	var hits []ledger.Tracked
	err = l.Read(t.Context(), func(ctx context.Context, s *ledger.Snapshot) (err error) {
		hits, err = s.Search(ctx, "www", ledger.SearchWords("Öffnungszeiten 777"), 10)
		return err
	})
	if err != nil || len(hits) != 1 {
		t.Errorf("a request that was moved is found %d times, %v", len(hits), err)
	}
}

func TestNothingIsMovedOntoALedgerOrFromUnderAnApp(t *testing.T) {
	first, second := file(t), file(t)
	filled(t, first, 3)
	filled(t, second, 1)
	if _, err := Move(t.Context(), sqlite.At(first), sqlite.At(second), Options{}); !is[*NotEmpty](err) {
		t.Errorf("onto another ledger: %v", err)
	}
	l, err := ledger.Open(t.Context(), sqlite.At(first), ledger.Options{Sites: policies})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Move(t.Context(), sqlite.At(first), sqlite.At(file(t)), Options{}); !is[*database.InUse](err) {
		t.Errorf("from under an app: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Move(t.Context(), sqlite.At(file(t)), sqlite.At(file(t)), Options{}); !errors.Is(err, errNoLedger) {
		t.Errorf("from where no ledger is: %v", err)
	}
}

func TestNothingIsMovedFromUnderAReplica(t *testing.T) {
	server := servers.StartPostgres(t)
	l, err := ledger.Open(t.Context(), onPostgres(t, server.URL()), ledger.Options{Sites: policies})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := l.Live(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Move(t.Context(), onPostgres(t, server.URL()), sqlite.At(file(t)), Options{}); !is[*InUse](err) {
		t.Errorf("from under a replica: %v", err)
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func TestACopyThatIsCutOffIsNotThere(t *testing.T) {
	first, second := file(t), file(t)
	filled(t, first, 1203)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Move(ctx, sqlite.At(first), sqlite.At(second), Options{Tell: func(table string, _ int64) {
		if table == "events" {
			cancel()
		}
	}}); err == nil {
		t.Fatal("it was not cut off")
	}
	if _, err := Move(t.Context(), sqlite.At(first), sqlite.At(second), Options{}); err != nil {
		t.Errorf("moved again: %v", err)
	}
}

// A table that a migration adds has to be moved, or to be left for a reason.
func TestEveryTableIsMovedOrLeft(t *testing.T) {
	path := file(t)
	filled(t, path, 1)
	e, err := open(t.Context(), sqlite.At(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.close() }()
	rows, err := e.conn.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'request_search_%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var there []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		there = append(there, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	known := slices.DeleteFunc(slices.Concat(moved, left), func(name string) bool { return name == "request_search_upto" })
	slices.Sort(known)
	if diff := cmp.Diff(there, known); diff != "" {
		t.Errorf("(-in the ledger +known here)\n%s", diff)
	}
}
