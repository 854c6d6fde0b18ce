package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/environ"
	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/redact"
	"github.com/pressrun/pressrun/internal/release"
)

// defaultLimit bounds a whole run when its site sets nothing.
const defaultLimit = 3 * time.Hour

var (
	errLimit   = errors.New("the run took too long")
	errStopped = errors.New("the run was told to stop")
)

// Supervise carries out the run of a folder that Dispatch has made. It implements the
// hidden command run-local; ctx ends with a signal. A run begins at most once.
func Supervise(ctx context.Context, path string) error {
	f := folder{path: path}
	lock, begun, err := f.inherited()
	if err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	defer func() { _ = lock.Close() }() // the process ends with it
	rec, err := f.record()
	if err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	if _, already, err := f.started(); err != nil || already {
		return errors.Join(err, fmt.Errorf("run %s has begun before: a run begins once", rec.ID))
	}
	if err := process.ReapOrphans(); err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	self, err := process.Self()
	if err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	if err := f.writeJSON("started.json", self); err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	if begun != nil {
		_, err = begun.Write([]byte{1})
		if err := errors.Join(err, begun.Close()); err != nil {
			return fmt.Errorf("report that the run has begun: %w", err)
		}
	}
	s := &supervisor{folder: f, rec: rec}
	return s.supervise(ctx)
}

type supervisor struct {
	folder folder
	rec    record
	out    *output
}

func (s *supervisor) supervise(ctx context.Context) error {
	out, err := newOutput(s.folder, s.rec.LogBytes)
	if err != nil {
		return s.over(Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: err.Error()})
	}
	s.out = out
	limit := s.rec.Settings.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limited, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	exit := s.run(limited)
	left := process.EndDescendants()
	if left > 0 {
		fmt.Fprintf(out, "pressrun: ended %d processes that the run left behind\n", left)
	}
	removed := s.folder.removeSource()
	return errors.Join(s.over(exit), removed, out.Close())
}

// over writes how the run ended.
func (s *supervisor) over(exit Exit) error {
	exit.Live = s.folder.action().Live
	exit.Why = s.hide(exit.Why)
	exit.At = time.Now().UTC()
	return s.folder.writeJSON("exit.json", exit)
}

// hide takes secrets out of messages of git and the system.
func (s *supervisor) hide(text string) string {
	var known redact.Redactor
	known.Allow(s.rec.Site)
	env := maps.Clone(s.rec.Settings.Env)
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if _, set := env[name]; !set {
			known.Add(redact.Secrets(map[string]string{name: value})...)
		}
	}
	known.Add(redact.Secrets(env)...)
	return known.Text(text)
}

// run prepares the source and runs the action in it.
func (s *supervisor) run(ctx context.Context) Exit {
	dir, commit, err := s.prepare(ctx)
	if err != nil {
		fmt.Fprintf(s.out, "pressrun: %s\n", s.hide(err.Error()))
		if ctx.Err() != nil {
			return s.stopped(ctx)
		}
		return Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: err.Error()}
	}
	program, err := os.Executable()
	if err != nil {
		return Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: "find this program: " + err.Error()}
	}
	err = process.Run(ctx, process.Command{
		Args: []string{program, "action", "all"}, Dir: dir, Env: s.environ(dir, commit),
		Output: s.out, Grace: s.rec.Grace,
	})
	if ctx.Err() != nil && err != nil {
		return s.stopped(ctx)
	}
	return s.ended(err)
}

// stopped is the Exit of a run that was ended from outside.
func (s *supervisor) stopped(ctx context.Context) Exit {
	exit := Exit{Code: -1}
	switch {
	case s.folder.cancelled():
		exit.Conclusion = release.RunCancelled
	case errors.Is(context.Cause(ctx), errLimit):
		exit.Conclusion = release.RunTimedOut
		exit.Why = fmt.Sprintf("it ran longer than %s", s.rec.Settings.limit())
	default:
		exit.Conclusion, exit.Why = release.RunDied, errStopped.Error()
	}
	return exit
}

func (s Settings) limit() time.Duration {
	if s.Limit > 0 {
		return s.Limit
	}
	return defaultLimit
}

// ended is the Exit of a run that ended by itself.
func (s *supervisor) ended(err error) Exit {
	if err == nil {
		return Exit{Conclusion: release.RunSucceeded}
	}
	said := s.folder.action()
	exit := Exit{Conclusion: release.RunFailed, Code: -1, Why: said.Why, Fault: said.Fault, Guards: release.GuardsOf(said.Guards...)}
	status, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: err.Error()}
	}
	exit.Code = status.ExitCode()
	if exit.Why == "" {
		exit.Why = status.String()
	}
	if exit.Code < 0 { // a signal that the supervisor did not send
		exit.Conclusion = release.RunDied
	}
	return exit
}

// environ is the environment of the action.
func (s *supervisor) environ(dir, commit string) []string {
	env := map[string]string{
		"PRESSRUN_SITE":           s.rec.Site,
		"PRESSRUN_URL":            s.rec.AppURL,
		"PRESSRUN_TOKEN":          os.Getenv("PRESSRUN_TOKEN"),
		"PRESSRUN_DISPATCH_TOKEN": os.Getenv("PRESSRUN_DISPATCH_TOKEN"),
		"PRESSRUN_RELEASE":        strconv.FormatInt(s.rec.Release, 10),
		"PRESSRUN_RUN_ID":         s.rec.ID,
		"PRESSRUN_RUN_ATTEMPT":    "1",
		"PRESSRUN_STATE_FILE":     s.folder.file("action.json"),
		"PRESSRUN_METRICS_FILE":   s.folder.file("metrics.json"),
		"PRESSRUN_DIR":            dir,
		"PRESSRUN_COMMIT":         commit,
		"PRESSRUN_SUPERVISED":     "true",
	}
	if s.rec.RollbackTo != 0 {
		env["PRESSRUN_ROLLBACK_TO"] = strconv.FormatInt(s.rec.RollbackTo, 10)
	}
	maps.Copy(env, s.rec.Settings.Env)
	out := environ.ForRun(os.Environ(), s.rec.Settings.secrets()...)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}
