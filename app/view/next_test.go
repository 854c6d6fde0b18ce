package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// lasted are successes that took so many seconds each, the newest first.
func lasted(seconds ...int) []ledger.Release {
	var all []ledger.Release
	for i, s := range seconds {
		begun := noon.Add(-time.Duration(i+1) * time.Hour)
		all = append(all, ledger.Release{Release: release.Release{
			Number: int64(len(seconds) - i), Outcome: release.Succeeded, Dispatch: release.Dispatch{Intended: begun},
			Times: release.Times{
				Dispatched: begun, Starting: begun.Add(10 * time.Second), InProgress: begun.Add(30 * time.Second),
				Complete: begun.Add(time.Duration(s) * time.Second),
			},
		}})
	}
	return all
}

func TestARangeIsSaidFromTheStateThatARealeaseHasReached(t *testing.T) {
	took := when.TookOf(lasted(100, 120, 140, 160, 180, 200))
	if took.Usual != 140*time.Second {
		t.Errorf("usual is %s", took.Usual)
	}
	for state, want := range map[release.State]when.Range{
		// 100 to 200 s, and a quarter of that span on both sides: six are few.
		release.Dispatched: {From: noon.Add(55 * time.Second), To: noon.Add(205 * time.Second)},
		release.Starting:   {From: noon.Add(45 * time.Second), To: noon.Add(195 * time.Second)},
		release.InProgress: {From: noon.Add(25 * time.Second), To: noon.Add(175 * time.Second)},
	} {
		v := standing(state, func(s *release.Site) {
			s.Current.Dispatch.Intended = noon.Add(-20 * time.Second)
			s.Current.Times = release.Times{Dispatched: noon.Add(-20 * time.Second)}
			if state != release.Dispatched {
				s.Current.Times.Starting = noon.Add(-20 * time.Second)
			}
			if state == release.InProgress {
				s.Current.Times.InProgress = noon.Add(-20 * time.Second)
			}
		})
		v.Took = took
		if got := v.CurrentWithin(); got != want {
			t.Errorf("%s: %v, want %v", state, got, want)
		}
	}
}

func TestTheOutlookIsOneSentenceOfOneMind(t *testing.T) {
	for name, c := range map[string]struct {
		state  release.State
		change func(*release.Site)
		want   string
		moving bool
	}{
		"rest":      {release.Ready, nil, "Nothing is waiting.", false},
		"asked":     {release.Requested, nil, "1 change will go out in a moment.", true},
		"building":  {release.InProgress, nil, "Publishing 1 change.", true},
		"held":      {release.Requested, func(s *release.Site) { s.Hold = release.Hold{Since: noon, Why: "x", Lifted: release.LiftedByPerson} }, "Nothing goes live until somebody acts.", false},
		"paused":    {release.Requested, func(s *release.Site) { s.Pause = release.Pause{Act: release.Act{By: "Ops", Why: "moving", At: noon}} }, "Paused by Ops until somebody resumes: Moving.", false},
		"cancelled": {release.InProgress, func(s *release.Site) { s.Current.Cancel = release.Act{By: "Ops", At: noon} }, "Release #2 is being cancelled by Ops.", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := SiteDetail{Site: standing(c.state, c.change)}
			n := d.Outlook()
			if n.Text != c.want || (n.Done >= 0) != c.moving {
				t.Errorf("%q, %.0f %% done; want %q", n.Text, n.Done, c.want)
			}
			if n.Class != d.Headline().Class && d.Current.Cancel.At.IsZero() {
				t.Errorf("its colour is %s, the heading's %s", n.Class, d.Headline().Class)
			}
			for _, other := range d.OtherAlerts() {
				if strings.Contains(other.Text, n.Text) || other.Title == d.Condition().Name(d.Language) {
					t.Errorf("%v is said twice", fmt.Sprint(other))
				}
			}
		})
	}
}
