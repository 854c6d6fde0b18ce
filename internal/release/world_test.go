package release

import (
	"fmt"
	"slices"
	"time"
)

// world is a model of what surrounds the rules: effects that are carried out
// late, twice or again after a crash; runs that fail, hang, die and speak out
// of turn; messages that are lost, doubled and late.
type world struct {
	t    fataler
	site Site
	now  time.Time

	tasks []Effect  // committed, not yet carried out
	done  []Effect  // carried out once; a crash may carry them out again
	runs  []*simRun // at the platform
	mail  []Event   // sent, not yet arrived
	old   []Event   // arrived once; may arrive again

	tokens int
	// marks are the places that each release had accepted when it was told to
	// read content: what it may publish, and nothing later.
	marks map[int64]int64
	// content counts the changes of the content; had says how many there were when
	// each place was given, and read how many when a release was told to read them.
	content   int
	had, read map[int64]int
	// asked are the sources of the places.
	asked map[int64]Source
	// unchanged counts the releases for which there was nothing to do.
	unchanged int
}

// simRun is a run at the platform.
type simRun struct {
	run     Run
	token   string
	release int64
	seq     int64
	next    State
	over    bool
	hung    bool
	ended   Conclusion
}

func newWorld(t fataler) *world {
	policy := DefaultPolicy()
	policy.Fingerprint = true
	return &world{
		t: t, site: NewSite("www", policy), now: monday, marks: map[int64]int64{},
		had: map[int64]int{}, read: map[int64]int{}, asked: map[int64]Source{},
	}
}

// do takes a step and holds it against what the model knows.
func (w *world) do(event Event) error {
	w.t.Helper()
	before := w.site
	after, effects, err := checkedStep(w.t, before, event, w.now)
	if err != nil {
		return err
	}
	if after.State == InProgress && before.State != InProgress {
		w.marks[after.Number], w.read[after.Number] = after.Accepted, w.content
	}
	w.note(event, before.Accepted, after.Accepted)
	switch event.(type) {
	case FingerprintRead:
		w.checkUnchanged(before, after, func(s Source) bool { return s == FromSchedule })
	case ContentRead:
		w.checkUnchanged(before, after, func(s Source) bool { return s != FromOperator })
	default:
		if after.Served > before.Served && after.Served != w.marks[before.Number] {
			w.t.Fatalf("release #%d made %d live, and had read up to %d", before.Number, after.Served, w.marks[before.Number])
		}
	}
	w.site = reload(w.t, after)
	settles(w.t, w.site, w.now)
	for _, e := range effects {
		switch e.(type) {
		case SendDispatch, ReadFingerprint, LookUpRun, CancelRun:
			w.tasks = append(w.tasks, e)
		case Record, Closed:
		}
	}
	return nil
}

// note keeps who asked for the places that a step gave, and how much had changed then.
func (w *world) note(event Event, from, to int64) {
	for place := from + 1; place <= to; place++ {
		w.had[place] = w.content
		switch e := event.(type) {
		case RequestAccepted:
			w.asked[place] = e.Source
		case RequestsDue:
			w.asked[place] = e.Sources[place-from-1]
		}
	}
}

// checkUnchanged checks a release that ended as nothing to do: only those had asked for it
// who may have, and the live release had read all that was there when they did.
func (w *world) checkUnchanged(before, after Site, may func(Source) bool) {
	w.t.Helper()
	if after.Served == before.Served {
		return
	}
	last := after.Last
	if last.Outcome != Unchanged || last.SameAs != before.Live.Number || after.Live != before.Live || after.Failures != before.Failures {
		w.t.Fatalf("what was read ended release #%d as %+v", before.Number, last)
	}
	for place := before.Served + 1; place <= after.Served; place++ {
		if !may(w.asked[place]) || w.had[place] > w.read[last.SameAs] {
			w.t.Fatalf("place %d of %s, after %d changes, was said to be live with release #%d, which had read %d",
				place, w.asked[place], w.had[place], last.SameAs, w.read[last.SameAs])
		}
	}
	w.unchanged++
}

// tell takes a step that may be refused: then the rules have said why.
func (w *world) tell(event Event) { _ = w.do(event) }

func (w *world) tick() {
	w.tokens++
	w.tell(Tick{Token: fmt.Sprintf("token-%d", w.tokens)})
}

// carryOut does what a committed effect asks for. Its answer goes by mail.
func (w *world) carryOut(i int, again bool) {
	var task Effect
	if again {
		task = w.done[i]
	} else {
		task = w.tasks[i]
		w.tasks = slices.Delete(w.tasks, i, i+1)
		w.done = remember(w.done, task)
	}
	switch e := task.(type) {
	case SendDispatch:
		r := &simRun{run: Run{ID: fmt.Sprintf("run-%d", len(w.runs)+1), Attempt: 1}, token: e.Token, release: e.Release}
		w.runs = append(w.runs, r)
		w.post(DispatchConfirmed{Token: e.Token, Run: r.run})
	case ReadFingerprint:
		w.post(FingerprintRead{Release: e.Release, Value: fmt.Sprint("after ", w.content)})
	case LookUpRun:
		w.lookUp(e.Run)
	case CancelRun:
		if r := w.find(e.Run.ID); r != nil && !r.over {
			w.end(r, RunCancelled)
		}
	case Record, Closed:
	}
}

