//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

// heard are the SQL texts that a server was sent.
type heard struct {
	mu    sync.Mutex
	texts map[string]bool
	asked int // statements that were carried out
}

func (h *heard) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	h.add(data.SQL)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	return ctx
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

func (h *heard) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (h *heard) TracePrepareStart(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	h.add(data.SQL)
	return ctx
}

func (h *heard) TracePrepareEnd(context.Context, *pgx.Conn, pgx.TracePrepareEndData) {}

func (h *heard) add(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts[text] = true
}

// onPostgres is a ledger on PostgreSQL: the same code and the same SQL, in
// another engine.
func onPostgres(t *testing.T) (*Ledger, *heard) {
	t.Helper()
	engine, err := postgres.At(servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{texts: map[string]bool{}}
	engine.Trace(h)
	l, err := Open(t.Context(), engine, Options{Sites: policies("www", "docs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, h
}

func TestTheSameSQLRunsOnPostgreSQL(t *testing.T) {
	onPG, h := onPostgres(t)
	want, got := tour(t, fresh(t)), tour(t, onPG)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PostgreSQL answers otherwise than SQLite (-sqlite +postgresql):\n%s", diff)
	}
	tourOfSlots(t, onPG)
	tourOfPreviews(t, onPG)
	tourOfReplicas(t, onPG)
	for _, text := range sqlTexts(t) {
		found := false
		for sent := range h.texts {
			found = found || strings.Contains(sent, text)
		}
		if !found {
			t.Errorf("PostgreSQL was not asked: %s", text)
		}
	}
}

// Each statement is a way there and back: a batch of a number of requests that is none of
// the sizes of SQLite's statements took some fifty.
func TestABatchIsFewStatementsOnPostgreSQL(t *testing.T) {
	l, h := onPostgres(t)
	ask(t, l, Request{})
	const n = 63
	letGo := holdUp(t, l)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { ask(t, l, Request{Key: fmt.Sprint("k", i), Source: release.FromContent}) })
	}
	inLine(t, l, n)
	before := h.count()
	letGo()
	wg.Wait()
	if got := h.count() - before; got > 20 {
		t.Errorf("%d requests took %d statements", n, got)
	}
	mustBeSound(t, l, "www")
}

// A ledger begins with empty tables, for which PostgreSQL makes plans that read them whole, and
// it keeps a plan: each request would cost as much as there are requests.
func TestAGrowingLedgerKeepsToItsIndexesOnPostgreSQL(t *testing.T) {
	l, _ := onPostgres(t)
	const askers, each = 64, 40
	var wg sync.WaitGroup
	for i := range askers {
		wg.Go(func() {
			for j := range each {
				ask(t, l, Request{Key: fmt.Sprint("k", i, "-", j), Source: release.FromContent})
			}
		})
	}
	wg.Wait()
	read := func() (n int64) {
		t.Helper()
		if err := l.writer.act(t.Context(), func(b *batch) error {
			_, err := b.exec(`SELECT pg_stat_force_next_flush()`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := l.readers.QueryRowContext(t.Context(), `SELECT (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'requests')::bigint + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'requests')`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	got := read()
	t.Logf("%d rows were read for each request", got/askers/each)
	if got == 0 || got > 100*askers*each {
		t.Errorf("for %d requests %d rows were read", askers*each, got)
	}
}

func TestPostgreSQLRefusesASecondActiveReleaseToo(t *testing.T) {
	l, _ := onPostgres(t)
	ask(t, l, Request{})
	if err := l.writer.act(t.Context(), func(b *batch) error {
		return b.putRelease("www", release.Release{Number: 2, Upto: 1})
	}); err == nil || !strings.Contains(err.Error(), "releases_active") {
		t.Errorf("a second active release: %v", err)
	}
	ask(t, l, Request{}) // and the connection serves on
	mustBeSound(t, l, "www")
}

// Retention forgets requests one by one: each is found by the index, however many there are.
func TestARequestIsForgottenByTheIndexOnPostgreSQL(t *testing.T) {
	l, _ := onPostgres(t)
	a := ask(t, l, Request{Title: "Opening hours"})
	c, err := l.readers.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), `SET enable_seqscan = off`); err != nil { // which few rows are read by otherwise
		t.Fatal(err)
	}
	search := l.engine.Search()
	rows, err := c.QueryContext(t.Context(), `EXPLAIN `+search.Forget, search.Match([]database.Sought{{Text: a.ID}}), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil || !strings.Contains(plan.String(), "Bitmap Index Scan on request_search_words") || strings.Contains(plan.String(), "Seq Scan") {
		t.Errorf("%s%v", &plan, err)
	}
}

func TestAnAnswerOfPostgreSQLTellsOfOneInstant(t *testing.T) {
	l, _ := onPostgres(t)
	snapshotHolds(t, l)
}

// tour uses everything that a ledger can, and gives all that it answered, but
// for ids and times.
func tour(t *testing.T, l *Ledger) []string {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(err error, words ...any) {
		told = append(told, fmt.Sprintln(append(words, errors.Unwrap(err), err != nil)...))
	}
	a := ask(t, l, Request{Key: "k", Actor: "ada", Title: "Öffnungszeiten 'neu'", Link: "https://example.org/?a=b&c", Entity: "node/1"})
	_, again, err := accept(ctx, l, Request{Site: "www", Key: "k", Source: release.FromContent})
	tell(err, again)
	ask(t, l, Request{NotBefore: time.Now().Add(time.Hour)})
	var wg sync.WaitGroup
	letGo := holdUp(t, l)
	for i := range 200 { // in one batch: enough for statements of many rows
		wg.Go(func() { ask(t, l, Request{Key: fmt.Sprint("burst", i), Source: release.FromContent}) })
	}
	inLine(t, l, 200)
	letGo()
	wg.Wait()
	s, run := dispatch(t, l, "www")
	due, next, err := l.Outbox().Tasks(ctx)
	tell(err, len(due), next.IsZero(), due[0].Effect.(release.SendDispatch).Sent)
	tell(l.Outbox().Start(ctx, due[0]))
	tell(l.Outbox().Postpone(ctx, due[0], time.Now().Add(time.Hour)))
	_, err = l.Answer(ctx, due[0], release.DispatchUnknown{Token: "other"})
	tell(err)
	tell(l.Outbox().Drop(ctx, due[0]))
	waits, oldest, err := l.OutboxWaits(ctx)
	tell(err, waits, oldest.IsZero())
	tell(l.PutMetrics(ctx, "www", 1, `{"pages": 3}`))
	tell(l.PutMetrics(ctx, "www", 9, `{}`))
	tell(l.PutAccount(ctx, "www", 1, []byte("lines")), l.PutAccount(ctx, "www", 9, nil))
	for _, number := range []int64{1, 9} {
		account, err := l.Account(ctx, "www", number)
		tell(err, string(account))
	}
	tell(l.Record(ctx, Event{Site: "www", Kind: "signed_in", By: "ada"}))
	decide(t, l, "www", report(s, run, 1, release.InProgress), release.Failure{Release: 1, Run: run, Sequence: 2, Why: "no"})
	soon := ask(t, l, Request{NotBefore: time.Now().Add(time.Hour)})
	_, err = l.Move(ctx, soon.ID, "ada", time.Now().Add(-time.Hour))
	tell(err)
	carry(t, l, "www")
	_, err = l.ClaimTurn(ctx, Request{Site: "docs", Key: "run", Source: release.FromWorkflow}, release.Claim{Run: release.Run{ID: "manual", Attempt: 1}})
	tell(err)
	for _, id := range []string{a.ID, soon.ID} {
		r, f, err := request(ctx, l, id)
		tell(err, r.Site, r.Key, r.Place, r.Source, r.Actor, r.Title, r.Link, r.Entity, f.Status, f.Release, f.Failed, f.LiveAt.IsZero())
	}
	_, _, err = request(ctx, l, "req_none")
	tell(err)
	for _, number := range []int64{1, 77} {
		ended, err := l.Ended(ctx, "www", number)
		tell(err, ended.IsZero())
	}
	_, open, err := openRequests(ctx, l, "www")
	tell(err, len(open))
	waiting, err := l.ScheduledRequests(ctx, "www", 10)
	tell(err, len(waiting))
	releases, err := l.Releases(ctx, "www", 10, 0)
	for _, r := range releases {
		tell(err, r.Number, r.Outcome, r.After, r.Upto, r.Metrics)
	}
	releases, err = l.Releases(ctx, "www", 10, 2)
	tell(err, len(releases))
	one, err := l.Release(ctx, "www", 1)
	tell(err, one.Outcome, one.Why, one.Metrics)
	_, err = l.Release(ctx, "www", 77)
	tell(err)
	for _, site := range []string{"", "www", "docs"} {
		events, err := l.Events(ctx, site, 0, 1000)
		tell(err, len(events))
	}
	sites, metrics := allSites(t, l)
	tell(nil, len(sites), metrics)
	events, err := l.EventsOfRelease(ctx, "www", 2, 1000)
	for _, e := range events {
		tell(err, e.Kind, e.By, e.Why)
	}
	for _, words := range []string{"ad", "node/1", "https://example.org/?a=b", "'neu' ada", "ada nobody"} {
		found, err := searchFor(t, l, words)
		tell(err, words, len(found))
	}
	tell(l.Ready(ctx))
	told = append(told, tourOfDeliveries(t, l)...)
	tourOfApprovals(t, l)
	tourOfSchedules(t, l)
	told = append(told, tourOfHooks(t, l)...)
	told = append(told, tourOfSessions(t, l)...)
	told = append(told, tourOfNotices(t, l)...)
	last, err := l.LastEvent(ctx)
	tell(err, last)
	mustBeSound(t, l, "www")
	return append(told, tourOfRetention(t, l)...)
}

func tourOfRetention(t *testing.T, l *Ledger) []string {
	t.Helper()
	names, err := l.Retention().Sites(t.Context())
	told := []string{fmt.Sprintln(names, err)}
	for range 2 {
		ask(t, l, Request{})
		carry(t, l, "www")
	}
	prune(t, l, "www", atOnce(1))
	for range 2 {
		ask(t, l, Request{})
		carry(t, l, "www")
	}
	www := l.sites.now.Load().policies["www"]
	delete(l.sites.now.Load().policies, "www") // it is taken out of the configuration, and put back
	defer func() { l.sites.now.Load().policies["www"] = www }()
	for _, site := range append(names, "") {
		went := prune(t, l, site, atOnce(0))
		for _, table := range OldTables {
			told = append(told, fmt.Sprintln(site, table, len(went[table])))
		}
	}
	l.sites.now.Load().policies["www"] = www
	unknown := newID("req_", time.Now().Add(-time.Hour))
	_, _, err = request(t.Context(), l, unknown)
	return append(told, fmt.Sprintln(errors.As(err, new(*NoLongerKept))))
}

// tourOfReplicas asks for what several processes need of their database, and ends as one
// of them does.
func tourOfReplicas(t *testing.T, l *Ledger) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		duty, ok, err := l.Duties().Take(ctx, "duty")
		if !ok || err != nil {
			t.Errorf("a duty: %v, %v", ok, err)
		}
		must(l.Record(duty.Fenced(ctx), Event{Site: "www", Kind: "fenced"}))
		must(l.Duties().Leave(ctx, duty))
	}
	decide(t, l, "docs", release.ResetSite{})
	ask(t, l, Request{Site: "docs"})
	if _, err := l.Tick(ctx, "docs", "of the replicas"); err != nil {
		t.Fatal(err)
	}
	due, _, err := l.Outbox().Tasks(ctx)
	must(err)
	task, ok, err := l.Outbox().Claim(ctx, due[len(due)-1])
	if !ok || err != nil {
		t.Errorf("a task: %v, %v", ok, err)
	}
	if ok, err := l.Outbox().Renew(ctx, task); !ok || err != nil {
		t.Errorf("renewed: %v, %v", ok, err)
	}
	must(l.Outbox().Drop(task.Fenced(ctx), task))
	decide(t, l, "docs", release.ResetSite{})
	for range 2 { // claimed, and claimed again of a machine that nobody has heard of
		_, err := l.Machines().Claim(ctx, []string{"docs"})
		must(err)
		must(l.writer.act(ctx, func(b *batch) error {
			b.w.number = pruneEvery - 1
			_, err := b.exec(`UPDATE machines SET machine = 'another'`)
			return err
		}))
	}
	_, err = l.Secrets().KeepFirst(ctx, "key", "value")
	must(err)
	_, err = l.Secrets().Read(ctx, "key")
	must(err)
	must(l.Live(ctx))
	if _, err := l.Replicas(ctx); err != nil {
		t.Error(err)
	}
	if _, _, err := l.follower.catchUp(ctx, 0); err != nil {
		t.Error(err)
	}
	must(l.writer.act(ctx, func(b *batch) error {
		_, err := marked(b)
		return err
	}))
	must(l.Close())
}

func tourOfDeliveries(t *testing.T, l *Ledger) []string {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(err error, words ...any) { told = append(told, fmt.Sprintln(append(words, err)...)) }
	for range 2 {
		fresh, err := l.Deliveries().Put(ctx, Delivery{ID: "d", Event: "workflow_run", Doc: "{}", Run: "7", Attempt: 1, Stage: 2})
		tell(err, fresh)
		first, err := l.Deliveries().UseOnce(ctx, "name", time.Now().Add(-time.Hour))
		tell(err, first)
	}
	waiting, err := l.Deliveries().Waiting(ctx, 10)
	tell(err, len(waiting), waiting[0].Doc)
	tell(l.Deliveries().Done(ctx, "d"))
	stage, err := l.Deliveries().Stage(ctx, "7", 1)
	tell(err, stage)
	tell(l.Deliveries().Forget(ctx, time.Now().Add(time.Hour)))
	done, err := l.Deliveries().Processed(ctx, "d")
	tell(err, done)
	first, err := l.Deliveries().UseOnce(ctx, "name", time.Now())
	tell(err, first)
	return told
}

func tourOfHooks(t *testing.T, l *Ledger) []string {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(err error, words ...any) { told = append(told, fmt.Sprintln(append(words, err)...)) }
	for _, rotate := range []bool{false, false, true} {
		_, err := l.Hooks().PutSecret(ctx, HookSecret{Site: "www", Hook: "cms", Hash: "h", By: "ops"}, rotate, time.Hour)
		tell(err)
	}
	secrets, err := l.HookSecrets(ctx, "www")
	tell(err, len(secrets))
	n, err := l.Hooks().RevokeSecrets(ctx, "www", "cms", "ops")
	tell(err, n)
	for range 2 {
		done, err := l.Hooks().Deliver(ctx, "www", []Arrival{
			{Delivery: HookDelivery{Hook: "cms", Key: "w", Decision: "wait"}, Change: &PendingChange{Entity: "page/1", Title: "Ä"}},
			{Delivery: HookDelivery{Hook: "cms", Key: "r", Decision: "release"}, Request: &Request{Site: "www", Key: "hooked", Source: release.FromContent}},
		})
		tell(err, done[0].Again, done[1].Again, done[1].Accepted.Request.Place)
	}
	for _, key := range []string{"x", "y", "x", ""} { // scheduled, moved, came before, withdrawn
		a := Arrival{Delivery: HookDelivery{Hook: "cms", Key: key, Entity: "page/9", Decision: "release"}, Withdraw: key == ""}
		if key != "" {
			a.Request = &Request{Site: "www", Key: key, Source: release.FromContent, Entity: "page/9", NotBefore: time.Now().Add(time.Hour)}
		}
		done, err := l.Hooks().Deliver(ctx, "www", []Arrival{a})
		tell(err, done[0].Again, done[0].Delivery.Decision)
	}
	site, err := l.Site(ctx, "www")
	tell(err)
	changes, err := l.PendingChanges(ctx, site, 10)
	tell(err, len(changes), changes[0].Title)
	changed, err := l.Schedules().Changed(ctx, site)
	tell(err, changed)
	before, err := liveBefore(ctx, l.reader, "www", 1<<40)
	tell(err, before)
	for _, hook := range []string{"", "cms", "none"} {
		deliveries, err := l.HookDeliveries(ctx, "www", hook, 10)
		tell(err, len(deliveries))
	}
	return told
}

var _ interface {
	pgx.QueryTracer
	pgx.PrepareTracer
} = (*heard)(nil)
