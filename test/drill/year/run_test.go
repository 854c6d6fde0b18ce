package year

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// beat is how often a run says that it lives, and silence after how long without
// a word it is looked up. Both are far longer than the defaults: a year of
// heartbeats every 15 seconds would tell nothing more and take an hour.
const (
	beat    = 29 * time.Minute
	silence = 30 * time.Minute
	// platformLimit is when the platform ends a run.
	platformLimit = 3 * time.Hour
)

// fate is how a run goes.
type fate string

const (
	succeeds       fate = "succeeds"
	failsBuild     fate = "build fails"
	failsContent   fate = "content fails"
	failsMute      fate = "fails without a word"
	hangsMute      fate = "hangs"
	hangsBeating   fate = "hangs with a beating heart"
	diesSilently   fate = "dies silently"
	vanishes       fate = "vanishes"
	neverStarts    fate = "never starts"
	stopped        fate = "cancelled at the platform"
	cutOff         fate = "cut off from everything"
	diesLive       fate = "dies between deploy and report"
	diesFinishing  fate = "dies between complete and ready"
	reportsLate    fate = "reports late"
	reportsTwice   fate = "reports twice"
	reportsMuddled fate = "reports out of order"
)

var fates = []weighted[fate]{
	{840, succeeds},
	{25, failsBuild},
	{12, failsContent},
	{8, failsMute},
	{6, hangsMute},
	{3, hangsBeating},
	{8, diesSilently},
	{4, vanishes},
	{8, neverStarts},
	{8, stopped},
	{5, cutOff},
	{4, diesLive},
	{6, diesFinishing},
	{20, reportsLate},
	{20, reportsTwice},
	{20, reportsMuddled},
}

// run is a run of the platform: the workflow, played out call by call.
type run struct {
	world  *world
	site   *site
	job    runner.Job
	run    release.Run
	listed time.Time
	fate   fate
	chance chance
	ctx    context.Context //nolint:containedctx // the run's own life
	cancel context.CancelFunc

	client   *api.Client // with the session, once claimed
	release  int64       // that it was given
	sequence int64
	reached  bool // the watermark was given
	read     time.Time

	mu       sync.Mutex
	unseen   bool // cut off: nobody reaches it, it reaches nobody
	ended    time.Time
	how      release.Conclusion
	deployed bool
	lost     bool // the platform knows nothing of it any more
}

func newRun(w *world, job runner.Job, id release.Run, listed time.Time) *run {
	c := newChance(w.seed, fmt.Sprint(id.ID, "/", id.Attempt))
	r := &run{world: w, site: w.sites[job.Site], job: job, run: id, listed: listed, fate: pick(c, fates), chance: c}
	r.ctx, r.cancel = context.WithTimeout(w.ctx, platformLimit)
	w.figures.fate(r.fate)
	return r
}

func (r *run) id() release.Run { return r.run }

func (r *run) blind() bool     { r.mu.Lock(); defer r.mu.Unlock(); return r.unseen }
func (r *run) over() bool      { r.mu.Lock(); defer r.mu.Unlock(); return !r.ended.IsZero() }
func (r *run) forgotten() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.lost }

func (r *run) ending() release.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A platform that was asked looks at the destination's marker too, sometimes.
	live := r.deployed && r.run.Attempt == 1 && len(r.run.ID)%2 == 0
	return release.RunEnded{Run: r.run, Conclusion: r.how, Why: string(r.fate), Live: live}
}

// end is the run's last instant.
func (r *run) end(how release.Conclusion) {
	r.site.leave(r)
	r.mu.Lock()
	r.ended, r.how, r.unseen = time.Now(), how, false
	if r.fate == vanishes {
		r.lost = true
	}
	r.mu.Unlock()
	if r.fate != vanishes && r.fate != diesSilently && r.fate != failsMute {
		r.world.platform.tell(r, r.ending())
	}
}

// live is the workflow from its first instant to its last.
func (r *run) live() {
	defer r.cancel()
	conclusion := r.work()
	if r.world.ctx.Err() != nil {
		return
	}
	if errors.Is(r.ctx.Err(), context.DeadlineExceeded) {
		conclusion = release.RunTimedOut
	} else if r.ctx.Err() != nil {
		conclusion = release.RunCancelled
	}
	r.end(conclusion)
	failed := r.fate == failsBuild || r.fate == failsMute || r.fate == diesSilently
	if failed && r.job.Token != "" && r.chance.of(0.15) && sleep(r.world.ctx, r.chance.between(20*time.Second, 8*time.Minute)) {
		r.world.platform.rerun(r)
	}
}

