package github

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// work is the work on one preview that is due.
type work struct {
	*previewing
	link    *link
	kept    ledger.Preview
	state   pull.State
	address string
}

// errForgotten says that the preview was dropped from the ledger.
var errForgotten = errors.New("the preview is forgotten")

// step brings an event before the rules, and stores the new state.
func (w *work) step(ctx context.Context, e pull.Event) error {
	w.state = pull.Step(w.state, e, ledger.Now())
	return w.save(ctx, ledger.Now())
}

func (w *work) save(ctx context.Context, due time.Time) error {
	if err := w.store.Put(ctx, w.kept, w.state, due); err != nil {
		return err
	}
	w.kept.Version++
	return nil
}

func (w *work) all(ctx context.Context) error {
	if err := w.listen(ctx); err != nil {
		return err
	}
	if err := w.step(ctx, pull.Tick{}); err != nil {
		return err
	}
	for range mostActs {
		act := pull.Todo(w.state, ledger.Now())
		if act.Do == pull.Nothing {
			break
		}
		if err := w.do(ctx, act); err != nil {
			return err
		}
	}
	return w.show(ctx)
}

// listen takes the stored commands: it checks that their senders may write to the repository
// and asks GitHub for the state of the pull request or the branch. Commands of others are
// logged, and not answered. The app itself has authorized those that came through its API
// and pages.
func (w *work) listen(ctx context.Context) error {
	if !w.state.Stale {
		return nil
	}
	events, err := w.allowed(ctx)
	if err != nil {
		return err
	}
	if len(events) == 0 && w.state.Head == "" {
		if err := w.ledger.Previews().Drop(ctx, w.kept); err != nil {
			return err
		}
		return errForgotten // no command of somebody who may write has ever come
	}
	now, err := w.subject(ctx)
	if lacks, is := errors.AsType[*githubapp.ErrNoContents](err); is {
		by := w.state.Pending[len(w.state.Pending)-1].By
		w.state.Pending, w.state.Stale = nil, false
		return w.step(ctx, pull.Refused{By: by, Why: lacks.Error()})
	}
	if err != nil {
		return err
	}
	w.state.Pending, w.state.Stale = nil, false
	w.state = pull.Step(w.state, pull.Refreshed(now), ledger.Now())
	for _, e := range events {
		w.log.Info("a command about a preview is carried out", "site", w.state.Site, "pull_request", w.state.Number, "command", fmt.Sprintf("%T %+v", e, e))
		w.state = pull.Step(w.state, e, ledger.Now())
	}
	return w.save(ctx, ledger.Now())
}

// allowed are the events of the commands whose senders may write to the repository.
func (w *work) allowed(ctx context.Context) (events []pull.Event, err error) {
	for _, h := range w.state.Pending {
		may := h.Form != nil
		if !may {
			if may, err = w.link.runner.Pulls().MayWrite(ctx, w.state.Site, h.By, h.ID); err != nil {
				return nil, err
			}
		}
		event, is := h.Event()
		if !may {
			w.log.Info("a command about a preview is ignored: its sender may not write to the repository", "site", w.state.Site, "pull_request", w.state.Number, "by", h.By)
		} else if is {
			events = append(events, event)
		}
	}
	return events, nil
}

// subject asks GitHub for the state of the pull request or the branch. One that GitHub does
// not know counts as closed. A missing permission of the App is an error that is shown to
// the sender of the command.
func (w *work) subject(ctx context.Context) (githubapp.Pull, error) {
	pulls, gone := w.link.runner.Pulls(), githubapp.Pull{Head: w.state.Head, Fork: w.state.Fork, Closed: true}
	if w.state.Branch == "" {
		now, err := pulls.Get(ctx, w.state.Site, w.state.Number)
		if errors.Is(err, githubapp.ErrNoPull) {
			return gone, nil
		}
		return now, err
	}
	commit, err := pulls.Branch(ctx, w.state.Site, w.state.Branch)
	if errors.Is(err, githubapp.ErrNoBranch) {
		return gone, nil
	}
	if _, is := errors.AsType[*githubapp.ErrNoContents](err); is && w.state.Head != "" {
		return githubapp.Pull{Head: w.state.Head, Closed: w.state.Closed}, nil // an existing preview can be removed without the permission
	}
	return githubapp.Pull{Head: commit}, err
}

func (w *work) do(ctx context.Context, act pull.Act) error {
	switch act.Do {
	case pull.Dispatch:
		return w.dispatch(ctx, act)
	case pull.Look:
		return w.look(ctx)
	case pull.Cancel:
		run := *w.state.Run
		if err := w.link.runner.Cancel(ctx, w.state.Site, 0, release.Run{ID: run.ID, URL: run.URL}); err != nil {
			return err
		}
		return w.step(ctx, pull.Cancelled{Token: run.Token})
	case pull.Forget:
		if err := w.ledger.Previews().Drop(ctx, w.kept); err != nil {
			return err
		}
		return errForgotten
	case pull.Nothing:
	}
	return nil
}

