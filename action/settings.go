package action

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
)

// check refuses invalid settings.
func check(o *options.Options, claims bool) error {
	if o.Dir == "" {
		o.Dir = "."
	}
	if info, err := os.Stat(o.Dir); err != nil || !info.IsDir() {
		return failure.Usage("--dir: there is no folder %s", o.Dir)
	}
	if o.URL != "" && o.Site == "" {
		return failure.Usage("--site: name the site that this run releases")
	}
	if o.URL != "" && (o.Release == 0) != (o.DispatchToken == "") {
		return failure.Usage("--release and --dispatch-token go together: the app gives both, or a run asks for the site's turn with neither")
	}
	if v := o.MaxVanished; v != nil && (*v < 0 || *v > 1) {
		return failure.Usage("--max-vanished: a share is from 0 to 1, not %v", *v)
	}
	if p := o.PublicURL; p != "" {
		u, err := url.Parse(p)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" {
			return failure.Usage("--public-url: %q is no address such as https://www.example.gov", p)
		}
	}
	for flag, every := range intervals(*o, claims) {
		if every <= 0 {
			return failure.Usage("--%s: %s between two tries is too short; expected a span such as 15s", flag, every)
		}
	}
	if o.CDN != "" && o.To == "" {
		return failure.Usage("--cdn: what the CDN was told is kept at the destination: name one (--to)")
	}
	return nil
}

// intervals are the waits between two tries that this run uses, by their flags.
func intervals(o options.Options, claims bool) map[string]time.Duration {
	spans := map[string]time.Duration{}
	if o.ReadyURL != "" {
		spans["ready-interval"] = o.ReadyInterval
	}
	if o.Checks != "" {
		spans["checks-interval"] = o.ChecksInterval
	}
	if o.URL != "" && claims {
		spans["turn-interval"] = o.TurnInterval
	}
	return spans
}

// openRecord opens the state file, with the state that earlier steps of this run left. A run
// that claims begins with an empty state.
func openRecord(o options.Options, claims bool, env shell.Environment, github *workflow.Workflow) (*state.File, error) {
	path := o.StateFile
	if path == "" {
		path = filepath.Join(o.Dir, ".pressrun", "run.json")
		if temp := env.Get("RUNNER_TEMP"); temp != "" {
			path = filepath.Join(temp, "pressrun-"+fileName(o.Site)+".json")
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the state file: %w", err)
	}
	before, err := state.ReadIfAny(path)
	if err != nil {
		return nil, err
	}
	s := state.State{Site: o.Site, Run: identity(o.RunFlags, before, env, github), Release: o.Release, RollbackTo: o.RollbackTo}
	// The state of an earlier run does not count. Within a run the sequence goes on in any
	// case.
	if before.Run == s.Run && before.Site == s.Site {
		if !claims {
			return state.NewFile(path, before), nil
		}
		s.Sequence = before.Sequence
	}
	file := state.NewFile(path, s)
	return file, file.Change(func(*state.State) {}) // a file that can't be written fails the run before any step
}

// identity is the identity of the run: by the flags, by GitHub, or for a run by hand by the
// state file.
func identity(o options.RunFlags, before state.State, env shell.Environment, github *workflow.Workflow) api.Run {
	run := api.Run{ID: o.RunID, Attempt: o.RunAttempt, URL: o.RunURL}
	if run.ID == "" {
		if run.ID = env.Get("GITHUB_RUN_ID"); run.ID != "" && run.Attempt == 0 {
			run.Attempt, _ = strconv.Atoi(env.Get("GITHUB_RUN_ATTEMPT")) // no number is as good as none
		}
	}
	if run.URL == "" && env.Get("GITHUB_RUN_ID") == run.ID && run.ID != "" {
		run.URL = github.RunURL()
	}
	if run.ID == "" && strings.HasPrefix(before.Run.ID, "manual-") && before.Site == o.Site {
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
