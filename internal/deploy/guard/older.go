package guard

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// ReleaseNumber is the number of the release that a deploy publishes. given 0 is the number
// after the last one; where callers give the numbers, it is the live release's, so that it
// takes no number of theirs. A given number below the live release's is an *Error, unless
// allowOlder: a run that was late must not publish old content.
func ReleaseNumber(h manifest.Head, given int64, allowOlder bool) (int64, error) {
	switch {
	case given == 0 && h.Live == nil:
		return 1, nil
	case given == 0 && h.Live.Numbered:
		return h.Live.Release, nil
	case given == 0:
		last := h.Live.Release
		for _, r := range h.History { // the live one may be an earlier one put back
			if !r.Numbered {
				last = max(last, r.Release)
			}
		}
		return last + 1, nil
	}
	if last := lastRun(h); last.Numbered && given < last.Release && !allowOlder {
		return 0, &Error{Violations: []Violation{{
			Name:   OlderRelease,
			Detail: fmt.Sprintf("release %d is older than release %d, which %s", given, last.Release, became(h)),
		}}}
	}
	return given, nil
}

// lastRun is the newest release that no rollback made: after a rollback, runs older than
// the release before it are refused too.
func lastRun(h manifest.Head) manifest.Live {
	if h.Live == nil {
		return manifest.Live{}
	}
	for _, r := range append([]manifest.Live{*h.Live}, h.History...) {
		if !r.Rollback {
			return r
		}
	}
	return *h.Live
}

func became(h manifest.Head) string {
	if h.Live.Rollback {
		return fmt.Sprintf("was live until release %d was put back", h.Live.Release)
	}
	return "is live"
}
