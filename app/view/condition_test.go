package view

import (
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// noon is when the sites of these tests are looked at.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// standing is a site of which releases usually take two minutes. Its request
// came 30 seconds ago.
func standing(state release.State, change func(*release.Site)) Site {
	site := release.NewSite("www", release.DefaultPolicy())
	site.State, site.Number, site.Accepted, site.Served = state, 2, 2, 1
	site.Live = release.Release{Number: 1, Outcome: release.Succeeded, Times: release.Times{Complete: noon.Add(-time.Hour)}}
	site.Last = site.Live
	if state == release.Ready {
		site.Served = 2
	} else {
		asked := noon.Add(-30 * time.Second)
		site.Current = release.Release{Number: 2, After: 1, Upto: 2, Requests: release.Group{Count: 1, First: asked, Last: asked}, Times: release.Times{Requested: asked}}
	}
	if state != release.Ready && state != release.Requested {
		sent := noon.Add(-20 * time.Second)
		site.Current.Dispatch = release.Dispatch{Token: "t", Intended: sent, Sent: 1}
		site.Current.Times.Dispatched, site.Current.Times.Starting, site.Current.Times.InProgress = sent, sent, sent
	}
	if change != nil {
		change(&site)
	}
	return Site{Site: site, Title: "www", Zone: time.UTC, Took: when.Took{Usual: 2 * time.Minute}, Instant: Instant{Now: noon}}
}

// Its state, colour, words and answer must not contradict each other, whatever
// keeps a release back: there is one model of them.
func TestWhatKeepsAReleaseBackIsSaidEverywhere(t *testing.T) {
	held := func(s *release.Site) {
		s.Hold = release.Hold{Since: noon.Add(-time.Minute), Why: "4 releases in a row did not succeed", Lifted: release.LiftedByPerson}
	}
	paused := func(s *release.Site) {
		s.Pause = release.Pause{Act: release.Act{By: "Grace", Why: "moving", At: noon.Add(-time.Minute)}}
	}
	frozen := func(s *release.Site) {
		s.Freezes = []release.Window{{ID: "f", From: noon.Add(-time.Hour), To: noon.Add(time.Hour), Why: "election night"}}
	}
	late := func(s *release.Site) { s.Current.Dispatch.Intended = noon.Add(-5 * time.Minute) }
	for name, c := range map[string]struct {
		site      Site
		condition Condition
		headline  Headline
		words     string
		answer    string // of a request in line
		class     string
	}{
		"held":                    {standing(release.Requested, held), Held, Headline{"Held", "bad"}, "Held: 4 releases", "Not yet: the site is held", "bad"},
		"paused":                  {standing(release.Requested, paused), Paused, Headline{"Paused", "warn"}, "Paused by Grace: moving.", "Not yet: releases are paused", "warn"},
		"frozen":                  {standing(release.Requested, frozen), Frozen, Headline{"Frozen", "warn"}, "Frozen until 13:00:00 UTC: election night.", "Not yet: releases are frozen", "warn"},
		"held, nothing waits":     {standing(release.Ready, held), Held, Headline{"Held", "bad"}, "Held: 4 releases", "", ""},
		"paused, nothing waits":   {standing(release.Ready, paused), Paused, Headline{"Paused", "warn"}, "Paused by Grace: moving.", "", ""},
		"frozen, nothing waits":   {standing(release.Ready, frozen), Frozen, Headline{"Frozen", "warn"}, "Frozen until 13:00:00 UTC: election night.", "", ""},
		"paused while one runs":   {standing(release.InProgress, paused), "", Headline{"In Progress", "now"}, "Release #2 is in progress. Paused by Grace: moving.", "Not yet: it is on its way", "now"},
		"to be tried again":       {standing(release.Requested, func(s *release.Site) { s.Current.NotBefore = noon.Add(time.Minute) }), Retrying, Headline{"Waiting to try again", "warn"}, "tries again at 12:01:00 UTC", "Not yet: the last try did not succeed", "warn"},
		"later than usual":        {standing(release.InProgress, late), Late, Headline{"Late: In Progress", "warn"}, "late since 11:57:00 UTC: a release usually takes 2 min", "Not yet: it is late", "warn"},
		"late before its run":     {standing(release.Dispatched, late), Late, Headline{"Late: Dispatched", "warn"}, "late since 11:57:00 UTC", "Not yet: it is late", "warn"},
		"later than it may":       {standing(release.InProgress, func(s *release.Site) { s.Current.Late = noon.Add(-time.Second) }), Late, Headline{"Late: In Progress", "warn"}, "late since 11:59:59 UTC", "Not yet: it is late", "warn"},
		"live and finishing late": {standing(release.Complete, late), "", Headline{"Complete", "now"}, "live and finishing", "", ""},
		"being cancelled": {standing(release.InProgress, func(s *release.Site) {
			late(s)
			s.Current.Cancel = release.Act{By: "Grace", At: noon}
		}), "", Headline{"In Progress", "now"}, "being cancelled by Grace", "Not yet: its release is being cancelled", "warn"},
		"nothing at all": {standing(release.Ready, nil), "", Headline{"Ready", "ok"}, "Everything is live", "", ""},
		"about to start": {standing(release.Requested, func(s *release.Site) { s.Current.Requests.Last = noon }), "", Headline{"Requested", "now"}, "further changes can join", "Not yet: it is on its way", "now"},
		"as usual":       {standing(release.InProgress, nil), "", Headline{"In Progress", "now"}, "Release #2 is in progress.", "Not yet: it is on its way", "now"},
	} {
		t.Run(name, func(t *testing.T) {
			v := c.site
			if v.Condition() != c.condition || v.Headline() != c.headline {
				t.Errorf("the site is %q under %+v, want %q under %+v", v.Condition(), v.Headline(), c.condition, c.headline)
			}
			if !strings.Contains(v.StateText(), c.words) {
				t.Errorf("the site says %q, want %q in it", v.StateText(), c.words)
			}
			if beside := BesideHeadline(v); strings.HasPrefix(beside, c.headline.Name+":") || !strings.Contains(beside, strings.TrimPrefix(c.words, "Held: ")) {
				t.Errorf("beside %q stands %q", c.headline.Name, beside)
			}
			w := v.Wire()
			if w.Condition != string(c.condition) || w.Headline != c.headline.Name || w.Text != v.Text() {
				t.Errorf("the API says %q, %q, %q", w.Condition, w.Headline, w.Text)
			}
			for _, step := range v.Steps() {
				if step.Stage == "current" && c.condition != "" && !strings.Contains(step.Words, c.condition.Name(words.Language{})) {
					t.Errorf("the current step says %q", step.Words)
				}
			}
			if c.condition == Held || c.condition == Paused || c.condition == Frozen || c.condition == Late {
				if all := v.Alerts(); len(all) == 0 || all[0].Title != c.condition.Name(words.Language{}) || all[0].Kind != c.headline.Class {
					t.Errorf("the notices are %+v", all)
				}
			}
			if c.answer == "" {
				return
			}
			r := v.Requests([]ledger.Request{{ID: "req_1", Place: 2, Source: release.FromContent}})[0]
			if a := r.Answer(); !strings.HasPrefix(a.Name, c.answer) || a.Class != c.class {
				t.Errorf("the request is answered %+v, want %q in %s", a, c.answer, c.class)
			}
			if c.condition != "" && !strings.Contains(r.StateText(), c.words) {
				t.Errorf("the request says %q, want %q in it", r.StateText(), c.words)
			}
			one := v.release(ledger.Release{Release: v.Current})
			if c.condition != "" && (one.OutcomeWords() != c.headline.Name || one.OutcomeClass() != c.headline.Class) {
				t.Errorf("the release is %q in %s", one.OutcomeWords(), one.OutcomeClass())
			}
		})
	}
}

func TestWhatAnExpectedTimeBecomes(t *testing.T) {
	ask := func(v Site, r ledger.Request) Request { return v.Requests([]ledger.Request{r})[0] }
	inLine := ledger.Request{Place: 2}
	paused := func(s *release.Site) { s.Pause = release.Pause{Act: release.Act{By: "G", At: noon}} }
	behind := func(change func(*release.Site)) func(*release.Site) {
		return func(s *release.Site) {
			s.Accepted, s.Waiting = 3, release.Group{Count: 1, First: noon.Add(-time.Minute), Last: noon.Add(-time.Minute)}
			if change != nil {
				change(s)
			}
		}
	}
	sent := func(ago time.Duration) func(*release.Site) {
		return func(s *release.Site) { s.Current.Dispatch.Intended = noon.Add(-ago) }
	}
	scheduled := ledger.Request{NotBefore: noon.Add(time.Hour), Source: release.FromContent}
	for name, c := range map[string]struct {
		request        Request
		expected, late time.Time
	}{
		"on its way":              {ask(standing(release.InProgress, sent(time.Minute)), inLine), noon.Add(time.Minute), time.Time{}},
		"a little over":           {ask(standing(release.InProgress, sent(2*time.Minute+20*time.Second)), inLine), noon.Add(-20 * time.Second), time.Time{}},
		"late":                    {ask(standing(release.InProgress, sent(3*time.Minute)), inLine), noon.Add(-time.Minute), noon.Add(-time.Minute)},
		"paused without an end":   {ask(standing(release.Requested, paused), inLine), time.Time{}, time.Time{}},
		"behind one":              {ask(standing(release.InProgress, behind(sent(time.Minute))), ledger.Request{Place: 3}), noon.Add(3 * time.Minute), time.Time{}},
		"behind a late one":       {ask(standing(release.InProgress, behind(sent(time.Hour))), ledger.Request{Place: 3}), noon.Add(2 * time.Minute), time.Time{}},
		"behind one, then paused": {ask(standing(release.InProgress, behind(paused)), ledger.Request{Place: 3}), time.Time{}, time.Time{}},
		"scheduled":               {ask(standing(release.Ready, nil), scheduled), noon.Add(time.Hour + 10*time.Second + 2*time.Minute), time.Time{}},
		"scheduled into a pause":  {ask(standing(release.Ready, paused), scheduled), time.Time{}, time.Time{}},
		"scheduled into a freeze": {ask(standing(release.Ready, func(s *release.Site) {
			s.Freezes = []release.Window{{ID: "f", From: noon.Add(30 * time.Minute), To: noon.Add(2 * time.Hour)}}
		}), scheduled), noon.Add(2*time.Hour + 2*time.Minute), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.request.Expected; !got.Equal(c.expected) {
				t.Errorf("expected at %s, want %s", got, c.expected)
			}
			if got := c.request.LateSince(); !got.Equal(c.late) {
				t.Errorf("late since %s, want %s", got, c.late)
			}
			w := c.request.Wire()
			if (w.LateSince != nil) != !c.late.IsZero() || (w.ExpectedAt != nil) != !c.expected.IsZero() {
				t.Errorf("the API says expected %v, late %v", w.ExpectedAt, w.LateSince)
			}
		})
	}
}

