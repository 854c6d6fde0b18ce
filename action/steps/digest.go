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

// SiteDigest reports to the app a digest of everything that the site is made from, once the
// content is read. If the live release has the same digest, the run ends with nothing to do.
type SiteDigest struct {
	*Run
	AppLimit time.Duration
	// Unchanged is "build" to build the site all the same.
	Unchanged string

	Dir         string // the frontend's folder
	Settings    []string
	Generated   []string // folders in Dir that are no part of the code
	Commit      string   // "" to ask git
	Environment shell.Environment
}

// siteDigestOf makes the SiteDigest of a run, by its settings.
func siteDigestOf(s Setup) SiteDigest {
	o := s.Options
	return SiteDigest{
		Run: s.Run, AppLimit: o.AppLimit, Unchanged: o.Unchanged, Dir: o.Dir, Commit: o.Commit, Environment: s.Shell.Environment,
		Settings:  []string{program(), o.Install, o.Build, o.BuildEnv, o.Environment, o.Output, o.PublicURL, o.To, o.Rules, o.RedirectStore},
		Generated: []string{o.Output, o.ExportTo},
	}
}

// report reports the digest. content is the digest of the content; withCode says that the
// site depends on the frontend's files too.
func (d SiteDigest) report(ctx context.Context, content string, withCode bool, in api.ContentInput) (Result, error) {
	if d.App == nil || d.Record.Now().Session == "" {
		return Result{}, nil
	}
	commit := ""
	if withCode {
		if commit = d.clean(ctx); commit == "" {
			content = "" // the code is not known
		}
	}
	if content != "" && d.Unchanged != "build" {
		sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %q %q", content, commit, d.Settings))
		in.Digest = "sha256:" + hex.EncodeToString(sum[:])
	}
	got, err := d.App.ContentRead(ctx, in, d.AppLimit)
	switch {
	case report.IsStatus(err, http.StatusNotFound), report.IsStatus(err, http.StatusMethodNotAllowed), report.IsStatus(err, http.StatusUnprocessableEntity):
		d.Console.Say("the app does not take the digest of the site, and the run goes on without it: %v", err) // the app is older than this run
		return Result{}, nil
	case err != nil:
		return Result{}, fmt.Errorf("report the digest of the site: %w", err)
	case got.SameAs == 0:
		return Result{}, d.Record.Change(func(s *state.State) { s.Watermark = got.Watermark })
	}
	return Result{Idle: state.OutcomeNothing, Note: fmt.Sprintf("content and code are as they were for release #%d, which is live", got.SameAs)}, nil
}

// clean is the frontend's commit, "" if its files differ from that commit.
func (d SiteDigest) clean(ctx context.Context) string {
	commit := commitOf(ctx, d.Dir, d.Environment, d.Commit)
	if commit == "" {
		return ""
	}
	args := []string{"-C", d.Dir, "status", "--porcelain", "--untracked-files=normal", "--", ":/"}
	for _, folder := range d.Generated {
		if folder != "" && filepath.IsLocal(folder) && folder != "." {
			args = append(args, ":(exclude)"+filepath.ToSlash(folder))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // G204: folders that the operator names
	cmd.Env = d.Environment.ForCommand(nil, map[string]string{"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"})
	changed, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(changed)) != "" {
		return ""
	}
	return commit
}

// program identifies the version of this program, since another one may make another site.
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

// commitOf is the frontend's commit: as given, else by git, else by GitHub; "" if unknown.
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
