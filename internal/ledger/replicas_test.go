//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// replicasOn are so many processes' ledgers on one database.
func replicasOn(t *testing.T, address string, n int) (all []*Ledger) {
	t.Helper()
	return replicasThat(t, address, n, 0)
}

// replicasThat are replicas that look for each other's commits so often; 0 for as often as
// they do.
func replicasThat(t *testing.T, address string, n int, follow time.Duration) (all []*Ledger) {
	t.Helper()
	for i := range n {
		engine, err := postgres.At(address)
		if err != nil {
			t.Fatal(err)
		}
		name := string(rune('a' + i))
		l, err := Open(t.Context(), engine, Options{Sites: policies("www", "docs"), Self: Replica{ID: name, Name: name, Machine: "machine " + name, Started: Now()}, follow: follow})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, l)
	}
	return all
}

// Guard: without the batch's lock events collide, or become visible behind a reader's back.
func TestReplicasGivePlacesAndEventsInTheOrderInWhichTheyAreSeen(t *testing.T) {
	all := replicasOn(t, servers.StartPostgres(t).URL(), 3)
	const each = 120
	var wg sync.WaitGroup
	var over atomic.Bool
	reader := make(chan []int64, 1)
	go func() {
		var seen []int64
		after := int64(0)
		for last := false; ; {
			last = over.Load()
			events, err := all[2].Events(t.Context(), "", after, 1000)
			if err != nil {
				t.Error(err)
			}
			for _, e := range events {
				seen, after = append(seen, e.ID), e.ID
			}
			if last && len(events) == 0 {
				reader <- seen
				return
			}
		}
	}()
	for r, l := range all {
		for w := range 4 {
			wg.Go(func() {
				for i := range each / 4 {
					// Each key comes from every replica: it is one request.
					key := fmt.Sprintf("shared-%d-%d", w, i)
					if i%2 == 0 {
						key = fmt.Sprintf("own-%d-%d-%d", r, w, i)
					}
					if _, _, err := accept(t.Context(), l, Request{Site: "www", Key: key, Source: release.FromContent}); err != nil {
						t.Errorf("replica %d: %v", r, err)
					}
				}
			})
		}
	}
	wg.Wait()
	over.Store(true)
	seen := <-reader
	site, err := all[0].Site(t.Context(), "www")
	want := int64(3*each/2 + each/2)
	if err != nil || site.Accepted != want {
		t.Errorf("%d requests were accepted, want %d (%v)", site.Accepted, want, err)
	}
	for i, id := range seen {
		if id != int64(i+1) {
			t.Fatalf("event %d is the reader's %dth: it passed some over", id, i+1)
		}
	}
	last, err := all[1].LastEvent(t.Context())
	if err != nil || last != int64(len(seen)) {
		t.Errorf("there are %d events, the reader saw %d (%v)", last, len(seen), err)
	}
	for _, l := range all {
		mustBeSound(t, l, "www")
	}
}

// endless is a database that lets a test hold a batch up, and wait for it.
type endless struct{ *postgres.Database }

func (e endless) Traits() database.Traits {
	ways := e.Database.Traits()
	ways.Begin = strings.NewReplacer("session_timeout = 3000", "session_timeout = 0", "statement_timeout = 5000", "statement_timeout = 0").Replace(ways.Begin)
	return ways
}

