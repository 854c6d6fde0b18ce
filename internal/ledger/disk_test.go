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
				r, _, err := accept(t.Context(), l, Request{Site: "www", Key: fmt.Sprintf("full-%d-%d", g, i), Source: release.FromContent, Reason: strings.Repeat("x", 2000)})
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
	if _, err := l.Accept(t.Context(), Request{Site: "www", Source: release.FromEditor, Reason: strings.Repeat("x", 1<<20)}); !errors.As(err, new(*Unavailable)) {
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
	_, err := l.Accept(t.Context(), Request{Site: "www", Source: release.FromEditor})
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
	if err := l.writer.act(t.Context(), func(b *batch) error {
		err := b.w.disconnect()
		_, again := b.w.start(b.ctx)
		return errors.Join(err, again)
	}); err != nil {
		t.Fatal(err)
	}
	ask(t, l, Request{})
	mustBeSound(t, l, "www")
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
