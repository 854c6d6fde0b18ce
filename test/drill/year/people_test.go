package year

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// asked is a request as the one who made it remembers it.
type asked struct {
	site      *site
	id, key   string
	changed   time.Time // the content was changed, then the request sent
	notBefore time.Time
	actor     string
	accepted  time.Time // by the app's word
}

// act is something an operator did and was told that it is done.
type act struct{ site, kind, why string }

// businessHours are VA.gov's: Monday to Friday, 8 to 20 (RunsDuringBusinessHours.php
// in https://github.com/department-of-veterans-affairs/va.gov-cms).
func (s *site) businessHours(at time.Time) bool {
	at = at.In(s.zone)
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday && at.Hour() >= 8 && at.Hour() < 20
}

// ask makes a request as a CMS does: with a key, and again with the same key
// until there is an answer.
func (s *site) ask(key string, in api.RequestInput) {
	w := s.world
	one := &asked{site: s, key: key, changed: time.Now(), actor: in.Actor}
	if in.NotBefore != nil {
		one.notBefore = *in.NotBefore
	}
	w.mu.Lock()
	w.asked = append(w.asked, one)
	w.mu.Unlock()
	for {
		got, err := w.asker(in.Source).Ask(w.ctx, s.name, key, in)
		if err == nil {
			w.accepted(one, in.Source, got)
			return
		}
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status < http.StatusInternalServerError {
			w.broken(&w.figures.wrong, "a good request was refused: %v", err)
			return
		}
		if !sleep(w.ctx, 20*time.Second) {
			return
		}
	}
}

// asker sends requests from a source by its own token: keys are per token.
func (w *world) asker(source release.Source) *api.Client {
	if source == release.FromOperator {
		return w.ops
	}
	return w.cms
}

// accepted notes the answer, and now and then sends the same again.
func (w *world) accepted(one *asked, source release.Source, got api.AskResult) {
	w.mu.Lock()
	one.id, one.accepted = got.ID, got.AcceptedAt
	w.mu.Unlock()
	if got.Duplicate {
		w.figures.count(&w.figures.repeats)
	}
	w.mustBeTrue(one, got.Request)
	c := newChance(w.seed, one.key)
	if c.of(0.03) {
		again, err := w.asker(source).Ask(w.ctx, one.site.name, one.key, api.RequestInput{Source: source, Actor: "somebody else"})
		if err == nil && (again.ID != one.id || !again.Duplicate) {
			w.broken(&w.figures.wrong, "key %s became two requests: %s and %s", one.key, one.id, again.ID)
		}
	}
	if c.of(0.15) {
		w.crowd.Go(func() {
			if sleep(w.ctx, c.between(0, 2*time.Hour)) {
				w.askAgain(one)
			}
		})
	}
}

// editors edit in bursts, mostly by day, and sometimes wait for one change.
func (s *site) editors(c chance) {
	pause := 7 * time.Hour
	if s.name == "library" {
		pause = 40 * time.Hour // a small house
	}
	for n := 0; sleep(s.world.open, c.between(20*time.Minute, pause)); n++ {
		if !s.businessHours(time.Now()) && c.of(0.97) {
			continue
		}
		edits := 1
		if c.of(0.3) {
			edits = 2 + c.IntN(15)
		}
		for i := range edits {
			in := api.RequestInput{
				Source: release.FromContent, Actor: fmt.Sprintf("editor %d", c.IntN(700)),
				Title: "Opening hours", Entity: fmt.Sprintf("node/%d", c.IntN(20000)), Link: "https://cms.example.org/node/1",
			}
			if c.of(0.1) {
				in.Source = release.FromEditor
			}
			if c.of(0.04) {
				at := time.Now().Add(c.between(time.Minute, ahead)).Truncate(time.Second)
				in.NotBefore = &at
			}
			key := fmt.Sprintf("edit-%s-%d-%d", s.name, n, i)
			s.world.crowd.Go(func() { s.ask(key, in) })
			if c.of(0.5) {
				sleep(s.world.open, c.between(0, 12*time.Second))
			}
		}
	}
}

// buttons are runs that somebody starts by hand on the platform.
func (s *site) buttons(c chance) {
	for sleep(s.world.open, c.between(24*time.Hour, 12*24*time.Hour)) {
		s.world.platform.create(runner.Job{Site: s.name, Bearer: runToken}, 0)
	}
}

// acts that operators commit now and then, and on a whim.
var whims = []weighted[string]{{4, "pause"}, {3, "pause until"}, {5, "cancel"}, {2, "reset"}, {2, "freeze"}, {3, "rollback"}}

