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

// people are the further settings of a target of notices to people.
type people struct {
	policy       notify.Policy
	longestQueue time.Duration
	// to are the addresses that each get a message of their own; none where one message
	// reaches all. Askers are the domains of those who are told what became of their
	// requests.
	to, askers []string
	// look is when a notice may be due although nothing happened.
	look time.Time
}

const (
	// queueLook is how often the waits of requests are looked at.
	queueLook = time.Minute
	// mostAskers bounds how many people get a notice of one release, and mostServed the
	// requests of a release among which they are looked for.
	mostAskers = 200
	mostServed = 20_000
)

// lookAgain is the earlier of an instant and the time at which a notice may be due although
// nothing happened.
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

// tellPeople decides which notices people get: of the events after a cursor, of requests
// that wait too long, and of a digest that is due. It gives the cursor after them.
func (t *target) tellPeople(ctx context.Context, s *ledger.Snapshot, from ledger.NoticeCursor) (upto ledger.NoticeCursor, made []ledger.Notice, err error) {
	memory, err := notify.ReadMemory(from.Memory)
	if err != nil { // without it people may get a notice twice, and lose none
		t.log.Warn("the memory of notices to people can't be read: some may be sent again", "error", err)
		memory = notify.Memory{}
	}
	p := &pass{target: t, memory: memory, now: ledger.Now()}
	if err := p.digest(); err != nil {
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
		if err := p.event(ctx, s, record, of); err != nil {
			return from, nil, err
		}
		if upto.Event = e.ID; len(p.made) >= most {
			break
		}
	}
	if err := p.queue(ctx, s); err != nil {
		return from, nil, err
	}
	t.people.look = p.now.Add(queueLook)
	if due, waits := t.people.policy.DigestAt(p.memory, p.now); waits && due.Before(t.people.look) {
		t.people.look = due
	}
	upto.Memory = p.memory.String()
	return upto, p.made, nil
}

// pass is one call of tellPeople.
type pass struct {
	*target
	memory notify.Memory
	now    time.Time
	made   []ledger.Notice
}

// decide has the policy decide about a fact, and puts a notice of it in line if it says so.
func (t *pass) decide(f notify.Fact) error {
	var verdict notify.Verdict
	t.memory, f, verdict = t.people.policy.Decide(t.memory, f, t.now)
	if verdict == notify.Tell || verdict == notify.Update {
		return t.tell(f)
	}
	return nil
}

// tell puts notices of a fact in line: one for the person whom it is for, one for each
// address of the target, or one for the target as a whole.
func (t *pass) tell(f notify.Fact) (err error) {
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

// reaches says whether the target has receivers other than those who made requests.
func (t *pass) reaches() bool { return t.kind.Name != "smtp" || len(t.people.to) > 0 }

func (t *pass) digest() error {
	due, waits := t.people.policy.DigestAt(t.memory, t.now)
	if !waits || due.After(t.now) {
		return nil
	}
	var f notify.Fact
	t.memory, f = t.people.policy.Sum(t.memory, t.site, t.now)
	return t.tell(f)
}

// event decides about an event: about a notice of itself, and those to the people whose
// requests its release serves.
func (t *pass) event(ctx context.Context, s *ledger.Snapshot, record notify.Record, of *release.Release) error {
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

// askers are the facts for the people whose requests a release serves, by their addresses.
func (t *pass) askers(ctx context.Context, s *ledger.Snapshot, f notify.Fact) (map[string]notify.Fact, error) {
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

// queue decides about requests that wait too long, unless somebody stopped the site.
func (t *pass) queue(ctx context.Context, s *ledger.Snapshot) error {
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
