//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

func TestAnAddressIsNamedWithoutItsSecrets(t *testing.T) {
	const secret = "geheim"
	for address, want := range map[string]string{
		"postgres://u:geheim@h1,h2:6432/db?sslmode=prefer": "postgres://u@h1:5432,h2:6432/db",
		"postgresql://u@h/db?password=geheim":              "postgres://u@h:5432/db",
		"host=/run/pg user=u password=geheim dbname=db":    "postgres://u@/run/pg/db",
	} {
		db, err := At(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := db.String(); got != want || strings.Contains(fmt.Sprint(db), secret) {
			t.Errorf("it is named %s, want %s", got, want)
		}
	}
	for _, wrong := range []string{"postgres://u:geheim@h:port/db", "mysql://u:geheim@h/db", "postgres://u:geheim@h/db?sslmode=geheim", "geheim", "postgres://u:ge heim%zz@h/db"} {
		if _, err := At(wrong); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("of %s it says %v", wrong, err)
		}
	}
}

func TestWhatAServerPromisesIsTold(t *testing.T) {
	safe := Found{SynchronousCommit: "on", Fsync: true, FullPageWrites: true, Standbys: "s1"}
	for _, c := range []struct {
		change func(*Found)
		words  string
		good   bool
	}{
		{func(*Found) {}, "loses nothing", true},
		{func(f *Found) { f.SynchronousCommit = "remote_apply" }, "loses nothing", true},
		{func(f *Found) { f.SynchronousCommit = "remote_write" }, "in the memory of a synchronous standby", true},
		{func(f *Found) { f.SynchronousCommit = "local" }, "may lose the last moments", true},
		{func(f *Found) { f.Standbys = "" }, "no synchronous standby", true},
		{func(f *Found) { f.SynchronousCommit = "off" }, "synchronous_commit is off", false},
		{func(f *Found) { f.FullPageWrites = false }, "full_page_writes is off", false},
		{func(f *Found) { f.Fsync = false }, "fsync is off", false},
	} {
		f := safe
		c.change(&f)
		if words, good := f.Promise(); !strings.Contains(words, c.words) || good != c.good {
			t.Errorf("%+v: %q, good=%v", f, words, good)
		}
	}
}

func at(t *testing.T, address string) *Database {
	t.Helper()
	db, err := At(address)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func connect(t *testing.T, db *Database) {
	t.Helper()
	w, r, err := db.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.Close(), r.Close()); err != nil {
			t.Error(err)
		}
	})
	for range 2 {
		var one int
		if err := w.QueryRowContext(t.Context(), `SELECT $1::int`, 1).Scan(&one); err != nil || one != 1 {
			t.Errorf("%d, %v", one, err)
		}
	}
}

func TestAReadReplicaIsRefusedAndAPrimaryAmongTheHostsFound(t *testing.T) {
	primary := servers.StartPostgres(t)
	standby := primary.Standby(t)
	_, _, err := at(t, standby.URL()).Connect(t.Context())
	if u, ok := errors.AsType[*database.Unavailable](err); !ok || !strings.Contains(u.Why, "read replica") {
		t.Errorf("a standby: %v", err)
	}
	connect(t, at(t, servers.PostgresURL(standby.Address, primary.Address)))
	if _, _, err := at(t, servers.PostgresURL(servers.FreeAddress(t))).Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "can't be reached") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestAPoolerIsSeenAndNothingIsLeftInItsSessions(t *testing.T) {
	server := servers.StartPostgres(t)
	direct := at(t, server.URL())
	connect(t, direct)
	if direct.Found().Pooled {
		t.Error("a pooler was seen where there is none")
	}
	for _, mode := range []string{"transaction", "session"} {
		db := at(t, servers.PostgresURL(servers.PgBouncer(t, server.Address, mode)))
		connect(t, db)
		if !db.Found().Pooled {
			t.Errorf("the pooler of %s mode was not seen", mode)
		}
	}
	if left := server.SQL(t, `SELECT count(*) FROM pg_prepared_statements`); left != "0" {
		t.Errorf("%s prepared statements are left", left)
	}
}

// Guard: without the generation the pool goes on with what it has.
func TestEveryConnectionGoesWhenTheServerSaysThatItIsGone(t *testing.T) {
	server := servers.StartPostgres(t)
	db := at(t, server.URL())
	_, readers, err := db.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer readers.Close()
	pid := func() (n int) {
		t.Helper()
		if err := readers.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := pid()
	if again := pid(); again != before {
		t.Fatalf("the pool did not keep its connection: %d, %d", before, again)
	}
	for _, code := range []string{"25006", "57P01", "57P02", "57P03", "08006"} {
		before := pid()
		err := db.Explain(fmt.Errorf("write: %w", &pgconn.PgError{Code: code}))
		if _, ok := errors.AsType[*database.Unavailable](err); !ok {
			t.Errorf("%s is %v", code, err)
		}
		if pid() == before {
			t.Errorf("after %s the pool goes on with the connection that it had", code)
		}
	}
	before = pid()
	if err := db.Explain(&pgconn.PgError{Code: "23505"}); errors.As(err, new(*database.Unavailable)) {
		t.Errorf("a row that is there already is %v", err)
	}
	if pid() != before {
		t.Error("a row that was there already cost the pool its connections")
	}
	server.SQL(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	eventually.Holds(t, "another connection serves", func() bool {
		var n int
		return readers.QueryRowContext(t.Context(), `SELECT 1`).Scan(&n) == nil
	})
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		l := &link{Conn: here}
		defer l.Close()
		began := time.Now()
		if _, err := l.Read(make([]byte, 1)); !errors.Is(err, errSilent) || time.Since(began) != silence {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		// A deadline of the user's own is the user's, and its error too.
		if err := l.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		if _, err := l.Read(make([]byte, 1)); err == nil || errors.Is(err, errSilent) || time.Since(began) != time.Second {
			t.Errorf("with a deadline of its own, after %s: %v", time.Since(began), err)
		}
		if err := l.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(silence / 2)
			_, _ = there.Write([]byte("x")) // read, or the test fails
		}()
		if n, err := l.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("an answer that came in time: %d, %v", n, err)
		}
	})
}
