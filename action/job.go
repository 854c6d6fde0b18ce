package action

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/publish"
)

// job is one run of one or all steps.
type job struct {
	opts      Options
	whole     bool      // all steps in one
	claims    bool      // one of them is the claim
	std       Streams   // with --json, Out is where Err is
	result    io.Writer // where --json puts the result
	env       environment
	app       *reporter    // nil when there is no app
	cdn       *publish.CDN // nil when there is no CDN to tell
	redirects publish.Redirects
	gh        *workflow
	mark      string   // in the environment of this job's commands only
	secrets   []string // values that its commands may print, and nobody is to read
	statePath string

	mu    sync.Mutex // guards state and doing: heartbeats read them
	state State
	doing string
}

// Run carries out a step, or all of them with "all". The error has the exit
// code: see ExitCode. When ctx ends, the run is cancelled.
func Run(ctx context.Context, name string, opts Options, std Streams) error {
	picked, err := pick(name)
	if err != nil {
		return err
	}
	j, err := newJob(ctx, name, opts, std)
	if err != nil {
		j.gh.annotate(annotation{text: err.Error()})
		return err
	}
	err = j.carryOut(ctx, picked, name == "all")
	if opts.JSON {
		err = errors.Join(err, j.printResult())
	}
	return err
}

// newJob makes a job ready. With an error the job can say what is wrong, and
// nothing else.
func newJob(ctx context.Context, name string, opts Options, std Streams) (*job, error) {
	environ := opts.Environ
	if environ == nil {
		environ = os.Environ()
	}
	j := &job{opts: opts, whole: name == "all", claims: name == "all" || name == claim{}.Name(), result: std.Out, env: newEnvironment(environ), mark: "PRESSRUN_MARK=" + rand.Text()}
	// Heartbeats and the build's output come from goroutines of their own.
	j.std = Streams{Out: &lockedWriter{to: std.Out}, Err: &lockedWriter{to: std.Err}}
	if opts.JSON {
		j.std.Out = j.std.Err
	}
	j.gh = newWorkflow(j.env, j.std.Out)
	if err := j.check(); err != nil {
		return j, err
	}
	if note := j.renamed(); note != "" {
		j.say("%s", note)
	}
	if err := j.checkRules(); err != nil {
		return j, err
	}
	if err := j.openCDN(ctx, strings.ReplaceAll(name, "-", "_")); err != nil {
		return j, err
	}
	if err := j.openState(); err != nil {
		return j, err
	}
	return j, j.openApp()
}

// check refuses settings that can't be meant.
func (j *job) check() error {
	if j.opts.Dir == "" {
		j.opts.Dir = "."
	}
	if info, err := os.Stat(j.opts.Dir); err != nil || !info.IsDir() {
		return usage("--dir: there is no folder %s", j.opts.Dir)
	}
	if j.opts.URL != "" && j.opts.Site == "" {
		return usage("--site: name the site that this run releases")
	}
	if j.opts.URL != "" && (j.opts.Release == 0) != (j.opts.DispatchToken == "") {
		return usage("--release and --dispatch-token go together: the app gives both, or a run asks for the site's turn with neither")
	}
	if v := j.opts.MaxVanished; v != nil && (*v < 0 || *v > 1) {
		return usage("--max-vanished: a share is from 0 to 1, not %v", *v)
	}
	if p := j.opts.PublicURL; p != "" {
		u, err := url.Parse(p)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" {
			return usage("--public-url: %q is no address such as https://www.example.gov", p)
		}
	}
	for flag, every := range j.intervals() {
		if every <= 0 {
			return usage("--%s: %s between two tries is too short; expected a span such as 15s", flag, every)
		}
	}
	if j.opts.CDN != "" && j.opts.To == "" {
		return usage("--cdn: what the CDN was told is kept at the destination: name one (--to)")
	}
	vars, err := profile(j.opts.BuildEnv)
	j.secrets = secretsIn(j.env, vars)
	return err
}

// intervals are the spans between two tries of what this run waits for.
func (j *job) intervals() map[string]time.Duration {
	spans := map[string]time.Duration{}
	if j.opts.ReadyURL != "" {
		spans["ready-interval"] = j.opts.ReadyInterval
	}
	if j.opts.URL != "" && j.claims {
		spans["turn-interval"] = j.opts.TurnInterval
	}
	return spans
}

func (j *job) openState() error {
	j.statePath = j.opts.StateFile
	if j.statePath == "" {
		j.statePath = filepath.Join(j.opts.Dir, ".pressrun", "run.json")
		if temp := j.env.get("RUNNER_TEMP"); temp != "" {
			j.statePath = filepath.Join(temp, "pressrun-"+fileName(j.opts.Site)+".json")
		}
	}
	path, err := filepath.Abs(j.statePath)
	if err != nil {
		return fmt.Errorf("find the state file: %w", err)
	}
	j.statePath = path
	before, err := readStateOrNone(path)
	if err != nil {
		return err
	}
	run := j.identity(before)
	// What an earlier run left must not be taken for this one's. The sequence
	// goes on within a run, whatever became of its other words.
	if before.Run == run && before.Site == j.opts.Site {
		if !j.claims {
			j.state = before
			return nil
		}
		j.state.Sequence = before.Sequence
	}
	j.state.Site, j.state.Run, j.state.Release = j.opts.Site, run, j.opts.Release
	return j.save()
}

// identity names the run: as told, as GitHub names it, or as the state file
// of a run by hand does.
func (j *job) identity(before State) api.Run {
	run := api.Run{ID: j.opts.RunID, Attempt: j.opts.RunAttempt, URL: j.opts.RunURL}
	if run.ID == "" {
		if run.ID = j.env.get("GITHUB_RUN_ID"); run.ID != "" && run.Attempt == 0 {
			run.Attempt, _ = strconv.Atoi(j.env.get("GITHUB_RUN_ATTEMPT")) // no number is as good as none
		}
	}
	if run.URL == "" && j.env.get("GITHUB_RUN_ID") == run.ID && run.ID != "" {
		run.URL = j.gh.runURL()
	}
	if run.ID == "" && strings.HasPrefix(before.Run.ID, "manual-") && before.Site == j.opts.Site {
		return before.Run
	}
	if run.ID == "" {
		run.ID = "manual-" + strings.ToLower(rand.Text()[:10])
	}
	run.Attempt = max(run.Attempt, 1)
	return run
}

func fileName(site string) string {
	if site == "" {
		return "site"
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, site)
}

// save keeps the state on disk.
func (j *job) save() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.write(j.statePath)
}

// change changes the state and keeps it.
func (j *job) change(f func(s *State)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(&j.state)
	return j.state.write(j.statePath)
}

// now is the state as it stands.
func (j *job) now() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state
}

func (j *job) does(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.doing = what
}

// say tells a person what goes on. Text from elsewhere is made one harmless
// line: GitHub takes a line that begins with "::" for a command.
func (j *job) say(format string, args ...any) {
	fmt.Fprintln(j.std.Err, "pressrun: "+oneLine(fmt.Sprintf(format, args...)))
}

func (j *job) printResult() error {
	text, err := json.MarshalIndent(j.summary(), "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	// Names of files may look like workflow commands: to JSON this is the same text.
	text = bytes.ReplaceAll(text, []byte(oldCommand), []byte(`#\u0023[`))
	_, err = fmt.Fprintf(j.result, "%s\n", text)
	return err
}

// sleep waits, or gives the cause of ctx's end.
func sleep(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