// What comes while another replica has its turn shares the next commit: or two replicas would
// commit half as much each time.
func TestDecisionsThatComeWhileAnotherReplicaWritesShareACommit(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	var two []*Ledger
	for _, name := range []string{"a", "b"} {
		engine, err := postgres.At(address)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Open(t.Context(), endless{engine}, Options{Sites: policies("www"), Self: Replica{ID: name, Name: name, Started: Now()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		two = append(two, l)
	}
	a, b := two[0], two[1]
	if err := b.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.writer.index.timer.Stop() // or filling the index could be what waits for its turn first
	letGo := holdUp(t, a)
	const n = 20
	var asking sync.WaitGroup
	for i := range n {
		asking.Go(func() { ask(t, b, Request{Key: fmt.Sprint("k", i)}) })
	}
	inLine(t, b, n-1) // the first one waits for its turn
	letGo()
	asking.Wait()
	var commits int
	err := a.readers.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM commits WHERE replica = 'b' AND doc LIKE '%request.accepted%'`).Scan(&commits)
	if err != nil || commits != 1 {
		t.Errorf("%d requests took %d commits (%v)", n, commits, err)
	}
}

func TestACommitOfOneReplicaWakesTheOthers(t *testing.T) {
	all := replicasOn(t, servers.StartPostgres(t).URL(), 2)
	a, b := all[0], all[1]
	changes := b.Changes()
	defer changes.Close()
	told, other, changed, kind := b.TrailGrown("www"), b.TrailGrown("docs"), b.Changed(), b.Happened(KindAccepted)
	r := ask(t, a, Request{})
	for name, woken := range map[string]<-chan struct{}{"the site's trail": told, "any change": changed, "the kind of event": kind, "the sites that changed": changes.Ready()} {
		eventually.Receives(t, name, woken)
	}
	if got := changes.Take().Sites; len(got) != 1 || got[0] != "www" {
		t.Errorf("changed: %v", got)
	}
	select {
	case <-other:
		t.Error("another site's stream was woken")
	default:
	}
	if got, _, err := request(t.Context(), b, r.ID); err != nil || got.ID != r.ID {
		t.Errorf("%+v, %v", got, err)
	}
	// What is gone from the list of commits may have been anything.
	other = b.TrailGrown("docs")
	if err := a.writer.act(t.Context(), func(b *batch) error {
		_, err := b.exec(`UPDATE commits SET number = number + 1000`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	eventually.Receives(t, "everybody, after a gap", other)
}

// Guard: without NOTIFY, or without listening again, the second one looks in an hour.
func TestACommitIsHeardOfAtOnce(t *testing.T) {
	server := servers.StartPostgres(t)
	all := replicasThat(t, server.URL(), 2, time.Hour)
	a, b := all[0], all[1]
	heard := func(what string) {
		t.Helper()
		told := b.TrailGrown("www")
		ask(t, a, Request{})
		eventually.Receives(t, what, told)
	}
	const listening = `SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN pressrun' OR query = '-- ping'`
	eventually.Holds(t, "both to listen", func() bool { return strings.Count(server.SQL(t, listening), "\n") == 1 })
	heard("news of a commit")
	before := server.SQL(t, listening)
	server.SQL(t, `SELECT pg_terminate_backend(pid) FROM (`+listening+`) AS those`)
	told := b.TrailGrown("www")
	ask(t, a, Request{}) // of which nobody hears, but who begins to listen looks
	eventually.Receives(t, "what was committed while nobody listened", told)
	eventually.Holds(t, "both to listen again", func() bool {
		now := server.SQL(t, listening)
		return now != before && strings.Count(now, "\n") == 1
	})
	heard("news of a commit, by a new connection")
}

// A pooler gives each transaction another session, so nobody can listen: they look.
func TestBehindAPoolerACommitIsHeardOfByLooking(t *testing.T) {
	all := replicasOn(t, servers.PostgresURL(servers.PgBouncer(t, servers.StartPostgres(t).Address, "transaction")), 2)
	told := all[1].TrailGrown("www")
	ask(t, all[0], Request{})
	eventually.Receives(t, "news of a commit", told)
}

// Guard: without the look for fences in commit, the late ones write.
func TestWhoeverLostAClaimWritesNothing(t *testing.T) {
	server := servers.StartPostgres(t)
	all := replicasOn(t, server.URL(), 2)
	a, b := all[0], all[1]
	duty, ok, err := a.Duties().Take(t.Context(), "notices")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if again, ok, err := a.Duties().Take(t.Context(), "notices"); !ok || err != nil || again != duty {
		t.Errorf("renewed: %+v, %v, %v", again, ok, err)
	}
	if _, ok, err := b.Duties().Take(t.Context(), "notices"); ok || err != nil {
		t.Errorf("two have one duty: %v, %v", ok, err)
	}
	if err := a.Record(duty.Fenced(t.Context()), Event{Site: "www", Kind: "in time"}); err != nil {
		t.Error(err)
	}
	ask(t, a, Request{})
	if _, err := a.Tick(t.Context(), "www", "token"); err != nil {
		t.Fatal(err)
	}
	task, ok, err := a.Outbox().Claim(t.Context(), theTask(t, a))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok, err := b.Outbox().Claim(t.Context(), task); ok || err != nil {
		t.Errorf("two have one task: %v, %v", ok, err)
	}
	if due, next, err := b.Outbox().Tasks(t.Context()); len(due) != 0 || err != nil || next.IsZero() {
		t.Errorf("a task that another one carries out is due: %+v, next %v (%v)", due, next, err)
	}
	// The first one was stopped for longer than its claims last.
	server.SQL(t, `UPDATE duties SET until_us = 1; UPDATE outbox SET claimed_us = 1`)
	if _, ok, err := b.Duties().Take(t.Context(), "notices"); !ok || err != nil {
		t.Fatalf("a claim that is over can't be had: %v, %v", ok, err)
	}
	taken, ok, err := b.Outbox().Claim(t.Context(), task)
	if !ok || err != nil {
		t.Fatalf("a task whose claim is over can't be had: %v, %v", ok, err)
	}
	if err := a.Record(duty.Fenced(t.Context()), Event{Site: "www", Kind: "too late"}); !errors.Is(err, ErrTakenOver) {
		t.Errorf("a late write under a duty: %v", err)
	}
	if _, err := a.Answer(task.Fenced(t.Context()), task, release.DispatchRefused{Token: "token", Why: "late"}); !errors.Is(err, ErrTakenOver) {
		t.Errorf("a late answer: %v", err)
	}
	if err := a.Outbox().Drop(task.Fenced(t.Context()), task); !errors.Is(err, ErrTakenOver) {
		t.Errorf("a late end of a task: %v", err)
	}
	if ok, err := a.Outbox().Renew(t.Context(), task); ok || err != nil {
		t.Errorf("a late renewal: %v, %v", ok, err)
	}
	if got := server.SQL(t, `SELECT count(*) FROM events WHERE kind = 'too late'`); got != "0" {
		t.Errorf("%s late events were written", got)
	}
	if _, err := b.Answer(taken.Fenced(t.Context()), taken, release.DispatchConfirmed{Token: "token", Run: release.Run{ID: "r", Attempt: 1}}); err != nil {
		t.Errorf("who has the claim can't answer: %v", err)
	}
}

// Guard: without the look for the mark, what is there is reported as failed.
func TestACommitWhoseAnswerWasLostIsLookedFor(t *testing.T) {
	server := servers.StartPostgres(t)
	all := replicasOn(t, server.URL(), 2)
	a, b := all[0], all[1]
	ask(t, a, Request{})
	// A number is drawn once, also by what is rolled back: so one commit alone breaks off.
	server.SQL(t, `CREATE SEQUENCE after_it; CREATE SEQUENCE before_it`)
	const end = `SELECT pg_terminate_backend(pg_backend_pid()) WHERE nextval('%s') = 1`
	good := a.writer.traits.Commit
	commit := func(key, text string) (Request, error) {
		return do(t.Context(), a.writer, func(b *batch) (Request, error) {
			b.w.traits.Commit = text // also of this very batch
			r, _, err := b.accept(Request{Site: "www", Key: key, Source: release.FromContent})
			return r, err
		})
	}
	there, err := commit("there", good+`; `+fmt.Sprintf(end, "after_it"))
	if err != nil {
		t.Errorf("it is committed, and reported as %v", err)
	}
	if got, _, err := request(t.Context(), b, there.ID); err != nil || got.Key != "there" {
		t.Errorf("what was acknowledged is %+v, %v", got, err)
	}
	_, err = commit("not there", fmt.Sprintf(end, "before_it")+`; `+good)
	if _, ok := errors.AsType[*Unavailable](err); !ok {
		t.Errorf("it is not committed, and reported as %v", err)
	}
	for _, key := range []string{"there", "not there"} {
		if _, again, err := accept(t.Context(), b, Request{Site: "www", Key: key, Source: release.FromContent}); err != nil || again != (key == "there") {
			t.Errorf("asked again for %q: again=%v, %v", key, again, err)
		}
	}
	mustBeSound(t, b, "www")
}

// Guard: without the server's limit the second one waits for as long as the first is stopped.
func TestAReplicaThatStopsWithinABatchHoldsNobodyUpForLong(t *testing.T) {
	all := replicasOn(t, servers.StartPostgres(t).URL(), 2)
	a, b := all[0], all[1]
	stopped, goOn := make(chan struct{}), make(chan struct{})
	over := make(chan error, 1)
	go func() {
		over <- a.writer.act(context.WithoutCancel(t.Context()), func(b *batch) error {
			b.event(Event{Site: "www", Kind: "stopped"})
			close(stopped)
			<-goOn
			return nil
		})
	}()
	<-stopped
	ask(t, b, Request{})
	close(goOn)
	if err := <-over; err == nil {
		t.Error("a batch that the server had ended was acknowledged")
	}
	ask(t, a, Request{}) // and it goes on
	mustBeSound(t, a, "www")
}

func TestReplicasAreKnownToEachOther(t *testing.T) {
	all := replicasOn(t, servers.StartPostgres(t).URL(), 2)
	for _, l := range all {
		if err := l.Live(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	known, err := all[0].Replicas(t.Context())
	if err != nil || len(known) != 2 || known[1].Name != "b" || Now().Sub(known[1].Seen).Abs() > time.Minute {
		t.Errorf("%+v, %v", known, err)
	}
	if err := all[1].Close(); err != nil {
		t.Fatal(err)
	}
	if known, err = all[0].Replicas(t.Context()); err != nil || len(known) != 1 {
		t.Errorf("one that ended is still there: %+v, %v", known, err)
	}
}

func TestASiteIsBuiltOnOneMachineUntilThatIsGone(t *testing.T) {
	server := servers.StartPostgres(t)
	all := replicasOn(t, server.URL(), 2)
	a, b := all[0], all[1]
	mine := func(l *Ledger) string {
		t.Helper()
		of, err := l.Machines().Claim(t.Context(), []string{"www"})
		if err != nil {
			t.Fatal(err)
		}
		return of["www"].ID
	}
	if got := mine(a); got != "machine a" {
		t.Errorf("the first one's claim: %s", got)
	}
	if got := mine(b); got != "machine a" {
		t.Errorf("the second one's claim: %s", got)
	}
	server.SQL(t, `UPDATE replicas SET seen_us = 1 WHERE id = 'a'`)
	if got := mine(b); got != "machine b" {
		t.Errorf("after the machine has gone: %s", got)
	}
	if got := mine(a); got != "machine b" {
		t.Errorf("when it came back: %s", got)
	}
	ask(t, b, Request{})
	dispatch(t, b, "www")
	server.SQL(t, `UPDATE replicas SET seen_us = 1 WHERE id = 'b'`)
	if got := mine(a); got != "machine b" {
		t.Errorf("while a run may be at work there: %s", got)
	}
}

func TestASecretIsTheFirstOnes(t *testing.T) {
	all := replicasOn(t, servers.StartPostgres(t).URL(), 2)
	for i, l := range all {
		if kept, err := l.Secrets().KeepFirst(t.Context(), "key", fmt.Sprint(i)); err != nil || kept != "0" {
			t.Errorf("replica %d has %q, %v", i, kept, err)
		}
	}
	if got, err := all[1].Secrets().Read(t.Context(), "key"); err != nil || got != "0" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := all[1].Secrets().Read(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what nobody kept: %v", err)
	}
}

// Guard: without the decision over all sites in one transaction more than two start.
func TestReplicasThatStartReleasesAtOncePassNoLimit(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	var names []string
	for i := range 8 {
		names = append(names, fmt.Sprint("www", i))
	}
	var all []*Ledger
	for i := range 3 {
		engine, err := postgres.At(address)
		if err != nil {
			t.Fatal(err)
		}
		name := string(rune('a' + i))
		l, err := Open(t.Context(), engine, Options{Sites: shared(names...), Slots: slots.Limits{Total: 2}, Self: Replica{ID: name, Name: name, Machine: name, Started: Now()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, l)
	}
	for _, name := range names {
		ask(t, all[0], Request{Site: name})
	}
	running := func() (n int) {
		for _, name := range names {
			site, err := all[0].Site(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if site.HasSlot() {
				n++
			}
		}
		return n
	}
	var wg sync.WaitGroup
	for i, l := range all {
		wg.Go(func() {
			for j := range names {
				if _, err := l.Tick(t.Context(), names[(j+i*3)%len(names)], fmt.Sprint("tick-", i, "-", j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := running(); n != 2 {
		t.Errorf("%d releases run, want 2", n)
	}
	for round := range 3 {
		for _, name := range names {
			site, err := all[0].Site(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if site.HasSlot() {
				fails(t, all[0], name)
				break
			}
		}
		for i, l := range all {
			wg.Go(func() {
				if _, err := l.GiveSlots(t.Context(), func() string { return fmt.Sprint("given-", round, "-", i, "-", Now().UnixNano()) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := running(); n != 2 {
			t.Errorf("round %d: %d releases run, want 2", round, n)
		}
	}
}
