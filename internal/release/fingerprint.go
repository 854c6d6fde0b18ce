package release

import (
	"fmt"
	"time"
)

// Fingerprint is the fingerprint of a site's content for a release: equal values mean
// equal content.
type Fingerprint struct {
	// Asked is when it was asked for, once for each release, and Upto the last place in
	// line given out by then. Read is when the answer came.
	Asked time.Time `json:"asked,omitzero"`
	Upto  int64     `json:"upto,omitzero"`
	Read  time.Time `json:"read,omitzero"`
	// Value is empty if it could not be read.
	Value string `json:"value,omitzero"`
}

// fingerprintLimit bounds how long a release waits for the fingerprint of the content.
const fingerprintLimit = time.Minute

// askFingerprint asks for the fingerprint of the content, for each release that will be
// built: the next release's is compared with it.
func askFingerprint(t *turn) {
	if !t.Policy.Fingerprint || t.Current.isRollback() || !t.Current.Fingerprint.Asked.IsZero() {
		return
	}
	t.Current.Fingerprint = Fingerprint{Asked: t.now, Upto: t.Accepted}
	t.emit(ReadFingerprint{Release: t.Current.Number})
}

// fingerprintBy is the instant until which the waiting release waits for its fingerprint,
// because its content may be live already; zero for no such wait. The time while the app
// was down does not count.
func fingerprintBy(s Site) time.Time {
	f := s.Current.Fingerprint
	if f.Asked.IsZero() || !f.Read.IsZero() || !mayBeUnchanged(s) {
		return time.Time{}
	}
	return later(f.Asked, s.Current.Heard).Add(fingerprintLimit)
}

// mayBeUnchanged says whether the waiting release need not be built if its content equals
// the live one's. Only schedules may have asked for it before the fingerprint was read:
// other requests have a reason. The live release must be the last one that was built,
// must be the one that the public address shows, and its content must not be too old.
func mayBeUnchanged(s Site) bool {
	r := s.Current
	return s.Policy.Fingerprint && r.Requests.Scheduled && r.Fingerprint.Upto == s.Accepted && !tooOld(s, r.Fingerprint.Asked) &&
		s.Live.Fingerprint.Value != "" && s.Shows() == s.Live.Number && !s.Differs() &&
		(s.Last.Number == s.Live.Number || s.Last.Outcome == Unchanged) && !s.Hold.On()
}

// tooOld says whether the live release was built longer than MaxUnchanged ago.
func tooOld(s Site, now time.Time) bool {
	most := s.Policy.MaxUnchanged
	return most > 0 && now.Sub(s.Live.Watermark) >= most
}

// fingerprintRead takes a fingerprint, unless the run is reading content already: then
// the fingerprint may be of later content than the release's.
func fingerprintRead(t *turn, e FingerprintRead) error {
	f := &t.Current.Fingerprint
	switch {
	case t.State == Ready || e.Release != t.Current.Number:
		return refuseOther(t, e.Release)
	case f.Asked.IsZero() || !f.Read.IsZero() || !t.Current.Watermark.IsZero():
		return nil
	}
	f.Read, f.Value = t.now, e.Value
	switch {
	case e.Value == "":
		t.record(KindUnread, "", "whether the content has changed is not known: "+e.Why)
	case t.State == Requested && t.Current.Dispatch.Token == "" && mayBeUnchanged(t.Site) && e.Value == t.Live.Fingerprint.Value:
		nothingToDo(t)
	}
	return nil
}

// dropOldFingerprint forgets a fingerprint that was read long before the run begins to
// read: content that changed in between would count as live once it has changed back.
func dropOldFingerprint(t *turn) {
	if f := &t.Current.Fingerprint; f.Value != "" && t.now.Sub(f.Read) > fingerprintLimit {
		f.Value = ""
	}
}

// giveUpFingerprint lets the release be built although its fingerprint did not come.
func giveUpFingerprint(t *turn) {
	f := &t.Current.Fingerprint
	if f.Asked.IsZero() || !f.Read.IsZero() || !mayBeUnchanged(t.Site) {
		return
	}
	f.Read = t.now
	t.record(KindUnread, "", "whether the content has changed is not known: no answer within "+fingerprintLimit.String())
}

// nothingToDo ends the waiting release: its content is live already.
func nothingToDo(t *turn) {
	t.Current.Outcome, t.Current.SameAs = Unchanged, t.Live.Number
	t.Current.Why = fmt.Sprintf("nothing to do: the content is as it was for release #%d", t.Live.Number)
	t.Served = t.Current.Upto
	t.Unchanged = t.Current.Fingerprint.Asked
	t.settle()
}
