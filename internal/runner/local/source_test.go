//go:build linux

package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// repository is a git repository with two commits: "one", tagged v1 and on
// the branch old, and "two", on the default branch.
type repository struct {
	path     string
	one, two string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		servers.Missing(t, "git, so nothing of repositories is tested", "apt-get install git")
	}
	r := repository{path: t.TempDir()}
	r.git(t, "init", "--quiet", "--initial-branch=main")
	r.one = r.commit(t, "one")
	r.git(t, "tag", "-a", "-m", "the first", "v1")
	r.git(t, "branch", "old")
	r.two = r.commit(t, "two")
	return r
}

func (r repository) commit(t *testing.T, text string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.path, "text"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.git(t, "add", "text")
	r.git(t, "commit", "--quiet", "-m", text)
	return r.git(t, "rev-parse", "HEAD")
}

func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", r.path}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// releases sets what the site's configuration releases of the repository.
func (p *place) releases(ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.Ref = ref
}

func TestSourceAtBranchTagOrCommit(t *testing.T) {
	repo := newRepository(t)
	p := newPlace(t, `echo "text=$(cat text) commit=$PRESSRUN_COMMIT"`)
	p.settings.Folder, p.settings.Git = "", repo.path
	b := p.open(t)
	for i, c := range []struct{ name, ref, text, commit string }{
		{"the default branch", "", "two", repo.two},
		{"a branch", "old", "one", repo.one},
		{"a tag", "v1", "one", repo.one},
		{"a commit", repo.one, "one", repo.one},
		{"a short commit", repo.two[:9], "two", repo.two},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.releases(c.ref)
			number := int64(i + 1)
			b.dispatch(number)
			if e := b.ended(number); e.Conclusion != release.RunSucceeded {
				t.Errorf("it ended as %+v", e)
			}
			if log := b.log(number); !strings.Contains(log, "text="+c.text+" commit="+c.commit+"\n") {
				t.Errorf("its log is %q", log)
			}
			if _, err := os.Stat(b.folder(number).file("source")); err == nil {
				t.Error("the run's copy of the source is still there")
			}
		})
	}
}

func TestMovedAndDeletedBranchesAreFollowed(t *testing.T) {
	repo := newRepository(t)
	p := newPlace(t, `cat text`)
	p.settings.Folder, p.settings.Git = "", repo.path
	b := p.open(t)
	b.dispatch(1)
	b.ended(1)
	repo.commit(t, "three")
	repo.git(t, "branch", "--force", "old", "main")
	p.releases("old")
	b.dispatch(2)
	b.ended(2)
	if log := b.log(2); !strings.HasSuffix(log, "three") {
		t.Errorf("the branch that moved: %q", log)
	}
	// A branch whose name is a folder of the new one's: only pruning makes room.
	repo.git(t, "branch", "-D", "old")
	repo.git(t, "branch", "old/er", "main")
	p.releases("old/er")
	b.dispatch(3)
	if e := b.ended(3); e.Conclusion != release.RunSucceeded {
		t.Errorf("the branch in the place of a deleted one: %+v\n%s", e, b.log(3))
	}
}

func TestSourceThatCannotBeHadIsToldInWords(t *testing.T) {
	repo := newRepository(t)
	for name, c := range map[string]struct{ git, ref, why string }{
		"a ref that is nowhere":           {repo.path, "no-such-branch", `no branch, tag or commit "no-such-branch"`},
		"a commit that is nowhere":        {repo.path, strings.Repeat("0123456789", 4), "no branch, tag or commit"},
		"a missing repository":            {filepath.Join(repo.path, "gone"), "main", "can't be fetched"},
		"a transport that runs programs":  {"ext::sh -c touch% /tmp/pressrun-pwned", "main", "can't be fetched"},
		"an address like an option":       {"--upload-pack=touch /tmp/pressrun-pwned", "main", "not the address of a repository"},
		"a host that asks for a password": {"http://user:pa55word@127.0.0.1:1/repo.git", "main", "http://user:xxxxx@127.0.0.1:1/repo.git can't be fetched"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "true")
			p.settings = Settings{Git: c.git, Ref: c.ref, Env: p.settings.Env}
			b := p.open(t)
			b.dispatch(1)
			e := b.ended(1)
			if e.Conclusion != release.RunNeverStarted || !strings.Contains(e.Why, c.why) || strings.Contains(e.Why, "pa55word") {
				t.Errorf("it ended as %+v", e)
			}
			if b.starts(1) != 0 {
				t.Error("the action was started")
			}
			if log := b.log(1); !strings.Contains(log, c.why) || strings.Contains(log, "pa55word") {
				t.Errorf("its log says %q", log)
			}
		})
	}
	if _, err := os.Stat("/tmp/pressrun-pwned"); err == nil {
		t.Error("an address ran a program")
	}
}

func TestRefsThatAreNoNamesAreRefusedAtTheDispatch(t *testing.T) {
	p := newPlace(t, "true")
	p.settings.Folder, p.settings.Git = "", "/srv/repo"
	b := p.open(t)
	for _, ref := range []string{"-b", "--upload-pack=x", "a..b", "a b", "a@{1}", "a\nb", "$(x)", ":x", "^x", strings.Repeat("a", 300)} {
		p.releases(ref)
		if _, err := b.Dispatch(t.Context(), job(1)); err == nil {
			t.Errorf("%q was accepted", ref)
		}
	}
	for _, ref := range []string{"main", "release/2026-11", "v1.2.3", "feature/#12+x", "deadbeef"} {
		if err := checkRef(ref); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestCancelDuringTheFetch(t *testing.T) {
	newRepository(t)
	p := newPlace(t, "true")
	// A repository that never answers: a fetch over a pipe that nobody fills.
	p.settings = Settings{Git: "ssh://127.0.0.1/repo.git", Env: p.settings.Env}
	t.Setenv("GIT_SSH_COMMAND", "sh -c 'echo $$ >> "+p.state+"/pids; exec sleep 300' --")
	b := p.open(t)
	run := b.dispatch(1)
	eventually.Holds(t, "the fetch", func() bool { return len(pids(t, p.state+"/pids")) > 0 })
	if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(1); e.Conclusion != release.RunCancelled {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, p.state+"/pids") {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}
