package notices

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

// people is what a target that tells people needs beyond other ones.
type people struct {
	policy       notify.Policy
	longestQueue time.Duration
	// to are those who each get a message of their own; none where a message reaches all
	// of them. Askers are the domains of who is told what became of their requests.
	to, askers []string
	// look is when there may be something to tell although nothing happened.
	look time.Time
}

const (
	// queueLook is how often it is looked how long requests have waited.
	queueLook = time.Minute
	// mostAskers bounds how many people one release tells, and mostServed among how many
	// of its requests they are looked for.
	mostAskers = 200
	mostServed = 20_000
)

// lookAgain is the earlier of an instant and when there may be something to tell.
func (t *target) lookAgain(next time.Time) time.Time {
	if t.kind.People && t.people.look.Before(next) {
		return t.people.look
	}
	if t.kind.HandsOff && t.lateAt.Before(next) && t.lateAt.After(ledger.Now()) {
		return t.lateAt
	}
	if t.settled.Before(next) && t.settled.After(ledger.Now()) {
		return t.settled
	}
	return next
}

// tellPeople decides what people are told of what happened after a cursor, of requests
// that wait too long, and whether a digest is due. It tells up to where.
func (t *target) tellPeople(ctx context.Context, s *ledger.Snapshot, from ledger.NoticeCursor) (upto ledger.NoticeCursor, made []ledger.Notice, err error) {
	memory, err := notify.ReadMemory(from.Memory)
	if err != nil { // it decides nothing that may not be decided anew
		t.log.Warn("what people were told can't be read: it may be told again", "error", err)
		memory = notify.Memory{}
	}
	turn := &turn{target: t, memory: memory, now: ledger.Now()}
	if err := turn.digest(); err != nil {
		return from, nil, err
	}
	events, err := s.Events(ctx, t.Site, from.Event, most)
	if err != nil {
		return from, nil, err
	}
	upto = ledger.NoticeCursor{Event: from.Event}
	for _, e := range events {
		record, of, err := recordOf(ctx, s, e)
		if err != nil {
			return from, nil, err
		}
		if err := turn.event(ctx, s, record, of); err != nil {
			return from, nil, err
		}
		if upto.Event = e.ID; len(turn.made) >= most {
			break
		}
	}
	if err := turn.queue(ctx, s); err != nil {
		return from, nil, err
	}
	t.people.look = turn.now.Add(queueLook)
	if due, waits := t.people.policy.DigestAt(turn.memory, turn.now); waits && due.Before(t.people.look) {
		t.people.look = due
	}
	upto.Memory = turn.memory.String()
	return upto, turn.made, nil
}

// turn is what is decided in one go.
type turn struct {
	*target
	memory notify.Memory
	now    time.Time
	made   []ledger.Notice
}

// decide has the policy decide on a fact, and puts it in line if it is to be told.
func (t *turn) decide(f notify.Fact) error {
	var verdict notify.Verdict
	t.memory, f, verdict = t.people.policy.Decide(t.memory, f, t.now)
	if verdict == notify.Tell || verdict == notify.Update {
		return t.tell(f)
	}
	return nil
}

// tell puts a fact in line: for the one person whom it is for, for each address of the
// target, or for the target as a whole.
func (t *turn) tell(f notify.Fact) (err error) {
	if f.To != "" || len(t.people.to) == 0 {
		t.made, err = t.add(t.made, f)
		return err
	}
	for _, to := range t.people.to {
		f.To = to
		if t.made, err = t.add(t.made, f); err != nil {
			return err
		}
	}
	return nil
}

// reaches says whether anybody is told but who asked.
func (t *turn) reaches() bool { return t.kind.Name != "smtp" || len(t.people.to) > 0 }

func (t *turn) digest() error {
	due, waits := t.people.policy.DigestAt(t.memory, t.now)
	if !waits || due.After(t.now) {
		return nil
	}
	var f notify.Fact
	t.memory, f = t.people.policy.Sum(t.memory, t.site, t.now)
	return t.tell(f)
}

// event decides on what an event says: of itself, and to those whose requests its
// release serves.
func (t *turn) event(ctx context.Context, s *ledger.Snapshot, record notify.Record, of *release.Release) error {
	fact, known := notify.Of(t.site, record, of)
	if known && t.reaches() {
		if err := t.decide(fact); err != nil {
			return err
		}
	}
	what := notify.OfRequests(record, of)
	if what == "" || len(t.people.askers) == 0 {
		return nil
	}
	fact.Event, fact.At, fact.Type = record.Event, record.At, what
	asked, err := t.askers(ctx, s, fact)
	if err != nil {
		return err
	}
	for _, to := range slices.Sorted(maps.Keys(asked)) {
		if err := t.decide(asked[to]); err != nil {
			return err
		}
	}
	return nil
}

// askers are what those are told who asked for what a release serves.
func (t *turn) askers(ctx context.Context, s *ledger.Snapshot, f notify.Fact) (map[string]notify.Fact, error) {
	asked := map[string]notify.Fact{}
	after, seen := f.Release.After, 0
	for {
		served, err := s.RequestsInLine(ctx, t.Site, after, f.Release.Upto, most)
		if err != nil {
			return nil, err
		}
		for _, r := range served {
			after = r.Place
			to := notify.Asker(r.Actor, t.people.askers)
			one, known := asked[to]
			if to == "" || !known && len(asked) >= mostAskers {
				continue
			}
			if !known {
				one = f
				one.To = to
			}
			one.First(requestOf(r))
			asked[to] = one
		}
		if seen += len(served); len(served) < most || seen >= mostServed {
			return asked, nil
		}
	}
}

// queue decides on requests that wait too long, unless somebody stopped the site.
func (t *turn) queue(ctx context.Context, s *ledger.Snapshot) error {
	site, err := s.Site(ctx, t.Site)
	if err != nil || !t.reaches() {
		return err
	}
	waiting := site.Waiting
	if c := site.Current.Requests; c.Count > 0 {
		if waiting.Count == 0 || c.First.Before(waiting.First) {
			waiting.First = c.First
		}
		waiting.Count += c.Count
	}
	if why := site.DispatchDue(t.now).Why; site.Pause.On(t.now) || why == release.DueFreeze {
		waiting = release.Group{}
	}
	memory, fact, long := t.people.policy.Queue(t.memory, t.site, waiting, t.people.longestQueue, t.now)
	if t.memory = memory; long {
		return t.decide(fact)
	}
	return nil
}
