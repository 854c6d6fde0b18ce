package release

import (
	"fmt"
	"time"
)

// Reading describes the content that a release's run has read, as the run reported it.
type Reading struct {
	// Digest is of the site's content and code: releases with the same digest are the
	// same site. Empty where there is none.
	Digest string `json:"digest,omitzero"`
	// Consistency says how consistent the content is.
	Consistency Consistency `json:"consistency,omitzero"`
	// Reported is when the run reported it.
	Reported time.Time `json:"told,omitzero"`
}

// Consistency says how consistent the content of a release is.
type Consistency string

// The consistencies: OneSnapshot: all content is of one instant. Quiet: so it is, since it
// was read until nothing had changed since the watermark. PerItem: each item is of some
// instant after the watermark.
const (
	OneSnapshot Consistency = "snapshot"
	Quiet       Consistency = "quiet"
	PerItem     Consistency = "per item"
)

// Valid says whether c is one of the three.
func (c Consistency) Valid() bool { return c == OneSnapshot || c == Quiet || c == PerItem }

const (
	// longestDigest bounds a digest, in bytes.
	longestDigest = 200
	// clocksApart is how much a source's clock may differ from ours and still be believed.
	clocksApart = 24 * time.Hour
)

// contentRead takes a run's report of the content that it has read. If the release would
// be the same as the live one it ends: there is nothing to do.
func contentRead(t *turn, e ContentRead) error {
	if e.Sequence < 1 || !e.Consistency.Valid() || len(e.Digest) > longestDigest {
		return refuse(CodeBadEvent, "what was read has a consistency, a digest of %d bytes at most and a sequence from 1", longestDigest)
	}
	if endedAs(t, e.Release, e.Run, Unchanged) {
		return nil // the answer was lost on the way
	}
	if err := checkReport(t, e.Release, e.Run); err != nil {
		return err
	}
	switch {
	case e.Sequence < t.Current.Sequence:
		return refuse(CodeOldSequence, "report %d came after report %d", e.Sequence, t.Current.Sequence)
	case t.State != InProgress || t.Current.isRollback():
		return refuse(CodeInvalidTransition, "release #%d is %q: it reads no content", e.Release, t.State)
	}
	noteHeard(t, e.Sequence, "")
	t.Current.Reading = Reading{Digest: e.Digest, Consistency: e.Consistency, Reported: t.now}
	if at := plain(e.Watermark); !e.Watermark.IsZero() && at.Sub(t.now).Abs() < clocksApart {
		t.Current.Watermark = at
	}
	if t.madeAlready() {
		sameSite(t)
	}
	return nil
}

// madeAlready says whether the release in progress would be the same as the live one. The
// live release must be the last one that was built, must be the one that the public
// address shows, and must not be too old. An operator's release is built in any case.
func (t *turn) madeAlready() bool {
	r := t.Current
	return r.Reading.Digest != "" && r.Reading.Digest == t.Live.Reading.Digest &&
		!r.Requests.Insisted && !t.cancelling() && !tooOld(t.Site, t.now) && t.Shows() == t.Live.Number && !t.Differs() &&
		(t.Last.Number == t.Live.Number || t.Last.Outcome == Unchanged)
}

// sameSite ends the release in progress: its content is live already.
func sameSite(t *turn) {
	t.Current.Outcome, t.Current.SameAs = Unchanged, t.Live.Number
	t.Current.Why = fmt.Sprintf("nothing to do: content and code are as they were for release #%d", t.Live.Number)
	t.Served = t.Current.Upto
	t.Unchanged = t.Current.Watermark
	t.settle()
}
