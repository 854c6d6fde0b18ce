package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
)

// Made tells the app what the site is made of, once that is known. Where it is what is live
// already, the run ends: there is nothing to do.
type Made struct {
	*Run
	AppLimit time.Duration
	// Unchanged is "build" where the site is to be made all the same.
	Unchanged string

	Dir         string // the frontend's folder
	Settings    []string
	Ours        []string // folders in Dir that are no part of the code
	Commit      string   // "" to ask git
	Environment shell.Environment
}

// madeOf is what a site is made of, as far as the settings say.
func madeOf(s Setup) Made {
	o := s.Options
	return Made{
		Run: s.Run, AppLimit: o.AppLimit, Unchanged: o.Unchanged, Dir: o.Dir, Commit: o.Commit, Environment: s.Shell.Environment,
		Settings: []string{program(), o.Install, o.Build, o.BuildEnv, o.Environment, o.Output, o.PublicURL, o.To, o.Rules, o.RedirectStore},
		Ours:     []string{o.Output, o.ExportTo},
	}
}

// tell tells it. Code says that the frontend's files are part of the site; digest is of the
// content.
func (m Made) tell(ctx context.Context, digest string, code bool, in api.ContentInput) (Result, error) {
	if m.App == nil || m.Record.Now().Session == "" {
		return Result{}, nil
	}
	commit := ""
	if code {
		if commit = m.clean(ctx); commit == "" {
			digest = "" // what the code is can't be said
		}
	}
	if digest != "" && m.Unchanged != "build" {
		sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %q %q", digest, commit, m.Settings))
		in.Digest = "sha256:" + hex.EncodeToString(sum[:])
	}
	got, err := m.App.ContentRead(ctx, in, m.AppLimit)
	switch {
	case report.IsStatus(err, http.StatusNotFound), report.IsStatus(err, http.StatusMethodNotAllowed), report.IsStatus(err, http.StatusUnprocessableEntity):
		m.Console.Say("the app could not be told what the site is made of, and is told no more of it: %v", err) // it is older than this run
		return Result{}, nil
	case err != nil:
		return Result{}, fmt.Errorf("tell the app what the site is made of: %w", err)
	case got.SameAs == 0:
		return Result{}, m.Record.Change(func(s *state.State) { s.Watermark = got.Watermark })
	}
	return Result{Idle: state.OutcomeNothing, Note: fmt.Sprintf("content and code are as they were for release #%d, which is live", got.SameAs)}, nil
}

// clean is the frontend's commit, "" where its files are not that commit's.
func (m Made) clean(ctx context.Context) string {
	commit := commitOf(ctx, m.Dir, m.Environment, m.Commit)
	if commit == "" {
		return ""
	}
	args := []string{"-C", m.Dir, "status", "--porcelain", "--untracked-files=normal", "--", ":/"}
	for _, folder := range m.Ours {
		if folder != "" && filepath.IsLocal(folder) && folder != "." {
			args = append(args, ":(exclude)"+filepath.ToSlash(folder))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // G204: folders that the operator names
	cmd.Env = m.Environment.ForCommand(nil, map[string]string{"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"})
	changed, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(changed)) != "" {
		return ""
	}
	return commit
}

// program tells apart the programs that might make a site differently.
func program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	said := info.Main.Version
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs.") {
			said += " " + s.Value
		}
	}
	return said
}

// commitOf is the frontend's commit, when it can be had: as it is given, else as git says.
func commitOf(ctx context.Context, dir string, env shell.Environment, given string) string {
	if given != "" {
		return given
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") //nolint:gosec // G204: a folder that the operator names
	cmd.Env = env.ForCommand(nil, map[string]string{"GIT_TERMINAL_PROMPT": "0"})
	commit, err := cmd.Output()
	if err != nil {
		return env.Get("GITHUB_SHA") // "" outside of GitHub
	}
	return strings.TrimSpace(string(commit))
}
