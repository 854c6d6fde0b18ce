//go:build unix

package replicas

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// fault is something that goes wrong.
type fault struct {
	name string
	do   func(*stage)
	// standby says that it needs the standby: it comes before the promotion.
	standby bool
}

var (
	sessionsEnd = fault{"all sessions are ended", (*stage).endSessions, false}
	commitsLost = fault{"sessions are ended while commits wait for the standby", (*stage).loseCommits, true}
	killed      = fault{"a replica is killed", func(s *stage) { s.kill(s.replicas[s.random.IntN(len(s.replicas))], s.random.IntN(2) == 0) }, false}
)

// small are the faults of the small drill: each once, and two of those that last until
// claims end side by side.
func small() []fault {
	return []fault{
		{"a replica is stopped while a write waits in its queue, and another one is killed", func(s *stage) { s.stopHolder(0, s.killBeside) }, false},
		{"connections are half-open", func(s *stage) { s.halfOpen(0) }, false},
		sessionsEnd, commitsLost,
	}
}

// large are the faults of a round of the large drill.
func large() []fault {
	return []fault{
		killed, killed, killed,
		{"a replica is stopped while a write waits in its queue", func(s *stage) { s.stopHolder(stopped, func(*replica) {}) }, false},
		{"connections are half-open", func(s *stage) { s.halfOpen(stopped / 2) }, false},
		sessionsEnd, sessionsEnd, commitsLost,
	}
}

// order puts faults into a random order, with the promotion among the last of those that
// need the standby.
func (s *stage) order(all []fault) []fault {
	s.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	earliest := 0
	for i, f := range all {
		if f.standby {
			earliest = i + 1
		}
	}
	at := earliest + s.random.IntN(len(all)-earliest+1)
	return slices.Insert(all, at, fault{name: "the primary dies and the standby is promoted", do: (*stage).failOver})
}

// more waits until so many more requests are acknowledged.
func (s *stage) more(n int) {
	s.t.Helper()
	enough := s.acknowledged() + n
	eventually.Holds(s.t, "more requests to be acknowledged", func() bool { return s.acknowledged() >= enough })
}

// enough is how many requests show that things go on.
const enough = 20

// kill kills a replica, and starts it again: at once, or when the others have its work.
func (s *stage) kill(r *replica, late bool) {
	s.t.Helper()
	id := s.one(fmt.Sprintf(`SELECT id FROM replicas WHERE name = '%s' ORDER BY started_us DESC LIMIT 1`, r.name))
	r.kill(s.t)
	s.found.kills++
	s.more(enough)
	if late {
		s.takenOver(id)
	}
	r.start(s.t)
	r.ready(s.t)
}

// killBeside kills another replica than one: the third one has all their work.
func (s *stage) killBeside(one *replica) {
	s.t.Helper()
	others := slices.DeleteFunc(slices.Clone(s.replicas), func(r *replica) bool { return r == one })
	s.kill(others[s.random.IntN(len(others))], true)
}

// takenOver waits until a process of a replica has no claim any more that is good.
func (s *stage) takenOver(id string) {
	s.t.Helper()
	s.until("the others to take over", "0",
		fmt.Sprintf(`SELECT (SELECT count(*) FROM duties WHERE holder = '%[1]s') + (SELECT count(*) FROM outbox WHERE claimed_by = '%[1]s')`, id))
}

// stopHolder stops the replica that sends notices, in the very moment in which the answer
// to one has come and what is to be noted of it waits in its queue, behind a batch that
// waits for the ledger's lock. It goes on when another one has had the duty for long.
func (s *stage) stopHolder(span time.Duration, meanwhile func(stopped *replica)) {
	s.t.Helper()
	hold := s.receiver.holdNext()
	eventually.Receives(s.t, "a notice", hold.began)
	id, r := s.holder("notices")
	unlock := s.lockLedger()
	if *without != "lock" {
		s.until("a batch of the replica to wait for the lock", "t",
			fmt.Sprintf(`SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = '%s' AND wait_event = 'advisory'`, r.name))
	}
	close(hold.over)
	time.Sleep(injected) // in which the answer comes, and what it means gets into the queue
	began := time.Now()
	r.signal(s.t, syscall.SIGSTOP)
	unlock()
	s.found.pauses++
	meanwhile(r)
	s.takenOver(id)
	time.Sleep(time.Until(began.Add(span)))
	r.signal(s.t, syscall.SIGCONT)
	r.ready(s.t)
}

