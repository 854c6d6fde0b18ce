package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

const (
	tailBytes = 16 << 10
	tailLines = 12
	// exitContent is how a build says that the content is at fault, not
	// itself: EX_DATAERR of sysexits.h.
	exitContent = 65
)

// shell runs one of the site's own commands in the frontend's folder. What
// names it in messages: "build command".
func (j *job) shell(ctx context.Context, what, line string, timeout time.Duration) error {
	vars, err := profile(j.opts.BuildEnv)
	if err != nil {
		return err
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errTimeout)
		defer cancel()
	}
	end, named := &tail{max: tailBytes}, &places{}
	began := time.Now()
	unmute := j.gh.mute()
	err = process.Run(ctx, process.Command{
		Args: process.Shell(line), Dir: j.opts.Dir, Env: j.env.forCommand(vars, j.told()),
		Output: io.MultiWriter(j.std.Out, end, named), Mark: j.mark,
	})
	unmute()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, errTimeout) {
		return err
	}
	err = &placedError{err: err, places: named.all()}
	return j.commandFailed(what, err, end, time.Since(began).Round(time.Second), timeout)
}

var errTimeout = errors.New("it took too long")

// told is what a run tells the site's own commands.
func (j *job) told() map[string]string {
	s := j.now()
	told := map[string]string{"PRESSRUN_REQUESTS_FILE": j.requestsFile(), "PRESSRUN_SITE": s.Site}
	if s.Release > 0 {
		told["PRESSRUN_RELEASE"] = strconv.FormatInt(s.Release, 10)
	}
	if j.opts.Environment != "" {
		told["DEPLOY_ENV"] = j.opts.Environment
	}
	// Not a secret: the local runner finds by it what a run left behind.
	if id := j.env.get("PRESSRUN_RUN_ID"); id != "" {
		told["PRESSRUN_RUN_ID"] = id
	}
	return told
}

// commandFailed tells an editor what became of a command, with the end of its
// output.
func (j *job) commandFailed(what string, err error, end *tail, took, timeout time.Duration) error {
	fail := &FailError{Fault: release.FaultBuild, Code: ExitFailed, Err: err}
	exit, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(err, errTimeout):
		fail.Why = fmt.Sprintf("the %s took longer than %s and was ended", what, timeout)
	case !isExit:
		fail.Why = fmt.Sprintf("the %s could not be started: %v", what, err)
	case killed(exit):
		fail.Why = fmt.Sprintf("the %s was killed by the system after %s, mostly for want of memory", what, took)
		fail.Fault = release.FaultPlatform
	case exit.ExitCode() == exitContent:
		fail.Why = fmt.Sprintf("the %s says that the content is at fault", what)
		fail.Fault = release.FaultContent
	default:
		fail.Why = fmt.Sprintf("the %s failed after %s (%v)", what, took, exit.ProcessState)
	}
	if lines := end.lines(tailLines); len(lines) > 0 {
		// The last lines tell most: when all is too much, the first go.
		fail.Why += ". Its last words: " + cutFront(j.hide(strings.Join(lines, " | ")), 1200)
	}
	return fail
}

// killed says whether a command, or the shell around it, ended by SIGKILL that
// we did not send.
func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return exit.ExitCode() == 128+9 || ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func cutFront(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return "…" + strings.ToValidUTF8(text[len(text)-limit:], "")
}