// dispatch dispatches a run. The intent is on disk before: a dispatch without an answer is
// looked for by its token, and not sent twice.
func (w *work) dispatch(ctx context.Context, act pull.Act) error {
	token := rand.Text()
	if err := w.step(ctx, pull.Began{Act: act, Token: token}); err != nil {
		return err
	}
	run, err := w.link.runner.Pulls().Start(ctx, w.state.Site, token, w.inputs(act))
	refused, isRefused := errors.AsType[*runner.Refused](err)
	deferred, isDeferred := errors.AsType[*runner.Deferred](err)
	switch {
	case isRefused:
		w.log.Warn("GitHub refuses the run of a preview", "site", w.state.Site, "pull_request", w.state.Number, "error", err)
		return w.step(ctx, pull.NotSent{Token: token, Why: refused.Why, Final: true})
	case isDeferred:
		return w.step(ctx, pull.NotSent{Token: token, Why: deferred.Why, Until: deferred.Until})
	case err != nil && !errors.Is(err, runner.ErrAccepted):
		w.log.Warn("the dispatch of a preview's run has no answer; its run is being looked for", "site", w.state.Site, "pull_request", w.state.Number, "error", err)
	}
	return w.step(ctx, pull.Sent{Token: token, ID: run.ID, URL: run.URL})
}

// inputs are the inputs of the workflow: numbers, hexadecimal digits and names that the app
// made. No text of a stranger is among them, such as the name of a pull request's branch. An
// older workflow file refuses the run for an input that it does not know, and people see
// that.
func (w *work) inputs(act pull.Act) map[string]string {
	in := map[string]string{
		"act": string(act.Kind), "pull_request": strconv.FormatInt(w.state.Number, 10), "name": w.state.Name(), "app_url": w.connection.config.URL,
	}
	if act.Commit != "" {
		in["commit"] = act.Commit
	}
	if act.Keep > 0 {
		in["keep"] = act.Keep.String()
	}
	if w.state.Branch != "" || w.state.Wish.Name != "" {
		in["ref"] = w.state.Ref()
	}
	if content := w.state.Content(); act.Kind == pull.Create && content != preview.Last {
		in["content"] = string(content)
	}
	return in
}

// look asks GitHub for the state of the run.
func (w *work) look(ctx context.Context) error {
	run := *w.state.Run
	if run.ID == "" {
		found, err := w.link.runner.Pulls().Find(ctx, w.state.Site, run.Token)
		if err != nil {
			return err
		}
		return w.step(ctx, pull.Looked{Token: run.Token, ID: found.Run.ID, URL: found.Run.URL})
	}
	event, err := w.link.runner.LookUp(ctx, w.state.Site, 0, release.Run{ID: run.ID, URL: run.URL})
	if err != nil {
		return err
	}
	if e, ended := ending(run.ID, event); ended {
		return w.step(ctx, e)
	}
	return w.step(ctx, pull.Looked{Token: run.Token})
}

// ending is the end of a run, if it has ended.
func ending(id string, event release.Event) (pull.Ended, bool) {
	switch e := event.(type) {
	case release.RunMissing:
		return pull.Ended{ID: id, Why: "GitHub knows its run no more"}, true
	case release.RunEnded:
		why := e.Why
		if why == "" {
			why = "its run ended as " + string(e.Conclusion)
		}
		return pull.Ended{ID: id, Good: e.Conclusion == release.RunSucceeded, Why: why}, true
	}
	return pull.Ended{}, false
}

// show has GitHub show the state of the preview: by one comment and one deployment.
func (w *work) show(ctx context.Context) error {
	display := pull.DisplayOf(w.state, w.address)
	if !display.Asked {
		return nil
	}
	comment, deployment := display.Digests()
	if display.Comment != "" && comment != w.state.CommentDigest {
		id, err := w.link.runner.Pulls().Comment(ctx, w.state.Site, w.state.Number, w.state.Comment, w.state.Mark, display.Comment)
		if err != nil {
			return err
		}
		if err := w.step(ctx, pull.Posted{Digest: comment, Comment: id}); err != nil {
			return err
		}
	}
	if deployment == w.state.Deployed {
		return nil
	}
	d := display.Deployment
	err := w.link.runner.Deployments().ShowPreview(ctx, githubapp.PreviewDeployment{
		Site: w.state.Site, Environment: d.Environment, Commit: d.Commit, State: d.State, Why: d.Why, URL: d.URL, LogURL: d.LogURL,
	})
	return errors.Join(err, w.step(ctx, pull.Deployed{Digest: deployment, Failed: err != nil}))
}
