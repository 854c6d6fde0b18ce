package year

import (
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// mustBeTrue holds what the app says of a request against the world: what is
// said to be live was read after it was changed, and is what the public reads.
func (w *world) mustBeTrue(one *asked, got api.Request) {
	w.figures.count(&w.figures.answers)
	if got.Text == "" {
		w.broken(&w.figures.wrong, "request %s: no words", got.ID)
	}
	switch got.Status {
	case release.Live:
		w.mustBeLive(one, got)
	case release.Scheduled:
		if one.notBefore.IsZero() || got.Place != 0 {
			w.broken(&w.figures.wrong, "request %s is scheduled, place %d, and was asked for at once", got.ID, got.Place)
		}
	case release.WasLive:
		w.mustBeGone(one, got)
	case release.Waiting, release.InRelease:
		if got.Place == 0 || (got.Status == release.InRelease) != (got.Release != 0) {
			w.broken(&w.figures.wrong, "request %s is %s with place %d in release #%d", got.ID, got.Status, got.Place, got.Release)
		}
	case release.Withdrawn: // the drill withdraws none
		w.broken(&w.figures.wrong, "request %s is withdrawn, and nobody did that", got.ID)
	default:
		w.broken(&w.figures.wrong, "request %s has status %q", got.ID, got.Status)
	}
}

// known is how long the app may take to hear that something else is live: runs report
// late, and are cut off.
const known = 3 * time.Hour

// mustBeGone holds that a request is no longer live against what was rolled back.
func (w *world) mustBeGone(one *asked, got api.Request) {
	w.figures.count(&w.figures.gone)
	now, back := one.site.rolledBack()
	unheard := time.Since(now.at) < known || w.outcome(one.site.name, now.release) != release.Succeeded
	if back && now.of < got.Release || unheard && one.site.hid(got.Release) {
		return
	}
	w.broken(&w.figures.wrong, "request %s is said to be no longer live after release #%d, and nothing older was put back", got.ID, got.Release)
}

// mustBeShown holds that a request is live against a rollback that the app knows of.
func (w *world) mustBeShown(one *asked, got api.Request) {
	v, back := one.site.rolledBack()
	if back && v.of < got.Release && time.Since(v.at) > known && w.outcome(one.site.name, v.release) == release.Succeeded {
		w.broken(&w.figures.wrong, "request %s is said to be live with release #%d, and #%d was put back at %s", got.ID, got.Release, v.of, v.at)
	}
}

func (w *world) mustBeLive(one *asked, got api.Request) {
	w.mustBeShown(one, got)
	v, ok := one.site.version(got.Release)
	switch {
	case !ok:
		w.broken(&w.figures.wrong, "request %s is said to be live with release #%d, which published nothing", got.ID, got.Release)
	case v.read.Before(one.changed) || v.read.Before(got.AcceptedAt):
		w.broken(&w.figures.wrong, "request %s of %s is said to be live with release #%d, which read at %s", got.ID, one.changed, got.Release, v.read)
	case got.LiveAt == nil || got.LiveAt.Before(got.AcceptedAt) || got.LiveAt.Before(v.at.Truncate(time.Microsecond)): // as precise as it is stored
		w.broken(&w.figures.wrong, "request %s: live at %v, accepted at %s, deployed at %s", got.ID, got.LiveAt, got.AcceptedAt, v.at)
	case !one.notBefore.IsZero() && v.read.Before(one.notBefore):
		w.broken(&w.figures.wrong, "request %s was published at %s, not before %s was asked", got.ID, v.at, one.notBefore)
	}
}

// unanswered counts the requests that were sent and not yet acknowledged.
func (w *world) unanswered() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.asked {
		if one.id == "" {
			n++
		}
	}
	return n
}

// check looks at everything once more when all is settled.
func (w *world) check() {
	w.checkRequests()
	tales := w.checkAudit()
	w.checkSlots()
	w.checkReleases(tales)
	w.checkRanges()
}

// checkRequests asks for every request: all are live now.
func (w *world) checkRequests() {
	w.mu.Lock()
	all := slices.Clone(w.asked)
	w.mu.Unlock()
	ids := map[string]string{}
	for _, one := range all {
		if one.id == "" {
			w.broken(&w.figures.lost, "a request with key %s never got an answer", one.key)
			continue
		}
		if other, ok := ids[one.id]; ok {
			w.broken(&w.figures.wrong, "keys %s and %s became one request", one.key, other)
		}
		ids[one.id] = one.key
		got, err := w.cms.Request(w.ctx, one.id)
		if err != nil {
			w.broken(&w.figures.lost, "request %s can't be read: %v", one.id, err)
			continue
		}
		w.mustBeTrue(one, got)
		if got.Status != release.Live {
			w.broken(&w.figures.lost, "request %s of %s is not live: %s", one.id, one.changed, got.Text)
			continue
		}
		from := got.AcceptedAt
		if one.notBefore.After(from) {
			from = one.notBefore
		}
		w.figures.waited(got.LiveAt.Sub(from))
	}
	w.figures.requests = len(all)
}

// bounds of what may go unnoticed.
const (
	// slack is for the seconds that answers, look-ups and deliveries take.
	slack = 3 * time.Minute
	// unnoticed is how long a run that is over may still be thought to run: until
	// it is looked up for its silence. Complete ends by itself after as long.
	unnoticed = silence + slack
)

// checkReleases holds the ends of releases against the ends of their runs. A
// release that outlives its run is stuck.
func (w *world) checkReleases(tales map[string]*tale) {
	for name := range w.sites {
		all, err := w.server.now().Ledger().Releases(w.ctx, name, 1<<30, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range all {
			w.figures.ended(r)
			w.checkEnd(name, r, tales[name])
		}
	}
}

func (w *world) checkEnd(name string, r ledger.Release, t *tale) {
	if r.Times.Ended.IsZero() {
		w.broken(&w.figures.stuck, "%s #%d has not ended", name, r.Number)
		return
	}
	played := w.platform.played(r.Run)
	if played == nil || played.ended.IsZero() || r.Times.Ended.Before(played.ended) {
		return
	}
	since := played.ended
	if begun := t.began[r.Number]; begun.After(since) {
		since = begun // its dispatch was still being looked for when the run ended
	}
	bound := unnoticed
	if played.lost && r.Times.Complete.IsZero() {
		bound += 90 * time.Minute // nobody knows of the run: the phase's deadline must pass
	}
	over := r.Times.Ended.Sub(since) - w.hindered(since, r.Times.Ended)
	w.figures.unnoticed(over, played.lost)
	if over > bound {
		w.broken(&w.figures.stuck, "%s #%d went on for %s after its run (%s) was over at %s", name, r.Number, over, played.fate, played.ended)
	}
}

// hindered is how much of a time the app was away, or could ask nobody.
func (w *world) hindered(from, to time.Time) time.Duration {
	w.platform.mu.Lock()
	out := slices.Clone(w.platform.outages)
	w.platform.mu.Unlock()
	return within(w.server.away, from, to) + within(out, from, to)
}
