package release

import (
	"fmt"
	"time"
)

// Fingerprint is what was read of a site's content for a release: two that are equal
// are of the same content.
type Fingerprint struct {
	// Asked is when it was asked for, once for a release, and Upto the last place
	// given out by then. Read is when the answer came.
	Asked time.Time `json:"asked,omitzero"`
	Upto  int64     `json:"upto,omitzero"`
	Read  time.Time `json:"read,omitzero"`
	// Value is empty where nothing could be read.
	Value string `json:"value,omitzero"`
}

// fingerprintLimit bounds how long a release waits for the fingerprint of the content.
const fingerprintLimit = time.Minute

// askFingerprint has the fingerprint of the content read, for each release that is to
// be built: what the next one finds is held against it.
func askFingerprint(t *turn) {
	if !t.Policy.Fingerprint || t.Current.isRollback() || !t.Current.Fingerprint.Asked.IsZero() {
		return
	}
	t.Current.Fingerprint = Fingerprint{Asked: t.now, Upto: t.Accepted}
	t.emit(ReadFingerprint{Release: t.Current.Number})
}

// fingerprintBy is until when the waiting release is not dispatched, because its
// content may turn out to be live already; zero for no such wait. While the app was
// away nobody read it: that time does not count.
func fingerprintBy(s Site) time.Time {
	f := s.Current.Fingerprint
	if f.Asked.IsZero() || !f.Read.IsZero() || !mayBeUnchanged(s) {
		return time.Time{}
	}
	return later(f.Asked, s.Current.Heard).Add(fingerprintLimit)
}

// mayBeUnchanged says whether the waiting release is not to be built if its content is
// as that of the live one. Only schedules may have asked, before the content was read:
// whoever else asks has a reason. The live release must be the last one that was to
// be built, be what the public address shows, and be of content that is not too old.
func mayBeUnchanged(s Site) bool {
	r := s.Current
	return s.Policy.Fingerprint && r.Requests.Scheduled && r.Fingerprint.Upto == s.Accepted && !tooOld(s, r.Fingerprint.Asked) &&
		s.Live.Fingerprint.Value != "" && s.Shows() == s.Live.Number && !s.Differs() &&
		(s.Last.Number == s.Live.Number || s.Last.Outcome == Unchanged) && !s.Hold.On()
}

// tooOld says whether what is live was built so long ago that no fingerprint is believed
// any more.
func tooOld(s Site, now time.Time) bool {
	most := s.Policy.MaxUnchanged
	return most > 0 && now.Sub(s.Live.Watermark) >= most
}

// fingerprintRead takes what was read of the content, unless the run reads content
// already: then it may be of later content than the release.
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

// dropOldFingerprint forgets what was read long before the run begins to read: content
// that changed meanwhile would be taken for live once it has changed back.
func dropOldFingerprint(t *turn) {
	if f := &t.Current.Fingerprint; f.Value != "" && t.now.Sub(f.Read) > fingerprintLimit {
		f.Value = ""
	}
}

// giveUpFingerprint has the release built although its fingerprint did not come.
func giveUpFingerprint(t *turn) {
	f := &t.Current.Fingerprint
	if f.Asked.IsZero() || !f.Read.IsZero() || !mayBeUnchanged(t.Site) {
		return
	}
	f.Read = t.now
	t.record(KindUnread, "", "whether the content has changed is not known: no answer within "+fingerprintLimit.String())
}

// nothingToDo ends the waiting release: what it was asked for is live already.
func nothingToDo(t *turn) {
	t.Current.Outcome, t.Current.SameAs = Unchanged, t.Live.Number
	t.Current.Why = fmt.Sprintf("nothing to do: the content is as it was for release #%d", t.Live.Number)
	t.Served = t.Current.Upto
	t.Unchanged = t.Current.Fingerprint.Asked
	t.settle()
}
