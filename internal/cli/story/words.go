package story

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// sentences say what an event of the audit trail means for a request, by its kind.
// Other kinds mean nothing for one.
var sentences = map[string]string{
	"request.due":           "Its time came: it took its place in line",
	release.KindDispatching: "Release #%d is handed to its runner",
	release.KindNoSlot:      "Release #%d waits for a slot: as many run as may",
	release.KindUnknown:     "Nobody knows whether the runner took release #%d: it is looked for before it is sent again",
	release.KindDispatched:  "The runner has release #%d",
	release.KindStarting:    "The run of release #%d began",
	release.KindInProgress:  "Release #%d reads the content and builds",
	release.KindComplete:    "Release #%d is live",
	release.KindLate:        "Release #%d was later than usual",
	release.KindCancelling:  "Release #%d was to be cancelled",
	release.KindEnded:       "Release #%d ended",
	release.KindHeld:        "The site was held: nothing goes out before somebody asks",
	release.KindHoldLifted:  "The hold ended",
	release.KindPaused:      "The site was paused",
	release.KindResumed:     "The pause ended",
	release.KindFrozen:      "A freeze was set",
	release.KindThawed:      "A freeze was removed",
	release.KindRetry:       "Somebody had it tried again at once",
	release.KindLetPass:     "Somebody let guards pass, for one release",
	release.KindReset:       "Somebody gave the current release up",
	release.KindRollback:    "Somebody had an earlier release put back",
	release.KindDiffers:     "The public address showed something else than was released",
	release.KindAgrees:      "The public address showed what was released again",
}

// ofRelease are the kinds whose sentence names the release.
func ofRelease(kind string) bool {
	switch kind {
	case release.KindDispatching, release.KindNoSlot, release.KindUnknown, release.KindDispatched, release.KindStarting, release.KindInProgress,
		release.KindComplete, release.KindLate, release.KindCancelling, release.KindEnded:
		return true
	}
	return false
}

// ofEvent is an event of the audit trail as a chapter, and of which release.
func ofEvent(e api.Event, r api.Release) (Chapter, bool) {
	words, ok := sentences[e.Kind]
	if !ok {
		return Chapter{}, false
	}
	c := Chapter{At: e.At, What: e.Kind, Release: e.Release, By: e.By, id: e.ID}
	why := e.Why
	if ofRelease(e.Kind) {
		if r.Number != e.Release {
			return c, false // of a release that was none of the request's
		}
		words = fmt.Sprintf(words, e.Release)
	}
	if e.Kind == release.KindEnded {
		words = fmt.Sprintf("Release #%d %s", r.Number, outcome(r))
		why = r.Why // the event's begins with the outcome, which is in words already
		if r.Outcome != release.Succeeded && r.Fault != "" {
			c.Fault = r.Fault
			words += ", by the fault of " + culprits[r.Fault]
		}
	}
	if e.By != "" {
		words += ", by " + e.By
	}
	if why != "" {
		words += ": " + why
	}
	c.Text = text.FullStop(words)
	return c, true
}

func outcome(r api.Release) string {
	switch r.Outcome {
	case release.Succeeded:
		return "ended well"
	case release.Failed:
		return "failed"
	case release.Cancelled:
		return "was cancelled"
	case release.Stale:
		return "was given up, since nothing was heard of its run"
	case release.Unchanged:
		return "had nothing to do"
	case release.Superseded:
		return "was superseded by a later one"
	}
	return "ended"
}

// culprits are whose fault a failure was.
var culprits = map[release.Fault]string{
	release.FaultContent:  "the content",
	release.FaultBuild:    "the site's own build",
	release.FaultPlatform: "the platform that carries runs out",
	release.FaultPressrun: "Pressrun",
}

// advice is what a person may do, a step each; nil where nothing is wrong.
func advice(k Known) []string {
	r, site := k.Request, k.Request.Site
	if r.Status == release.Live && r.Condition == "" || r.Status == release.WasLive {
		return nil
	}
	log := "pressrun log --site " + site
	if n := len(r.Failed); n > 0 {
		log = fmt.Sprintf("pressrun log %d --site %s", r.Failed[n-1], site)
	}
	switch r.Condition {
	case "misconfigured":
		return []string{"mend the site's configuration: pressrun config check tells every mistake", "the app takes it by itself"}
	case "gone":
		return []string{"nothing, if the site was removed on purpose: its requests wait until it is configured again"}
	case "held":
		return []string{"read why: " + log, "mend the cause", "pressrun retry --site " + site}
	case "rolled_back":
		return []string{"when what is wrong is mended: pressrun request --site " + site}
	case "paused":
		return []string{"pressrun resume --site " + site + ", when the reason for the pause is over"}
	case "frozen":
		return thaw(k.Site)
	case "retrying":
		return []string{"nothing, if it passes by itself: it is tried again", "else read why: " + log}
	case "queued":
		return []string{"nothing: it starts by itself when it is its turn", "if it can't wait, an operator: pressrun request --emergency --site " + site}
	case "late":
		return []string{fmt.Sprintf("pressrun log %d --site %s --follow", r.Release, site), "if its run is lost: pressrun reset --site " + site + " --why TEXT"}
	case "differs":
		return []string{"find who changed the destination: pressrun audit DESTINATION", "pressrun request --site " + site + " publishes again"}
	}
	return nil
}

func thaw(s api.Site) []string {
	steps := []string{"nothing, if it may wait: the freeze ends by itself"}
	for _, z := range s.Freezes {
		if z.ID != "" {
			steps = append(steps, fmt.Sprintf("pressrun thaw %s --site %s", z.ID, s.Name))
		}
	}
	return steps
}
