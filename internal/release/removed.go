package release

import "time"

// Removed is how much of a site's history is no longer kept: the releases up to and
// including Release, and the requests up to and including Place, which they served.
type Removed struct {
	Release int64 `json:"release,omitzero"`
	Place   int64 `json:"place,omitzero"`
	// Before is when that release had ended: the kept history is newer.
	Before time.Time `json:"before,omitzero"`
	// At is when their removal was decided.
	At time.Time `json:"at,omitzero"`
}

// Needed is the number of the oldest release that the site's state refers to: it and all
// later ones must stay; 0 if there is none.
func (s Site) Needed() int64 {
	oldest := int64(0)
	live := s.NowLive()
	for _, number := range []int64{
		s.Current.Number, s.Current.Retry, s.Current.RollbackTo, s.Current.SameAs,
		s.Last.Number, s.Live.Number, s.Live.Content(), live.Content(), s.Shows(),
	} {
		if number > 0 && (oldest == 0 || number < oldest) {
			oldest = number
		}
	}
	return oldest
}

// removeHistory notes the removal of the site's oldest releases, and of the requests that
// they served. It refuses releases and requests that are live, wait, run or will be put
// back.
func removeHistory(t *turn, e HistoryRemoved) error {
	needed := t.Needed()
	switch {
	case e.Release <= t.Removed.Release || e.Place < t.Removed.Place:
		return refuse(CodeNothingToDo, "the history of %s was removed up to release #%d already", t.Name, t.Removed.Release)
	case needed == 0 || e.Release >= needed:
		return refuse(CodeNotYourTurn, "release #%d of %s is needed: its history can't be removed up to #%d", needed, t.Name, e.Release)
	case e.Place > t.Served:
		return refuse(CodeNotYourTurn, "%s has requests up to place %d that are not live yet: they can't be removed", t.Name, e.Place)
	case !storable(e.Before):
		return refuse(CodeBadEvent, "the year of %s can't be stored", e.Before)
	}
	t.Removed = Removed{Release: e.Release, Place: e.Place, Before: plain(e.Before), At: t.now}
	t.emit(Record{Kind: KindHistoryRemoved, Why: e.Why})
	return nil
}

// checkKept refuses a release that is no longer kept.
func checkKept(t *turn, number int64) error {
	if number > t.Removed.Release {
		return nil
	}
	return refuse(CodeNoRelease, "release #%d of %s was removed on %s with all up to #%d: it can't be put back", number, t.Name, t.Removed.At.Format(time.DateOnly), t.Removed.Release)
}