// stopHolders stops replicas that send notices, one after the other: each just after the
// answer to a notice, whose outcome then waits for its batch. Where the guard is there, two
// of them show it; else it ends with the first that wrote what another had.
func (s *stage) stopHolders() {
	s.t.Helper()
	stops := 2
	if s.away {
		stops = 6
	}
	for range stops {
		hold := s.receiver.holdNext()
		eventually.Receives(s.t, "a notice", hold.began)
		id, r := s.holder("notices")
		close(hold.over)
		time.Sleep(injected)
		r.signal(s.t, syscall.SIGSTOP)
		s.found.pauses++
		s.takenOver(id)
		r.signal(s.t, syscall.SIGCONT)
		r.ready(s.t)
		if s.one(`SELECT count(*) FROM drill_stale`) != "0" {
			return
		}
	}
}

// holder is the replica that has a duty, and the id of its process.
func (s *stage) holder(duty string) (id string, r *replica) {
	s.t.Helper()
	row := s.query(fmt.Sprintf(`SELECT r.id, r.name FROM duties d JOIN replicas r ON r.id = d.holder WHERE d.name = '%s'`, duty))[0]
	return row[0], s.replicas[slices.IndexFunc(s.replicas, func(r *replica) bool { return r.name == row[1] })]
}

// injected is how long a replica has until it is stopped.
const injected = 200 * time.Millisecond

// lockLedger keeps all batches waiting until unlock. The number is that of the app's own lock
// (internal/ledger/postgres, Traits).
func (s *stage) lockLedger() (unlock func()) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.at().URL())
	if err == nil {
		_, err = conn.Exec(s.t.Context(), `BEGIN; SELECT pg_advisory_xact_lock((1347572563::bigint << 32) + 'sites'::regclass::oid::bigint)`)
	}
	if err != nil {
		s.t.Fatalf("take the ledger's lock: %v", err)
	}
	return func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) } // which ends the transaction
}

// halfOpen lets the network swallow all that one replica and the database say to each
// other, while each believes that it is connected.
func (s *stage) halfOpen(span time.Duration) {
	s.t.Helper()
	heal := s.swallow()
	began := time.Now()
	s.more(enough)
	s.takenOver(s.one(`SELECT id FROM replicas WHERE name = 'proxied' ORDER BY started_us DESC LIMIT 1`))
	time.Sleep(time.Until(began.Add(span)))
	heal()
	s.replicas[1].ready(s.t)
}

func (s *stage) swallow() (heal func()) {
	s.t.Helper()
	both := []servers.Toxic{
		{Type: "timeout", With: map[string]int64{"timeout": 0}},
		{Type: "timeout", Answers: true, With: map[string]int64{"timeout": 0}},
	}
	for _, l := range s.links {
		l.Poison(s.t, both...)
	}
	s.found.halfOpen++
	return func() {
		for _, l := range s.links {
			l.Heal(s.t, both...)
		}
	}
}

const endAll = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`

// endSessions ends all sessions, in the middle of whatever they do.
func (s *stage) endSessions() {
	s.t.Helper()
	for range 3 {
		s.query(endAll)
		s.found.ended++
		s.more(enough / 2)
	}
}

// loseCommits ends sessions whose commit is done and waits for the standby to have it too:
// the answer is lost, and what was committed is there.
func (s *stage) loseCommits() {
	s.t.Helper()
	pid, err := strconv.Atoi(s.standby.SQL(s.t, `SELECT pid FROM pg_stat_wal_receiver`))
	if err != nil {
		s.t.Fatalf("find what receives for the standby: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.t.Fatalf("stop what receives for the standby: %v", err)
	}
	const waiting = `SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name IN ('direct', 'proxied', 'pooled')`
	for range 5 {
		s.until("a commit to wait for the standby", "t", waiting)
		time.Sleep(injected) // in which requests gather for the batches behind it
		s.query(endAll)
		s.found.commitsLost++
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		s.t.Fatalf("let what receives for the standby go on: %v", err)
	}
	s.more(enough)
}

// failOver kills the primary and makes the standby one.
func (s *stage) failOver() {
	s.t.Helper()
	began := time.Now()
	_ = s.reach().Close(s.t.Context())
	s.primary.Kill(s.t)
	s.standby.Promote(s.t)
	s.primary, s.asking = nil, nil
	s.found.promotions++
	for _, r := range s.replicas {
		r.ready(s.t)
	}
	s.more(enough)
	s.mu.Lock()
	s.outages = append(s.outages, wait{"the database", began, time.Now()})
	s.mu.Unlock()
}
