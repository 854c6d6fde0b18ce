package scheduler

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// lossyRunner takes a job and loses the answer.
type lossyRunner struct{ *fakeRunner }

func (l lossyRunner) Dispatch(ctx context.Context, job runner.Job) (release.Run, error) {
	run, err := l.fakeRunner.Dispatch(ctx, job)
	return run, errors.Join(err, errors.New("the answer was lost"))
}

func TestADispatchWhoseAnswerIsLostIsLookedForAndNotSentTwice(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		runs := newFakeRunner()
		_, l := started(t, dir, lossyRunner{runs})
		ask(t, l, "www")
		time.Sleep(2 * time.Minute)
		site := siteOf(t, l, "www")
		if site.State != release.Dispatched || site.Current.Run.ID != "run-1" {
			t.Errorf("the site is %s, its run %+v", site.State, site.Current.Run)
		}
		if n := len(runs.jobs); n != 1 {
			t.Errorf("%d runs came of one release", n)
		}
	})
}

// The deadline of a dispatch counts from when somebody looks for its run again.
func TestADispatchThatWasOnItsWayWhenTheAppStoppedIsLookedForFirst(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		runs := newFakeRunner()
		runs.err = errors.New("the answer was lost")
		s, l := started(t, dir, runs)
		ask(t, l, "www")
		time.Sleep(time.Minute)
		before := siteOf(t, l, "www")
		if before.Current.Dispatch.Token == "" || !before.Current.Heard.IsZero() {
			t.Fatalf("%+v", before.Current)
		}
		if err := s.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := siteOf(t, l, "www")
		if after.Current.Heard.Before(before.Current.Dispatch.Intended) {
			t.Errorf("it gets no time of its own: %+v", after.Current)
		}
	})
}

// deafRunner takes a job and never answers.
type deafRunner struct{ *fakeRunner }

func (d deafRunner) Dispatch(ctx context.Context, _ runner.Job) (release.Run, error) {
	<-ctx.Done()
	return release.Run{}, ctx.Err()
}

func TestADispatchThatIsNeverAnsweredIsExplainedAndTriedAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		_, l := started(t, dir, deafRunner{newFakeRunner()})
		ask(t, l, "www")
		time.Sleep(callLimit + time.Minute)
		if site := siteOf(t, l, "www"); site.Current.Dispatch.Unknown == "" {
			t.Errorf("after the call's limit: %+v", site.Current.Dispatch)
		}
	})
}