func TestOneReleaseIsLive(t *testing.T) {
	w := newWorld(t)
	w.accept(t, "one")
	w.begin(t)
	w.end(t, 1)
	w.accept(t, "two")
	site := w.begin(t)
	live := func() (numbers []int64) {
		t.Helper()
		all, err := w.reader.Releases(t.Context(), "www", 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if wire := r.Wire(); wire.Live != (r.OutcomeWords() == "Live") {
				t.Errorf("release #%d is %q, and live %t in the API", r.Number, r.OutcomeWords(), wire.Live)
			}
			if r.Live {
				numbers = append(numbers, r.Number)
			}
		}
		return numbers
	}
	if got := live(); len(got) != 1 || got[0] != 1 {
		t.Errorf("while release #2 runs, %v are live", got)
	}
	w.end(t, site.Current.Number)
	if got := live(); len(got) != 1 || got[0] != 2 {
		t.Errorf("after release #2, %v are live", got)
	}
	old, err := w.reader.Release(t.Context(), "www", 1)
	if err != nil {
		t.Fatal(err)
	}
	if old.OutcomeWords() != "Was live" || old.OutcomeClass() != classQuiet || !strings.Contains(old.Text(old.Of.Clock()), "another release is live now") {
		t.Errorf("release #1 is %q in %s: %q", old.OutcomeWords(), old.OutcomeClass(), old.Text(old.Of.Clock()))
	}
}
