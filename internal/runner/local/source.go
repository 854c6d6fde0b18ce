package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/environ"
)

// prepare returns the folder to run in and its commit ("" when unknown).
func (s *supervisor) prepare(ctx context.Context) (dir, commit string, err error) {
	switch set := s.rec.Settings; {
	case s.rec.RollbackTo != 0: // nothing is built: it must work without the source too
		return s.folder.path, "", nil
	case set.Git != "":
		return s.checkOut(ctx)
	case set.Folder == "":
		return s.folder.path, "", nil
	default:
		info, err := os.Stat(set.Folder)
		if err == nil && !info.IsDir() {
			err = errors.New("it is a file")
		}
		if err != nil {
			return "", "", fmt.Errorf("the site's source folder can't be used: %w", err)
		}
		return set.Folder, "", nil
	}
}

// checkOut updates the copy of the site's repository, and checks the commit out into a
// folder of the run's own. One copy serves all runs of a site, so that only new commits
// are fetched.
func (s *supervisor) checkOut(ctx context.Context) (dir, commit string, err error) {
	ref := s.rec.Settings.Ref
	if err := errors.Join(checkRef(ref), checkRepository(s.rec.Settings.Git)); err != nil {
		return "", "", err
	}
	g := git{repo: filepath.Join(s.rec.Sources, s.rec.Site+".git"), out: s.out}
	// An older run may still be alive unnoticed: the two must not fetch at the same time.
	lock, err := folder{path: s.rec.Sources}.wait(ctx, s.rec.Site+".lock")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = lock.Close() }() // it only guards
	if err := g.fetch(ctx, s.rec.Settings.Git); err != nil {
		return "", "", err
	}
	commit, err = g.resolve(ctx, s.rec.Settings.Git, ref)
	if err != nil {
		return "", "", err
	}
	dir = s.folder.file("source")
	if _, err := g.run(ctx, "worktree", "prune"); err != nil {
		return "", "", err
	}
	if _, err := g.run(ctx, "worktree", "add", "--force", "--detach", dir, commit); err != nil {
		return "", "", fmt.Errorf("check out %s: %w", commit, err)
	}
	fmt.Fprintf(s.out, "pressrun: %s is at commit %s\n", shown(s.rec.Settings.Git), commit)
	return dir, commit, nil
}

// removeSource removes the run's own copy of the source: it can be checked out again, and
// fifty of them would fill a disk.
func (f folder) removeSource() error {
	if err := os.RemoveAll(f.file("source")); err != nil {
		return fmt.Errorf("remove the run's copy of the source: %w", err)
	}
	return nil
}

// refName matches the accepted names of branches, tags and commits; git allows others
// (git-check-ref-format(1)), which nobody needs.
var refName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+@#=-]*$`)

func checkRef(ref string) error {
	if ref == "" || refName.MatchString(ref) && !strings.Contains(ref, "..") && !strings.Contains(ref, "@{") && len(ref) <= 250 {
		return nil
	}
	return fmt.Errorf("%q is not the name of a branch, tag or commit", ref)
}

func checkRepository(address string) error {
	if strings.HasPrefix(address, "-") || strings.ContainsAny(address, "\n\x00") {
		return fmt.Errorf("%q is not the address of a repository", address)
	}
	return nil
}

// shown is a repository's address without its password.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	return u.Redacted()
}

// git is the copy of a repository.
type git struct {
	repo string
	out  *output
}

// fetch mirrors the original, and removes branches and tags that were deleted there.
func (g git) fetch(ctx context.Context, address string) error {
	if _, err := os.Stat(filepath.Join(g.repo, "HEAD")); err != nil {
		if err := os.MkdirAll(g.repo, 0o700); err != nil {
			return fmt.Errorf("make a copy of the repository: %w", err)
		}
		if _, err := g.run(ctx, "init", "--quiet", "--bare"); err != nil {
			return fmt.Errorf("make a copy of the repository: %w", err)
		}
	}
	_, err := g.run(ctx, "fetch", "--quiet", "--prune", "--force", "--no-tags", "--end-of-options", address,
		"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
	if err != nil {
		return fmt.Errorf("the repository %s can't be fetched: %w", shown(address), err)
	}
	return nil
}

// resolve finds the commit of a branch, a tag, or a commit, in this order; of the
// original's default branch for "".
func (g git) resolve(ctx context.Context, address, ref string) (string, error) {
	if ref == "" {
		if _, err := g.run(ctx, "fetch", "--quiet", "--force", "--no-tags", "--end-of-options", address, "+HEAD:refs/pressrun/head"); err != nil {
			return "", fmt.Errorf("the repository %s has no default branch: name one: %w", shown(address), err)
		}
		return g.run(ctx, "rev-parse", "--verify", "--quiet", "refs/pressrun/head^{commit}")
	}
	for _, full := range []string{"refs/heads/" + ref, "refs/tags/" + ref} {
		if commit, err := g.run(ctx, "rev-parse", "--verify", "--quiet", full+"^{commit}"); err == nil {
			return commit, nil
		}
	}
	if commitName.MatchString(ref) {
		if commit, err := g.run(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}"); err == nil {
			return commit, nil
		}
		if commit, err := g.fetchCommit(ctx, address, ref); err == nil {
			return commit, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	return "", fmt.Errorf("the repository %s has no branch, tag or commit %q", shown(address), ref)
}

var commitName = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// fetchCommit fetches a commit that no branch or tag leads to, if the server allows it.
func (g git) fetchCommit(ctx context.Context, address, commit string) (string, error) {
	if _, err := g.run(ctx, "fetch", "--quiet", "--no-tags", "--end-of-options", address, commit); err != nil {
		return "", err
	}
	return g.run(ctx, "rev-parse", "--verify", "--quiet", commit+"^{commit}")
}

// run runs git without prompts.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", g.repo}, args...)...) //nolint:gosec // G204: refs and addresses are checked, and come after --end-of-options
	cmd.Env = append(environ.ForRun(os.Environ(), ""),
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GCM_INTERACTIVE=never", "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh", "LC_ALL=C")
	cmd.WaitDelay = 2 * time.Second // ssh may hold its output longer than git lives
	if os.Getenv("GIT_SSH_COMMAND") == "" {
		cmd.Env = append(cmd.Env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes")
	}
	text, err := cmd.Output()
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		return "", fmt.Errorf("git %s: %s", args[0], strings.Join(strings.Fields(string(exit.Stderr)), " "))
	}
	return "", fmt.Errorf("git %s: %w", args[0], err)
}