func (w *world) lookUp(run Run) {
	r := w.find(run.ID)
	switch {
	case r == nil:
		w.post(RunMissing{Run: run})
	case r.over:
		w.post(RunEnded{Run: r.run, Conclusion: r.ended})
	default:
		w.post(RunSeen{Run: r.run})
	}
}

func (w *world) find(id string) *simRun {
	i := slices.IndexFunc(w.runs, func(r *simRun) bool { return r.run.ID == id })
	if i < 0 {
		return nil
	}
	return w.runs[i]
}

// alive are the runs that still work.
func (w *world) alive() []*simRun {
	var alive []*simRun
	for _, r := range w.runs {
		if !r.over && !r.hung {
			alive = append(alive, r)
		}
	}
	return alive
}

func (w *world) end(r *simRun, how Conclusion) {
	r.over, r.ended = true, how
	w.post(RunEnded{Run: r.run, Conclusion: how})
}

func (w *world) post(event Event) { w.mail = append(w.mail, event) }

// deliver lets a message arrive, perhaps not for the last time.
func (w *world) deliver(i int) {
	event := w.mail[i]
	w.mail = slices.Delete(w.mail, i, i+1)
	w.old = remember(w.old, event)
	w.tell(event)
}

// advance lets a run take its next step, and hear the answer.
func (w *world) advance(r *simRun) {
	if r.next == "" {
		w.begin(r)
		return
	}
	r.seq++
	report := Report{Release: r.release, Run: r.run, Sequence: r.seq, To: r.next}
	w.old = remember(w.old, Event(report))
	if err := w.do(report); err != nil {
		w.end(r, RunSucceeded) // told that it has nothing to do any more
		return
	}
	after := map[State]State{InProgress: Complete, Complete: Ready}
	if r.next == Ready {
		w.end(r, RunSucceeded)
		return
	}
	r.next = after[r.next]
}

// compare lets a run tell what it has read, late at times: nothing that was saved since.
func (w *world) compare(r *simRun) {
	r.seq++
	told := ContentRead{Release: r.release, Run: r.run, Sequence: r.seq, Digest: fmt.Sprint("after ", w.read[r.release]), Consistency: Quiet}
	w.old = remember(w.old, Event(told))
	if err := w.do(told); err != nil || w.site.Current.Number != r.release {
		w.end(r, RunSucceeded)
	}
}

func (w *world) begin(r *simRun) {
	claim := Claim{Release: r.release, Token: r.token, Run: r.run}
	w.old = remember(w.old, Event(claim))
	if err := w.do(claim); err != nil {
		w.end(r, RunSucceeded)
		return
	}
	r.release, r.next, r.seq = w.site.Number, InProgress, 0
}

// remember keeps the newest few.
func remember[E any](list []E, e E) []E {
	list = append(list, e)
	return list[max(0, len(list)-12):]
}

// cooperate lets everybody behave from now on, until all requests are live.
func (w *world) cooperate(limit time.Duration) {
	end := w.now.Add(limit)
	for _, r := range w.runs {
		if r.hung && !r.over {
			w.end(r, RunTimedOut) // the platform's own limit for a job
		}
	}
	w.tell(ResumeSite{Act: by("all is well")})
	for _, f := range w.site.Freezes {
		w.tell(ThawSite{Act: by("all is well"), ID: f.ID})
	}
	for w.site.State != Ready || w.site.Served != w.site.Accepted {
		if w.site.Hold.On() {
			w.tell(RetryNow{Act: by("mended")})
		}
		w.quiesce()
		if w.site.State == Ready || w.site.Hold.On() {
			continue
		}
		next := w.site.NextTick(w.now)
		if next.IsZero() {
			w.t.Fatalf("nothing goes on in %s: %+v", w.site.State, w.site)
		}
		if next.After(w.now) {
			w.now = next
		}
		if w.now.After(end) {
			w.t.Fatalf("%d of %d live after %s: %+v", w.site.Served, w.site.Accepted, limit, w.site)
		}
		w.tick()
	}
}

// quiesce carries out and delivers everything that is under way.
func (w *world) quiesce() {
	for range 1000 {
		alive := w.alive()
		switch {
		case len(w.tasks) > 0:
			w.carryOut(0, false)
		case len(w.mail) > 0:
			w.deliver(0)
		case len(alive) > 0:
			w.advance(alive[0])
		default:
			return
		}
	}
	w.t.Fatalf("the world never comes to rest: %+v", w.site)
}
