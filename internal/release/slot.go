package release

import "time"

// HasSlot says whether the site's release runs or is being dispatched: it takes a slot
// until it has ended.
func (s Site) HasSlot() bool {
	return s.State != Ready && (s.Current.Dispatch.Token != "" || s.Current.Run.ID != "")
}

// WaitsForSlot says whether the site's release only waits for a free slot at an instant.
func (s Site) WaitsForSlot(now time.Time) bool {
	return !s.SlotWanted(now).IsZero() && !s.Current.NoSlot.IsZero()
}

// SlotWanted is since when the site's release could be dispatched if there were a free
// slot; zero while it waits for something else.
func (s Site) SlotWanted(now time.Time) time.Time {
	if s.State != Requested || s.Current.Dispatch.Token != "" || now.Before(fingerprintBy(s)) {
		return time.Time{}
	}
	if due := s.dueBut(now).At; !due.IsZero() && !due.After(now) {
		return due
	}
	return time.Time{}
}

// Urgent says whether the site's release goes before those of other sites: it is an
// operator's emergency, or a rollback.
func (s Site) Urgent() bool { return s.Current.Requests.Emergency || s.Current.isRollback() }

// waitForSlot notes that the release waits for a free slot.
func waitForSlot(t *turn, why string) {
	if t.Current.NoSlot.IsZero() {
		t.Current.NoSlot = t.now
		t.record(KindNoSlot, "", why)
	}
}

// hurry makes the release of the last request an emergency, with all that waits with it.
func hurry(t *turn) {
	if t.Waiting.Count > 0 {
		t.Waiting.Emergency = true
		return
	}
	t.Current.Requests.Emergency = true
}
