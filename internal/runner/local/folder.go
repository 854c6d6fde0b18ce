package local

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

// folder holds all files of one run:
//
//	run.json      the intent: what to run; on disk before anything starts
//	run.lock      held by the supervisor for as long as it lives
//	started.json  the supervisor's process: once it is there the run has begun
//	cancel.json   the run was cancelled
//	action.json   the action's own state, its session's credential included
//	output.log    the first part of the output; the last part in output.<offset>
//	exit.json     how it ended
type folder struct{ path string }

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

// record is a run's intent.
type record struct {
	Site    string `json:"site"`
	Release int64  `json:"release"`
	ID      string `json:"id"`
	// RollbackTo is the release to put back; 0 for one to be built.
	RollbackTo int64 `json:"rollback_to,omitempty"`
	// TokenSHA256 is the hash of the dispatch's token, in hex.
	TokenSHA256 string    `json:"token_sha256"`
	At          time.Time `json:"at"`
	AppURL      string    `json:"app_url"`
	// Settings are the site's settings at the dispatch.
	Settings Settings      `json:"settings"`
	LogBytes int64         `json:"log_bytes"`
	Grace    time.Duration `json:"grace"`
	Sources  string        `json:"sources"` // folder of the repositories' copies
}

func (r record) run() release.Run { return release.Run{ID: r.ID, Attempt: 1} }

// has says whether the run was dispatched with this token.
func (r record) has(token string) bool {
	return subtle.ConstantTimeCompare([]byte(r.TokenSHA256), []byte(hash(token))) == 1
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// runID names a run after its token: the same dispatch is the same run.
func runID(site string, number int64, token string) string {
	return "local-" + site + "-" + strconv.FormatInt(number, 10) + "-" + hash(token)[:12]
}

// Exit is how a run ended: the content of exit.json.
type Exit struct {
	Conclusion release.Conclusion `json:"conclusion"`
	// Code is the action's exit code, -1 when there was none.
	Code int    `json:"code"`
	Why  string `json:"why,omitempty"`
	Live bool   `json:"live,omitempty"`
	// Fault and Guards are from the action's state file: its report of them may not have
	// reached the app.
	Fault  release.Fault  `json:"fault,omitempty"`
	Guards release.Guards `json:"guards,omitempty"`
	At     time.Time      `json:"at"`
}

func (e Exit) event(run release.Run) release.RunEnded {
	return release.RunEnded{Run: run, Conclusion: e.Conclusion, Why: e.Why, Live: e.Live, Fault: e.Fault, Guards: e.Guards}
}

// readJSON reads one of the folder's files; fs.ErrNotExist when there is none.
func (f folder) readJSON(name string, to any) error {
	text, err := os.ReadFile(f.file(name))
	if err != nil {
		return fmt.Errorf("read a run's %s: %w", name, err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("read a run's %s: %w", f.file(name), err)
	}
	return nil
}

// writeJSON writes one of the folder's files, whole and on disk before it
// returns.
func (f folder) writeJSON(name string, from any) error {
	text, err := json.MarshalIndent(from, "", "  ")
	if err != nil {
		return fmt.Errorf("write a run's %s: %w", name, err)
	}
	if err := atomicfile.Write(f.file(name), append(text, '\n')); err != nil {
		return fmt.Errorf("write a run's %s: %w", name, err)
	}
	return nil
}

func (f folder) record() (record, error) {
	var r record
	return r, f.readJSON("run.json", &r)
}

// started gives the supervisor, and whether the run has begun.
func (f folder) started() (process.Identity, bool, error) {
	var id process.Identity
	err := f.readJSON("started.json", &id)
	if errors.Is(err, fs.ErrNotExist) {
		return id, false, nil
	}
	return id, err == nil, err
}

// exit gives how the run ended, if it is known.
func (f folder) exit() (Exit, bool, error) {
	var e Exit
	err := f.readJSON("exit.json", &e)
	if errors.Is(err, fs.ErrNotExist) {
		return e, false, nil
	}
	return e, err == nil, err
}

func (f folder) cancelled() bool {
	_, err := os.Stat(f.file("cancel.json"))
	return err == nil
}

// actionState is the part of the action's state file that the supervisor and the watcher use.
type actionState struct {
	Live   bool          `json:"live"`
	Why    string        `json:"why"`
	Fault  release.Fault `json:"fault"`
	Guards []string      `json:"guards"`
}

// action reads the action's state file; empty when there is none.
func (f folder) action() actionState {
	var s actionState
	if err := f.readJSON("action.json", &s); err != nil {
		return actionState{}
	}
	return s
}

// siteFolder is the folder of a site's runs. It refuses names that would lead elsewhere,
// although the configuration has checked them.
func siteFolder(state, site string) (string, error) {
	if site == "" || site != filepath.Base(site) || site == "." || site == ".." {
		return "", fmt.Errorf("the site's name %q can't be a folder's", site)
	}
	return filepath.Join(state, "runs", site), nil
}

// folderOf is the folder of a run. For number 0 it uses the number in the run's id: a run
// may have to be ended whose release is over already.
func folderOf(state, site string, number int64, run release.Run) (folder, error) {
	if number == 0 {
		rest, ok := strings.CutPrefix(run.ID, "local-"+site+"-")
		digits, _, _ := strings.Cut(rest, "-")
		n, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil {
			return folder{}, fmt.Errorf("run %s is not one of the site %s on this machine", run.ID, site)
		}
		number = n
	}
	return runFolder(state, site, number)
}

func runFolder(state, site string, number int64) (folder, error) {
	path, err := siteFolder(state, site)
	if err != nil {
		return folder{}, err
	}
	if number < 1 {
		return folder{}, fmt.Errorf("%d is not the number of a release", number)
	}
	return folder{path: filepath.Join(path, strconv.FormatInt(number, 10))}, nil
}

// numbers are the releases of a site that have a folder, in no order.
func numbers(sitePath string) ([]int64, error) {
	entries, err := os.ReadDir(sitePath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list a site's runs: %w", err)
	}
	var out []int64
	for _, e := range entries {
		if n, err := strconv.ParseInt(e.Name(), 10, 64); err == nil && n > 0 && e.IsDir() {
			out = append(out, n)
		}
	}
	return out, nil
}

// wait waits for a lock and takes it.
func (f folder) wait(ctx context.Context, name string) (*os.File, error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", f.path, err)
	}
	for {
		file, err := lockFile(f.file(name))
		if !errors.Is(err, errLocked) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
