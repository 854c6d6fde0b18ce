package release

import (
	"fmt"
	"time"
)

// Marker describes the deploy that a site's public address shows, as read there.
type Marker struct {
	// Release is the number of the release whose content it is; 0 for none.
	Release int64 `json:"release,omitzero"`
	// Sequence counts the deploys at the destination. A deploy by hand keeps the number
	// of the release before it, and has the next sequence.
	Sequence int64 `json:"sequence,omitzero"`
	// Missing says in words that there is no marker of the site, and what is there
	// instead; "" when there is one.
	Missing string `json:"missing,omitzero"`
}

// Public is the last state seen through a site's public address.
type Public struct {
	// Release is the newest live release that was seen there, by its own number, and
	// Sequence its deploy's. 0 if none ever was: then a missing marker is no change.
	Release  int64 `json:"release,omitzero"`
	Sequence int64 `json:"sequence,omitzero"`
	// Marker is the last marker that was seen.
	Marker Marker `json:"marker,omitzero"`
	// Since is since when the address shows something else than the live release; zero
	// while both agree.
	Since time.Time `json:"since,omitzero"`
	// Foreign is the number of a release that was seen there and that this ledger never
	// gave: an earlier ledger was restored, or another publisher deploys there.
	Foreign int64 `json:"foreign,omitzero"`
}

// mostForeign bounds how far a marker can advance the numbers: no site has given more
// since its last backup.
const mostForeign = 1_000_000

// nextNumber is the number of the next release. A destination refuses a release that is
// older than the one it shows. A run with the number after a foreign one may be under
// way, so that number is skipped.
func (s Site) nextNumber() int64 {
	if s.Public.Foreign > 0 {
		return max(s.Number, s.Public.Foreign+1) + 1
	}
	return s.Number + 1
}

// noteForeign keeps a number that this ledger has not given.
func (t *turn) noteForeign(m Marker) {
	if m.Release > t.Number && m.Release-t.Number <= mostForeign {
		t.Public.Foreign = m.Release
	}
}

// NowLive is the live release, as reported by its run.
func (s Site) NowLive() Release {
	if s.Current.Outcome == Succeeded {
		return s.Current
	}
	return s.Live
}

// Differs says whether the public address was seen to show something else than the live
// release: somebody has changed the destination.
func (s Site) Differs() bool {
	return !s.Public.Since.IsZero() && !s.Public.Since.Before(s.NowLive().Times.Complete)
}

// Shows is the number of the release whose content the site shows; 0 when that is not
// known, or not a release of this site.
func (s Site) Shows() int64 {
	switch live := s.NowLive(); {
	case !s.Differs():
		return live.Content()
	case s.Public.Marker.Release > s.Number, s.Public.Marker.Release == s.Public.Foreign:
		return 0 // published without the app
	default:
		return s.Public.Marker.Release
	}
}

// Showing says whether a release's content can be seen now: each release shows the
// content of those before it too.
func (s Site) Showing(number int64) bool { return number != 0 && number <= s.Shows() }

// PublicWords say how the public address differs from the live release; "" if no
// difference was seen.
func (s Site) PublicWords() string {
	if !s.Differs() {
		return ""
	}
	return s.Public.words(s.NowLive())
}

// markerSeen notes the marker at the public address. A read that began before the newest
// release was live says nothing about it.
func (t *turn) markerSeen(e MarkerSeen) {
	live, m := t.NowLive(), e.Marker
	t.noteForeign(m)
	switch {
	case live.Number == 0 || plain(e.At).Before(live.Times.Complete):
		return
	case m.Missing != "" && t.Public.Release == 0:
		return // there never was a readable marker
	case t.State == InProgress && m.Missing == "" && m.Release == t.Current.Content():
		return // the run is just putting it there
	}
	differed := t.Differs()
	if t.Public.agrees(m, live) {
		t.Public = Public{Release: live.Number, Sequence: m.Sequence, Marker: m}
		if differed {
			t.emit(Record{Kind: KindAgrees, Release: live.Number, Why: fmt.Sprintf("the public address shows release #%d again", m.Release)})
		}
		return
	}
	if differed && t.Public.Marker == m {
		return
	}
	since := t.now
	if differed {
		since = t.Public.Since
	}
	t.Public.Marker, t.Public.Since = m, since
	t.emit(Record{Kind: KindDiffers, Release: live.Number, Why: t.Public.words(live)})
}

// agrees says whether a marker is that of the live release. The first one with its number
// is assumed to be.
func (p Public) agrees(m Marker, live Release) bool {
	return m.Missing == "" && m.Release == live.Content() && (p.Release != live.Number || p.Sequence == m.Sequence)
}

// words say how the address differs from the live release.
func (p Public) words(live Release) string {
	if p.Marker.Missing != "" {
		return fmt.Sprintf("%s, and not release #%d", p.Marker.Missing, live.Content())
	}
	if p.Marker.Release == live.Content() {
		return fmt.Sprintf("the public address shows a later deploy under the number of release #%d", p.Marker.Release)
	}
	if p.Marker.Release == p.Foreign {
		return fmt.Sprintf("the public address shows release #%d, which is none of this ledger's: an earlier one was restored, or somebody else publishes there", p.Foreign)
	}
	return fmt.Sprintf("the public address shows release #%d, and not #%d", p.Marker.Release, live.Content())
}
