package release

import (
	"fmt"
	"time"
)

// Reading is what a release was made of, as its run told when it had read it.
type Reading struct {
	// Digest is of all that the site is made of, its content and its code: what has the
	// same is the same site. Empty where that can't be said.
	Digest string `json:"digest,omitzero"`
	// Consistency says what the content can be relied on for.
	Consistency Consistency `json:"consistency,omitzero"`
	// Told is when the run told.
	Told time.Time `json:"told,omitzero"`
}

// Consistency is what the content of a release can be relied on for.
type Consistency string

// The consistencies: the content as it was at one instant; the same, found by looking
// until nothing had changed since the watermark; each item as it was at some instant after
// the watermark.
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
	// clocksApart is how far a source's clock may be from ours and still be believed.
	clocksApart = 24 * time.Hour
)

// contentRead takes what the run has read. What would make the site that is live already
// ends the release: there is nothing to do.
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
	t.Current.Reading = Reading{Digest: e.Digest, Consistency: e.Consistency, Told: t.now}
	if at := plain(e.Watermark); !e.Watermark.IsZero() && at.Sub(t.now).Abs() < clocksApart {
		t.Current.Watermark = at
	}
	if t.madeAlready() {
		sameSite(t)
	}
	return nil
}

// madeAlready says whether the release in progress would make what is live. The live
// release must be the last one that was to be built, be what the public address shows, and
// not be too old. What an operator asks for is built.
func (t *turn) madeAlready() bool {
	r := t.Current
	return r.Reading.Digest != "" && r.Reading.Digest == t.Live.Reading.Digest &&
		!r.Requests.Insisted && !t.cancelling() && !tooOld(t.Site, t.now) && t.Shows() == t.Live.Number && !t.Differs() &&
		(t.Last.Number == t.Live.Number || t.Last.Outcome == Unchanged)
}

// sameSite ends the release in progress: what it was asked for is live already.
func sameSite(t *turn) {
	t.Current.Outcome, t.Current.SameAs = Unchanged, t.Live.Number
	t.Current.Why = fmt.Sprintf("nothing to do: content and code are as they were for release #%d", t.Live.Number)
	t.Served = t.Current.Upto
	t.Unchanged = t.Current.Watermark
	t.settle()
}
