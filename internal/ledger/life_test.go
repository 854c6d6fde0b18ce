package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
)

func TestTheSameKeyIsTheSameRequestAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	first := ask(t, l, Request{Key: "k", Actor: "Ada", Title: "Hours"})
	for range 3 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, path)
		got, again, err := accept(t.Context(), l, Request{Site: "www", Key: "k", Source: release.FromContent, Title: "other words"})
		if err != nil || !again {
			t.Fatalf("again=%v: %v", again, err)
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("not the request that was taken (-want +got):\n%s", diff)
		}
	}
	if other := ask(t, l, Request{Site: "docs", Key: "k"}); other.ID == first.ID {
		t.Error("another site's request with the same key is the same request")
	}
	if a, b := ask(t, l, Request{}), ask(t, l, Request{}); a.ID == b.ID {
		t.Error("requests without a key are one")
	}
}

func TestAScheduledRequestWaitsUntilItIsDue(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, filepath.Join(dir, "pressrun.db"))
		at := time.Now().Add(time.Hour + 500*time.Nanosecond)
		late := ask(t, l, Request{NotBefore: at.Add(time.Hour)})
		r := ask(t, l, Request{NotBefore: at, Key: "k"})
		mustBe(t, l, r.ID, Resolution{Status: release.Scheduled})
		if again, _, err := accept(t.Context(), l, Request{Site: "www", Key: "k"}); err != nil || !cmp.Equal(again, r) {
			t.Errorf("asked again: %+v, want %+v (%v)", again, r, err)
		}
		s, err := l.Tick(t.Context(), "www", "t0")
		if err != nil || s.State != release.Ready || !s.Scheduled.Equal(r.NotBefore) {
			t.Fatalf("%s, scheduled %v, want ready until %v (%v)", s.State, s.Scheduled, r.NotBefore, err)
		}
		time.Sleep(time.Until(s.Scheduled))
		s, _ = dispatch(t, l, "www")
		mustBe(t, l, r.ID, Resolution{Status: release.InRelease, Release: 1})
		mustBe(t, l, late.ID, Resolution{Status: release.Scheduled})
		if !s.Scheduled.Equal(late.NotBefore) {
			t.Errorf("next scheduled %v, want %v", s.Scheduled, late.NotBefore)
		}
		waiting, err := l.ScheduledRequests(t.Context(), "www", 10)
		if err != nil || len(waiting) != 1 || waiting[0].ID != late.ID {
			t.Errorf("scheduled: %+v (%v)", waiting, err)
		}
		events, err := l.EventsOfRelease(t.Context(), "www", 1, 100)
		if err != nil || events[0].Kind != KindDue || events[0].Request != r.ID {
			t.Errorf("the release's story does not begin with the request that fell due: %+v (%v)", events, err)
		}
		mustBeSound(t, l, "www")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestMoreRequestsThanOneTickTakesFallDueAtOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, filepath.Join(dir, "pressrun.db"))
		const n = 2*maxDue + 345
		at := time.Now().Add(time.Hour)
		if err := l.writer.act(t.Context(), func(b *batch) error {
			for i := range n {
				if _, _, err := b.accept(Request{Site: "www", NotBefore: at.Add(-time.Duration(i) * time.Second)}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		ticks := 0
		for s := (release.Site{Scheduled: at}); !s.Scheduled.IsZero(); ticks++ {
			if s.Scheduled.After(time.Now()) {
				t.Fatalf("the next tick would be at %v", s.Scheduled)
			}
			var err error
			if s, err = l.Tick(t.Context(), "www", fmt.Sprint("t", ticks)); err != nil {
				t.Fatal(err)
			}
		}
		if ticks != 3 {
			t.Errorf("it took %d ticks", ticks)
		}
		mustBeSound(t, l, "www")
		requests, err := l.Requests(t.Context(), "www", 0, n, n)
		if err != nil || len(requests) != n {
			t.Fatalf("%d of %d requests are in line (%v)", len(requests), n, err)
		}
		for i := 1; i < n; i++ { // newest first
			if requests[i].NotBefore.After(requests[i-1].NotBefore) {
				t.Fatalf("place %d was given to a later request than place %d", requests[i].Place, requests[i-1].Place)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A list and a request's own page must tell the same.
func TestTheListOfOpenRequestsTellsWhatEachOneTells(t *testing.T) {
	l := fresh(t)
	lists := func(when string, want ...[]int64) {
		t.Helper()
		site, open, err := openRequests(t.Context(), l, "www")
		if err != nil || site.Name != "www" {
			t.Fatal(site, err)
		}
		var failed [][]int64
		for _, asked := range open {
			r, resolution, err := request(t.Context(), l, asked.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Tracked{r, resolution}, asked); diff != "" {
				t.Errorf("%s (-its own +the list's)\n%s", when, diff)
			}
			failed = append(failed, asked.Resolution.Failed)
		}
		if diff := cmp.Diff(want, failed); diff != "" {
			t.Errorf("%s, what failed (-want +got)\n%s", when, diff)
		}
	}
	fail := func() {
		t.Helper()
		s, run := dispatch(t, l, "www")
		decide(t, l, "www", report(s, run, 1, release.InProgress))
		ask(t, l, Request{})
		decide(t, l, "www", release.Failure{Release: s.Current.Number, Run: run, Sequence: 2, Why: "no"})
	}
	lists("nothing was asked for")
	ask(t, l, Request{})
	carry(t, l, "www") // #1
	lists("all is live")
	ask(t, l, Request{})
	ask(t, l, Request{NotBefore: time.Now().Add(time.Hour)})
	lists("one waits, one is scheduled", nil, nil)
	fail() // #2
	lists("a release failed while another was asked for", nil, []int64{2}, nil)
	fail() // #3
	lists("two failed", nil, []int64{3}, []int64{2, 3}, nil)
	carry(t, l, "www") // #4
	lists("the retry brought all", nil)
	if _, _, err := openRequests(t.Context(), l, "nope"); !errors.Is(err, ErrNoSite) {
		t.Errorf("an unknown site: %v", err)
	}
}

func TestOfManyFailuresTheNewestAreTold(t *testing.T) {
	var all []failure
	for n := range int64(60) {
		all = append(all, failure{number: n + 1, upto: n/2 + 1})
	}
	got := failedFor(1, all)
	if len(got) != maxFailed || got[0] != 11 || got[maxFailed-1] != 60 {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff([]int64{59, 60}, failedFor(30, all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := failedFor(31, all); got != nil {
		t.Errorf("a later request: %v", got)
	}
}

func TestAFailedReleaseIsToldAndItsRequestIsServedByTheRetry(t *testing.T) {
	l := fresh(t)
	r := ask(t, l, Request{})
	for n := range int64(2) {
		s, run := dispatch(t, l, "www")
		decide(t, l, "www", report(s, run, 1, release.InProgress))
		mustBe(t, l, r.ID, Resolution{Status: release.InRelease, Release: n + 1, Failed: [][]int64{nil, {1}}[n]})
		decide(t, l, "www", release.Failure{Release: s.Current.Number, Run: run, Sequence: 2, Why: "no"})
	}
	late := ask(t, l, Request{})
	mustBe(t, l, r.ID, Resolution{Status: release.InRelease, Release: 3, Failed: []int64{1, 2}})
	carry(t, l, "www")
	mustBe(t, l, r.ID, Resolution{Status: release.Live, Release: 3, Failed: []int64{1, 2}})
	mustBe(t, l, late.ID, Resolution{Status: release.Live, Release: 3})
	ask(t, l, Request{})
	carry(t, l, "www")
	mustBe(t, l, r.ID, Resolution{Status: release.Live, Release: 3, Failed: []int64{1, 2}})
}

func TestARequestThatFailedManyTimesIsStillToldLive(t *testing.T) {
	l := fresh(t)
	r := ask(t, l, Request{})
	for range 60 {
		s, run := dispatch(t, l, "www")
		decide(t, l, "www", release.Failure{Release: s.Current.Number, Run: run, Sequence: 1, Why: "no"})
		ask(t, l, Request{}) // an editor's request ends the hold
	}
	want := Resolution{Status: release.Live, Release: carry(t, l, "www")}
	for n := int64(11); n <= 60; n++ { // the newest 50
		want.Failed = append(want.Failed, n)
	}
	mustBe(t, l, r.ID, want)
}

func TestReleasesAreFoundByWhenTheyWentLive(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	ask(t, l, Request{Site: "docs"})
	live := []int64{carry(t, l, "www")}
	carry(t, l, "docs")
	ask(t, l, Request{})
	s, run := dispatch(t, l, "www")
	decide(t, l, "www", release.Failure{Release: s.Current.Number, Run: run, Sequence: 1, Why: "no"})
	ask(t, l, Request{})
	live = append(live, carry(t, l, "www"))
	last, err := l.Release(t.Context(), "www", live[1])
	if err != nil {
		t.Fatal(err)
	}
	at := last.Times.Complete
	for _, c := range []struct {
		from, to time.Time
		limit    int
		want     []int64
	}{
		{at.Add(-time.Hour), at.Add(time.Hour), 9, []int64{live[1], live[0]}},
		{at.Add(-time.Hour), at.Add(time.Hour), 1, []int64{live[1]}},
		{at.Add(-time.Hour), at, 9, []int64{live[0]}},
		{at, at.Add(time.Microsecond), 9, []int64{live[1]}},
		{at.Add(time.Hour), at.Add(2 * time.Hour), 9, nil},
	} {
		found, err := l.LiveBetween(t.Context(), "www", c.from, c.to, c.limit)
		var got []int64
		for _, r := range found {
			got = append(got, r.Number)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("from %s to %s: %v, %v; want %v", c.from, c.to, got, err, c.want)
		}
	}
}

func TestStatusStaysTrueThroughCancelAndReset(t *testing.T) {
	l := fresh(t)
	by := release.Act{By: "olga", Why: "a typo"}
	served := ask(t, l, Request{})
	s, run := dispatch(t, l, "www")
	decide(t, l, "www", report(s, run, 1, release.InProgress))
	later := ask(t, l, Request{})
	mustBe(t, l, later.ID, Resolution{Status: release.Waiting})

	decide(t, l, "www", release.CancelRelease{Act: by}, release.RunEnded{Run: run, Conclusion: release.RunCancelled})
	mustBe(t, l, served.ID, Resolution{Status: release.InRelease, Release: 2, Failed: []int64{1}})
	mustBe(t, l, later.ID, Resolution{Status: release.InRelease, Release: 2})

	dispatch(t, l, "www")
	decide(t, l, "www", release.ResetSite{Act: by})
	mustBe(t, l, served.ID, Resolution{Status: release.InRelease, Release: 3, Failed: []int64{1, 2}})

	decide(t, l, "www", release.PauseSite{Act: by})
	mustBe(t, l, later.ID, Resolution{Status: release.InRelease, Release: 3, Failed: []int64{2}})
	decide(t, l, "www", release.ResumeSite{Act: by})
	carry(t, l, "www")
	mustBe(t, l, served.ID, Resolution{Status: release.Live, Release: 3, Failed: []int64{1, 2}})
	mustBe(t, l, later.ID, Resolution{Status: release.Live, Release: 3, Failed: []int64{2}})
	old, err := l.Release(t.Context(), "www", 1)
	if err != nil || old.Outcome != release.Cancelled || old.By != "olga" || old.Why != "a typo" {
		t.Errorf("release #1: %+v (%v)", old.Release, err)
	}
}

func TestARefusedRequestLeavesNothing(t *testing.T) {
	l := fresh(t)
	_, err := l.Accept(t.Context(), Request{Site: "www", Key: "k", NotBefore: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if _, ok := errors.AsType[*release.Conflict](err); !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	if id, err := l.LastEvent(t.Context()); err != nil || id != 0 {
		t.Errorf("the audit trail has %d entries (%v)", id, err)
	}
	if _, again, err := accept(t.Context(), l, Request{Site: "www", Key: "k"}); err != nil || again {
		t.Errorf("its key is taken: again=%v (%v)", again, err)
	}
	before, err := l.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Tick(t.Context(), "www", ""); !errors.As(err, new(*release.Conflict)) {
		t.Errorf("a tick without a token: %v", err)
	}
	if after, err := l.Site(t.Context(), "www"); err != nil || !cmp.Equal(before, after) {
		t.Errorf("a refused tick changed the site (%v)", err)
	}
}

func TestARunThatNobodyDispatchedIsItsOwnRequest(t *testing.T) {
	l := fresh(t)
	run := release.Run{ID: "manual", Attempt: 1}
	asked := Request{Site: "www", Key: "run-manual", Source: release.FromWorkflow, Actor: "ci"}
	for range 2 { // a claim may come again
		s, err := l.ClaimTurn(t.Context(), asked, release.Claim{Run: run})
		if err != nil || s.State != release.Starting || s.Accepted != 1 {
			t.Fatalf("%s, %d requests: %v", s.State, s.Accepted, err)
		}
	}
	s, err := l.ClaimTurn(t.Context(), Request{Site: "www", Key: "run-other", Source: release.FromWorkflow}, release.Claim{Run: release.Run{ID: "other", Attempt: 1}})
	if !errors.As(err, new(*release.Conflict)) {
		t.Fatalf("a second run got the turn: %v", err)
	}
	if s.Accepted != 2 {
		t.Errorf("what the second run wanted is lost: %d requests", s.Accepted)
	}
	mustBeSound(t, l, "www")
}