// meddle is what operators do without need.
func (s *site) meddle(c chance) {
	for n := 0; sleep(s.world.open, c.between(6*time.Hour, 5*24*time.Hour)); n++ {
		why := fmt.Sprintf("whim %d of %s", n, s.name)
		long := c.between(5*time.Minute, 3*time.Hour)
		switch whim := pick(c, whims); whim {
		case "pause":
			s.act("pause", api.ActInput{Why: why}, release.KindPaused)
			sleep(s.world.ctx, long)
			s.act("resume", api.ActInput{Why: why}, release.KindResumed)
		case "pause until":
			until := time.Now().Add(long)
			s.act("pause", api.ActInput{Why: why, Until: &until}, release.KindPaused)
		case "freeze":
			s.freeze(c, why, long)
		case "rollback":
			s.rollBack(c, why)
		default:
			s.act(whim, api.ActInput{Why: why}, map[string]string{"cancel": release.KindCancelling, "reset": release.KindReset}[whim])
		}
	}
}

// rollBack puts an earlier release back, as somebody does whose page is wrong, and
// asks for a release once it is mended.
func (s *site) rollBack(c chance, why string) {
	w, to := s.world, s.earlier(c)
	if to == 0 {
		return
	}
	taken := false
	for range 200 {
		_, err := w.ops.Rollback(w.ctx, s.name, api.RollbackInput{To: to, Why: why})
		p, refused := errors.AsType[*api.Problem](err)
		if taken = err == nil; taken || refused && p.Status < http.StatusInternalServerError || !sleep(w.ctx, 30*time.Second) {
			break
		}
	}
	if !taken {
		return // a release is running, or it is shown already
	}
	w.figures.count(&w.figures.rollbacks)
	w.did(act{s.name, release.KindRollback, fmt.Sprintf("rollback to #%d: %s", to, why)})
	sleep(w.ctx, c.between(10*time.Minute, 8*time.Hour))
	for _, one := range w.newest(s, 20) { // which are seen no more, if it came to the rollback
		w.askAgain(one)
	}
	s.ask("mended after "+why, api.RequestInput{Source: release.FromOperator, Actor: "operator"})
}

// newest are the last requests of a site that were acknowledged.
func (w *world) newest(s *site, n int) (found []*asked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range slices.Backward(w.asked) {
		if one.site == s && one.id != "" && len(found) < n {
			found = append(found, one)
		}
	}
	return found
}

func (s *site) freeze(c chance, why string, long time.Duration) {
	w := s.world
	at, err := w.ops.Freeze(w.ctx, s.name, api.FreezeInput{To: time.Now().Add(long), Why: why})
	if err != nil || len(at.Freezes) == 0 {
		return
	}
	w.did(act{s.name, release.KindFrozen, why})
	if c.of(0.5) && sleep(w.ctx, long/2) {
		if _, err := w.ops.Thaw(w.ctx, s.name, at.Freezes[len(at.Freezes)-1].ID); err == nil {
			w.did(act{s.name, release.KindThawed, ""})
		}
	}
}

// act does something to the site until the app has answered. That there is
// nothing to do is an answer too.
func (s *site) act(name string, in api.ActInput, kind string) {
	w := s.world
	for range 200 {
		_, err := w.ops.Act(w.ctx, s.name, name, in)
		p, refused := errors.AsType[*api.Problem](err)
		if err == nil && name != "cancel" { // asking twice for a cancellation is recorded once
			w.did(act{s.name, kind, in.Why})
		}
		if err == nil || (refused && p.Status < http.StatusInternalServerError) || !sleep(w.ctx, 30*time.Second) {
			return
		}
	}
}

func (w *world) did(a act) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acts = append(w.acts, a)
}

// tend is the operator on call: held sites are retried, late releases looked
// after.
func (s *site) tend(c chance) {
	w := s.world
	for n := 0; sleep(w.ctx, c.between(30*time.Minute, 3*time.Hour)); n++ {
		at, err := w.ops.Site(w.ctx, s.name)
		if err != nil {
			continue
		}
		why := fmt.Sprintf("on call %d of %s", n, s.name)
		switch {
		case at.Held != nil && c.of(0.6):
			s.act("retry", api.ActInput{Why: why}, release.KindRetry)
		case at.Held != nil && c.of(0.3):
			s.act("reset", api.ActInput{Why: why}, release.KindReset)
		case at.Held != nil:
			s.ask(fmt.Sprintf("held-%s-%d", s.name, n), api.RequestInput{Source: release.FromOperator, Actor: "operator on call"})
		case at.Current != nil && at.Current.Late && c.of(0.4):
			s.act("cancel", api.ActInput{Why: why}, release.KindCancelling)
		case at.Current != nil && at.Current.Late && c.of(0.1):
			s.act("reset", api.ActInput{Why: why}, release.KindReset)
		}
	}
}

// askAgain asks what became of a request.
func (w *world) askAgain(one *asked) {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Minute)
	defer cancel()
	got, err := w.cms.Request(ctx, one.id)
	if err == nil {
		w.mustBeTrue(one, got)
	}
}
