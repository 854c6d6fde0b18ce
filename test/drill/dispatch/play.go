//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// errOver says that the release is not this run's, or over.
var errOver = errors.New("nothing to do")

// play does what the action does in a run.
func (s *stage) play(ctx context.Context, run fakegithub.Run) {
	queue := 600 * time.Millisecond
	if s.happens(0.15) {
		queue = 3 * grace // its claim may come when the app has long sent again
	}
	time.Sleep(s.upTo(queue))
	if s.github.Step(run.ID, "in_progress", "") != nil {
		return // cancelled
	}
	err := s.work(ctx, run)
	conclusion := "success"
	if err != nil && !errors.Is(err, errOver) {
		conclusion = "failure"
	}
	_ = s.github.Step(run.ID, "completed", conclusion) // unless it was cancelled
}

func (s *stage) work(ctx context.Context, run fakegithub.Run) error {
	number, err := strconv.ParseInt(run.Inputs["release"], 10, 64)
	if err != nil {
		return fmt.Errorf("read the input release: %w", err)
	}
	site, name := run.Inputs["site"], api.Run{ID: strconv.FormatInt(run.ID, 10), Attempt: run.Attempt}
	var got api.ClaimResult
	err = s.persist(ctx, func() (err error) {
		client := s.client.WithToken(s.github.IDToken(run, s.url, nil))
		got, err = client.Claim(ctx, site, api.ClaimInput{Release: number, Token: run.Inputs["token"], Run: name})
		return err
	})
	if errors.Is(err, errOver) {
		s.mu.Lock()
		s.figures.duplicates++
		s.mu.Unlock()
	}
	if err != nil {
		return err
	}
	session := s.client.WithToken(got.Session)
	for i, state := range []release.State{release.InProgress, release.Complete, release.Ready} {
		err := s.persist(ctx, func() error {
			_, err := session.Report(ctx, site, got.Release, api.ReportInput{Run: name, Sequence: int64(i + 1), State: state})
			return err
		})
		if err != nil {
			return err
		}
		if state == release.InProgress {
			s.built(fmt.Sprintf("release #%d of %s", got.Release, site), run.ID)
			time.Sleep(s.upTo(300 * time.Millisecond))
		}
	}
	return nil
}

// built notes the effect: from here on a run builds and deploys.
func (s *stage) built(name string, run int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.effects[name] == nil {
		s.effects[name] = map[int64]bool{}
	}
	s.effects[name][run] = true
}

// persist calls an app that may be dead at the moment.
func (s *stage) persist(ctx context.Context, call func() error) error {
	for {
		err := call()
		if err == nil {
			return nil
		}
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == 409 {
			return errOver
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
}
