package release

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pgregory.net/rapid"
)

// TestWhateverHappensTheRulesHold drives the rules through a world in which
// anything may happen, in any order, and in the end lets everybody cooperate:
// then every request must become live, within bounded time.
func TestWhateverHappensTheRulesHold(t *testing.T) {
	rapid.Check(t, whatever)
}

func whatever(t *rapid.T) {
	w := newWorld(t)
	t.Repeat(map[string]func(*rapid.T){
		"request":  func(t *rapid.T) { w.tell(RequestAccepted{Source: rapid.SampledFrom(Sources).Draw(t, "source")}) },
		"slot":     w.slot,
		"slot on":  w.slot,
		"all well": func(*rapid.T) { w.cooperate(4 * time.Hour) },
		"edit":     func(*rapid.T) { w.content++ },
		"unread":   func(*rapid.T) { w.tell(FingerprintRead{Release: w.site.Number, Why: "503"}) },
		"schedule": w.schedule,
		"time":     w.pass,
		"time on":  w.pass,
		"carry out": func(t *rapid.T) {
			w.carryOut(pick(t, len(w.tasks)), false)
		},
		"carry out again": func(t *rapid.T) { w.carryOut(pick(t, len(w.done)), true) },
		"lose answer":     w.loseAnswer,
		"deliver":         func(t *rapid.T) { w.deliver(pick(t, len(w.mail))) },
		"deliver again":   func(t *rapid.T) { w.tell(w.old[pick(t, len(w.old))]) },
		"lose message":    func(t *rapid.T) { i := pick(t, len(w.mail)); w.mail = append(w.mail[:i:i], w.mail[i+1:]...) },
		"run on":          w.runOn,
		"run on further":  w.runOn,
		"run compares":    w.runCompares,
		"run ends badly":  w.runBadly,
		"run again":       w.runAgain,
		"button":          w.button,
		"operate":         w.operate,
		"look": func(t *rapid.T) {
			m := Marker{Release: int64(rapid.IntRange(0, 4).Draw(t, "shown"))}
			if m.Release == 0 {
				m.Missing = "nothing"
			}
			w.tell(MarkerSeen{Marker: m, At: w.now})
		},
		"restart": func(*rapid.T) { w.tell(Restarted{}) },
	})
	w.cooperate(4 * time.Hour)
}

// slot is a slot of a schedule, at times while somebody else asks and edits too, of
// which the app has its fingerprint read at once, or late.
func (w *world) slot(t *rapid.T) {
	w.tell(RequestAccepted{Source: FromSchedule})
	if next := w.site.NextTick(w.now); next.After(w.now) {
		w.now = next
	}
	w.tick()
	if len(w.tasks) > 0 && rapid.Bool().Draw(t, "read") {
		w.carryOut(len(w.tasks)-1, false)
	}
	switch rapid.IntRange(0, 5).Draw(t, "meanwhile") {
	case 0:
		w.tell(RequestAccepted{Source: FromContent})
	case 1:
		w.content++
		w.tell(RequestAccepted{Source: FromSchedule})
	}
	if len(w.mail) > 0 && rapid.Bool().Draw(t, "answered") {
		w.deliver(len(w.mail) - 1)
	}
}

// pick chooses one of n things; where there are none the action is skipped.
func pick(t *rapid.T, n int) int {
	if n == 0 {
		t.Skip("nothing there")
	}
	return rapid.IntRange(0, n-1).Draw(t, "which")
}

func (w *world) schedule(t *rapid.T) {
	if w.site.Scheduled.IsZero() {
		w.tell(RequestAccepted{Source: FromContent, NotBefore: w.now.Add(time.Hour)})
		return
	}
	if w.now.Before(w.site.Scheduled) {
		before := w.site
		next := rapid.SampledFrom([]time.Time{{}, w.now.Add(time.Minute), w.now.Add(2 * time.Hour)}).Draw(t, "put off to")
		w.tell(Rescheduled{Next: next})
		before.Scheduled = next.Round(0).UTC()
		if diff := cmp.Diff(before, w.site); diff != "" {
			t.Fatalf("more than the schedule changed:\n%s", diff)
		}
		return
	}
	w.tell(RequestsDue{Sources: []Source{FromContent, FromEditor}})
}

