package release

import "time"

// HasSlot says whether the site's release runs, or is on its way to: it counts among
// those that may run at a time until it has ended.
func (s Site) HasSlot() bool {
	return s.State != Ready && (s.Current.Dispatch.Token != "" || s.Current.Run.ID != "")
}

// WaitsForSlot says whether the site's release could be dispatched at an instant, but that
// as many run as may.
func (s Site) WaitsForSlot(now time.Time) bool {
	return !s.SlotWanted(now).IsZero() && !s.Current.NoSlot.IsZero()
}

// SlotWanted is since when the site's release could be dispatched; zero while it can't be
// for other reasons.
func (s Site) SlotWanted(now time.Time) time.Time {
	if s.State != Requested || s.Current.Dispatch.Token != "" || now.Before(fingerprintBy(s)) {
		return time.Time{}
	}
	if due := s.dueBut(now).At; !due.IsZero() && !due.After(now) {
		return due
	}
	return time.Time{}
}

// Urgent says whether the site's release goes before those of other sites: an operator
// wants it to, or it puts back what was there before.
func (s Site) Urgent() bool { return s.Current.Requests.Emergency || s.Current.isRollback() }

// waitForSlot notes that as many releases run as may.
func waitForSlot(t *turn, why string) {
	if t.Current.NoSlot.IsZero() {
		t.Current.NoSlot = t.now
		t.record(KindNoSlot, "", why)
	}
}

// hurry lets the request that came last, and all that waits with it, go before others.
func hurry(t *turn) {
	if t.Waiting.Count > 0 {
		t.Waiting.Emergency = true
		return
	}
	t.Current.Requests.Emergency = true
}