func (r *run) work() release.Conclusion {
	queue := r.chance.between(3*time.Second, 40*time.Second)
	if r.chance.of(0.02) {
		queue = r.chance.between(10*time.Minute, 70*time.Minute) // no runner is free
	}
	if time.Until(r.listed) > 5*time.Minute {
		queue = r.chance.between(2*time.Minute, 12*time.Minute) // its dispatch is likely sent again before it begins
	}
	if !sleep(r.ctx, queue) {
		return release.RunCancelled
	}
	if r.fate == neverStarts {
		return release.RunNeverStarted
	}
	if done, how := r.claim(); done {
		return how
	}
	defer r.site.leave(r)
	if !r.toil(r.chance.between(time.Minute, 4*time.Minute)) {
		return release.RunFailed
	}
	if !r.report(release.InProgress, 5*time.Minute) {
		return release.RunFailed
	}
	r.read, r.reached = time.Now(), true
	r.hear()
	if how, broke := r.breakOff(); broke {
		return how
	}
	if !r.toil(r.chance.between(45*time.Minute, 75*time.Minute)) {
		return release.RunFailed
	}
	if !r.stillOurs() || !r.deploy() {
		return release.RunFailed
	}
	return r.finish()
}

// breakOff plays the fates in which the run does not come to its deploy.
func (r *run) breakOff() (release.Conclusion, bool) {
	some := r.chance.between(time.Minute, 30*time.Minute)
	switch r.fate {
	case failsBuild, failsContent:
		if r.toil(some) {
			fault := release.FaultBuild
			if r.fate == failsContent {
				fault = release.FaultContent
			}
			r.site.leave(r)
			r.fail("page /about has no title", fault)
		}
		return release.RunFailed, true
	case failsMute:
		r.toil(some)
		return release.RunFailed, true
	case diesSilently, vanishes:
		r.toil(some)
		return release.RunDied, true
	case stopped:
		if r.toil(some) {
			r.cancel()
		}
		return release.RunCancelled, true
	case hangsMute:
		<-r.ctx.Done()
		return release.RunTimedOut, true
	case hangsBeating:
		r.toil(platformLimit)
		return release.RunTimedOut, true
	case cutOff:
		r.hide(true)
		sleep(r.ctx, r.chance.between(20*time.Minute, 120*time.Minute))
		r.hide(false)
	case succeeds, neverStarts, diesLive, diesFinishing, reportsLate, reportsTwice, reportsMuddled:
	}
	return "", false
}

func (r *run) hide(away bool) { r.mu.Lock(); r.unseen = away; r.mu.Unlock() }

// claim takes the release. A run that is told that it is not its own ends
// green, having done nothing.
func (r *run) claim() (done bool, how release.Conclusion) {
	client := r.world.server.client(r.job.Bearer)
	in := api.ClaimInput{Release: r.job.Release, Token: r.job.Token, Run: api.Run(r.run)}
	var got api.ClaimResult
	turnEnds := time.Now().Add(time.Hour)
	for {
		err := r.persist(5*time.Minute, func() (err error) {
			got, err = client.Claim(r.ctx, r.job.Site, in)
			return err
		})
		code := release.Code(api.CodeOf(err))
		if in.Token == "" && (code == release.CodeNotYourTurn || code == release.CodePaused || code == release.CodeFrozen) && time.Now().Before(turnEnds) {
			if sleep(r.ctx, time.Minute) {
				continue
			}
		}
		if err != nil {
			if code != "" {
				r.world.figures.count(&r.world.figures.turnedAway)
				return true, release.RunSucceeded
			}
			return true, release.RunFailed
		}
		break
	}
	if got.RollbackTo != r.job.RollbackTo {
		r.world.broken(&r.world.figures.wrong, "%s was handed a rollback to #%d, and its claim says #%d", r.run.ID, r.job.RollbackTo, got.RollbackTo)
	}
	r.client, r.release = client.WithToken(got.Session), got.Release
	r.site.enter(r)
	return false, ""
}

