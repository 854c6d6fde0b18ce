package doctor

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/text"
)

// source looks whether the frontend can be read.
func source(ctx context.Context, s config.Site) []api.GitHubCheck {
	const name = "source"
	if s.Source.Git != "" {
		return repository(ctx, s.Source)
	}
	if _, err := os.ReadDir(s.Source.Folder); err != nil {
		return []api.GitHubCheck{bad(name, "Name the frontend's folder: source.folder", "%v", err)}
	}
	if err := writable(s.Source.Folder); err != nil {
		return []api.GitHubCheck{bad(name, "A build writes into the folder of its source: give it to the user who runs the app", "%v", err)}
	}
	return []api.GitHubCheck{good(name, "%s", s.Source.Folder)}
}

func repository(ctx context.Context, s config.Source) []api.GitHubCheck {
	git, err := exec.LookPath("git")
	if err != nil {
		return []api.GitHubCheck{bad("git", "Install git, for the user who runs the app too", "it is not there, and the site comes from a repository")}
	}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	ref := cmp.Or(s.Ref, "HEAD")
	cmd := exec.CommandContext(ctx, git, "ls-remote", "--quiet", "--end-of-options", s.Git) //nolint:gosec // G204: the operator's own repository
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=ssh -oBatchMode=yes")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return []api.GitHubCheck{
			good("git", "%s", git),
			bad("source", "Look at source.git, and at git's credentials of the user who runs the app", "%s", text.KeepEnd(text.OneLine(string(out)), 300)),
		}
	}
	for line := range strings.Lines(string(out)) {
		commit, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name == ref || name == "refs/heads/"+ref || name == "refs/tags/"+ref || commit == ref {
			return []api.GitHubCheck{good("git", "%s", git), good("source", "%s has %s", s.Git, ref)}
		}
	}
	check := api.GitHubCheck{Name: "source", Result: unknown, Detail: s.Git + " has no branch or tag " + ref, Do: "If it is a commit, all is well; else name another: source.ref"}
	return []api.GitHubCheck{good("git", "%s", git), check}
}

// programs looks for those that the site's commands begin with.
func programs(ctx context.Context, s config.Site) []api.GitHubCheck {
	var checks []api.GitHubCheck
	for name, command := range map[string]string{"install": s.Install.Command, "build": s.Build.Command} {
		word, _, _ := strings.Cut(strings.TrimSpace(command), " ")
		if word == "" || strings.ContainsAny(word, "/$`\"'*?;&|<>(){}=\\\n") {
			continue // the shell has its own ways with it; config check looks for scripts
		}
		// The shell is asked: it has commands of its own.
		out, err := exec.CommandContext(ctx, "sh", "-c", `command -v "$1"`, "sh", word).Output() //nolint:gosec // G204: an argument, and no text of the script
		if err != nil {
			checks = append(checks, bad(name, "Install it, for the user who runs the app too", "the command begins with %s, which is not on this machine's PATH", word))
			continue
		}
		checks = append(checks, good(name, "%s is there: %s", word, strings.TrimSpace(string(out))))
	}
	return checks
}

// secrets looks for the files that hold secrets, and for the variables that do.
func secrets(s config.Site) []api.GitHubCheck {
	var checks []api.GitHubCheck
	file := func(name, path string) {
		if path == "" {
			return
		}
		if _, err := os.ReadFile(path); err != nil {
			checks = append(checks, bad(name, "Put the secret there, or take the line out", "%v", err))
		} else {
			checks = append(checks, good(name, "%s can be read", path))
		}
	}
	file("CDN's secret", s.Deploy.CDN.SecretFile)
	for _, hook := range s.Hooks {
		file("secret of hook "+hook.Name, hook.SecretFile)
		if hook.SecretEnv != "" && os.Getenv(hook.SecretEnv) == "" {
			checks = append(checks, api.GitHubCheck{
				Name: "secret of hook " + hook.Name, Result: unknown, Detail: hook.SecretEnv + " is not set here",
				Do: "See that the environment of pressrun serve has it",
			})
		}
	}
	return checks
}