// pass lets time go by: a jump to anywhere, at times a little back, or just to
// where the site wants its next tick; with a tick at the end, or without.
func (w *world) pass(t *rapid.T) {
	span := rapid.SampledFrom([]time.Duration{
		0, -2 * time.Second, time.Second, 11 * time.Second, time.Minute, 20 * time.Minute, 41 * time.Minute, 3 * time.Hour,
	}).Draw(t, "span")
	if next := w.site.NextTick(w.now); span == 0 && next.After(w.now) {
		w.now = next
	} else {
		w.now = w.now.Add(span)
	}
	if rapid.Bool().Draw(t, "tick") {
		w.tick()
	}
}

// loseAnswer carries a task out and loses the answer, or does not carry it
// out at all: the app can't tell, looks for the token and tells what it found.
func (w *world) loseAnswer(t *rapid.T) {
	i := pick(t, len(w.tasks))
	send, ok := w.tasks[i].(SendDispatch)
	if !ok {
		t.Skip("nothing was sent")
	}
	w.tasks = append(w.tasks[:i:i], w.tasks[i+1:]...)
	w.done = remember(w.done, Effect(send))
	w.post(DispatchUnknown{Token: send.Token, Why: "timed out"})
	switch rapid.IntRange(0, 2).Draw(t, "what happened") {
	case 0:
		w.post(DispatchMissing{Token: send.Token, Sent: send.Sent})
	case 1:
		w.post(DispatchRefused{Token: send.Token, Why: "no such workflow", Fault: FaultPlatform})
	case 2: // nobody ever knows
	}
}

func (w *world) runOn(t *rapid.T) {
	alive := w.alive()
	w.advance(alive[pick(t, len(alive))])
}

// runCompares lets a run tell what it has read.
func (w *world) runCompares(t *rapid.T) {
	alive := slices.DeleteFunc(w.alive(), func(r *simRun) bool { return r.next != Complete })
	w.compare(alive[pick(t, len(alive))])
}

func (w *world) runBadly(t *rapid.T) {
	alive := w.alive()
	r := alive[pick(t, len(alive))]
	switch rapid.IntRange(0, 4).Draw(t, "how") {
	case 0:
		r.hung = true
	case 1:
		w.post(Failure{Release: r.release, Run: r.run, Sequence: r.seq + 1, Why: "build broke", Fault: FaultBuild, Guards: rapid.SampledFrom([]Guards{"", "broken-links", "broken-links,vanished-pages"}).Draw(t, "guards")})
		w.end(r, RunFailed)
	case 2: // dies without a word; only a look-up will tell
		r.over, r.ended = true, RunDied
	case 3:
		w.end(r, rapid.SampledFrom([]Conclusion{RunCancelled, RunTimedOut, RunNeverStarted}).Draw(t, "conclusion"))
	case 4:
		w.tell(Heartbeat{Release: r.release, Run: r.run, Note: "still there"})
	}
}

// runAgain is a person's "re-run" at the platform.
func (w *world) runAgain(t *rapid.T) {
	r := w.runs[pick(t, len(w.runs))]
	if !r.over {
		t.Skip("it still works")
	}
	r.run.Attempt++
	r.over, r.hung, r.next, r.seq = false, false, "", 0
}

func (w *world) button(*rapid.T) {
	w.tell(RequestAccepted{Source: FromWorkflow})
	w.runs = append(w.runs, &simRun{run: Run{ID: fmt.Sprintf("run-%d", len(w.runs)+1), Attempt: 1}})
}

func (w *world) operate(t *rapid.T) {
	act := by("because")
	w.tell(rapid.SampledFrom([]Event{
		PauseSite{Act: act},
		PauseSite{Act: act, Until: w.now.Add(time.Hour)},
		ResumeSite{Act: act},
		CancelRelease{Act: act},
		ResetSite{Act: act},
		RetryNow{Act: act},
		LetPass{Act: act, Guards: "broken-links"},
		LetPass{Act: act, Guards: "broken-links,vanished-pages"},
		FreezeSite{Act: act, Window: Window{ID: "a", From: w.now, To: w.now.Add(time.Hour)}},
		FreezeSite{Act: act, Window: Window{ID: "b", From: w.now.Add(time.Minute), To: w.now.Add(2 * time.Hour)}},
		ThawSite{Act: act, ID: "a"},
		RollBack{Act: act, To: max(w.site.Live.Number-1, 1)},
	}).Draw(t, "act"))
}