// toil is work that takes its time, with heartbeats. It ends early when the
// app says that the release is not this run's.
func (r *run) toil(d time.Duration) bool {
	for d > beat {
		if !sleep(r.ctx, beat) {
			return false
		}
		d -= beat
		if taken(r.heartbeat()) {
			return false
		}
	}
	return sleep(r.ctx, d)
}

func (r *run) heartbeat() error {
	if r.blind() {
		return errRefused
	}
	return r.client.Heartbeat(r.ctx, r.job.Site, r.release, api.HeartbeatInput{Run: api.Run(r.run), Note: "at work"})
}

// stillOurs asks once more before the site is touched; an app that can't be
// reached does not hold up what it has let begin.
func (r *run) stillOurs() bool { return !taken(r.heartbeat()) }

// deploy makes what was read the live site.
func (r *run) deploy() bool {
	if !r.site.lease(r) {
		r.fail("another deploy is going on", release.FaultPlatform)
		return false
	}
	defer r.site.unlease(r)
	if !r.toil(r.chance.between(time.Minute, 3*time.Minute)) {
		return false
	}
	if !r.site.commit(r) {
		r.fail("a newer release is live", release.FaultPlatform)
		return false
	}
	r.mu.Lock()
	r.deployed = true
	r.mu.Unlock()
	return true
}

// finish reports what is live.
func (r *run) finish() release.Conclusion {
	r.site.leave(r)
	switch r.fate {
	case diesLive:
		return release.RunDied
	case reportsLate:
		sleep(r.ctx, r.chance.between(5*time.Minute, 25*time.Minute))
	case succeeds, failsBuild, failsContent, failsMute, hangsMute, hangsBeating, diesSilently, vanishes, neverStarts,
		stopped, cutOff, diesFinishing, reportsTwice, reportsMuddled:
	}
	if !r.report(release.Complete, 15*time.Minute) {
		return release.RunFailed
	}
	if r.fate == diesFinishing {
		return release.RunDied
	}
	sleep(r.ctx, r.chance.between(5*time.Second, 30*time.Second))
	r.report(release.Ready, 5*time.Minute)
	return release.RunSucceeded
}

// report tells the app of a state for as long as limit, with the manners of
// the run's fate.
func (r *run) report(state release.State, limit time.Duration) bool {
	r.sequence++
	in := api.ReportInput{Run: api.Run(r.run), Sequence: r.sequence, State: state}
	err := r.persist(limit, func() error {
		_, err := r.client.Report(r.ctx, r.job.Site, r.release, in)
		return err
	})
	if err != nil {
		return false
	}
	switch {
	case r.fate == reportsTwice:
		_, again := r.client.Report(r.ctx, r.job.Site, r.release, in)
		r.world.mustKnow(again, release.CodeReleaseOver)
	case r.fate == reportsMuddled && r.sequence > 1:
		in.Sequence, in.State = r.sequence-1, release.InProgress
		_, old := r.client.Report(r.ctx, r.job.Site, r.release, in)
		r.world.mustRefuse(old, "an old report")
		in.Sequence, in.Run.ID = r.sequence+1, "run-0"
		_, forged := r.client.Report(r.ctx, r.job.Site, r.release, in)
		r.world.mustRefuse(forged, "another run's report")
	}
	return true
}

func (r *run) fail(why string, fault release.Fault) {
	r.sequence++
	err := r.persist(5*time.Minute, func() error {
		return r.client.Fail(r.ctx, r.job.Site, r.release, api.FailureInput{Run: api.Run(r.run), Sequence: r.sequence, Why: why, Fault: fault})
	})
	if err != nil && !taken(err) {
		return // the platform's word must do
	}
}

// persist makes a call until the app answers.
func (r *run) persist(limit time.Duration, call func() error) error {
	ends := time.Now().Add(limit)
	for {
		err := errRefused
		if !r.blind() {
			err = call()
		}
		p, answered := errors.AsType[*api.Problem](err)
		if err == nil || (answered && p.Status < http.StatusInternalServerError) {
			return err
		}
		if r.ctx.Err() != nil || time.Now().After(ends) || !sleep(r.ctx, 20*time.Second) {
			return err
		}
	}
}

var takenCodes = []release.Code{release.CodeOtherRun, release.CodeReleaseOver, release.CodeOldAttempt, release.CodeNoRelease, release.CodeOtherRelease}

// taken says whether an answer takes the release away from the run.
func taken(err error) bool { return slices.Contains(takenCodes, release.Code(api.CodeOf(err))) }
