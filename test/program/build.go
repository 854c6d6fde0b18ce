package program

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Main is the package of the program pressrun.
const Main = "github.com/pressrun/pressrun/cmd/pressrun"

// Build gives the file of a command of this repository, as go build makes it. All
// packages of the suite share it: it is compiled with the flags of go run and go
// vet, so that their cache serves, and lies in bin/tests of the repository, where
// Go leaves it alone as long as nothing has changed.
func Build(ctx context.Context, pkg string) (path string, err error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", "tests")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for programs: %w", err)
	}
	// Packages are tested at once, each by a process of its own.
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("lock the programs' folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock the programs' folder: %w", err)
	}
	path = filepath.Join(dir, filepath.Base(pkg))
	return path, build(ctx, nil, "-buildvcs=false", "-o", path, pkg)
}

// BuildRelease compiles a command into a folder as a release is: static and
// without what only a debugger reads.
func BuildRelease(ctx context.Context, pkg, dir string) (path string, err error) {
	path = filepath.Join(dir, filepath.Base(pkg))
	return path, build(ctx, []string{"CGO_ENABLED=0"}, "-trimpath", "-ldflags", "-s -w", "-o", path, pkg)
}

// Change is a piece of the program's source that reads otherwise in a program built for a
// test, which is to lack something, or to wait less long.
type Change struct {
	File        string // by its path in the repository
	Is, Becomes string // Is stands in it once
}

// BuildChanged compiles the program pressrun into a folder with changes of its source.
func BuildChanged(ctx context.Context, dir string, changes ...Change) (path string, err error) {
	replaced := map[string]string{}
	if err := change(ctx, dir, changes, replaced); err != nil {
		return "", err
	}
	return buildReplaced(ctx, dir, replaced)
}

// change writes the changed files into a folder, and notes which files they replace.
func change(ctx context.Context, dir string, changes []Change, replaced map[string]string) error {
	root, err := Root(ctx)
	if err != nil {
		return err
	}
	for i, c := range changes {
		file := filepath.Join(root, c.File)
		source, err := os.ReadFile(cmp.Or(replaced[file], file))
		if err != nil {
			return fmt.Errorf("change the program: %w", err)
		}
		if n := strings.Count(string(source), c.Is); n != 1 {
			return fmt.Errorf("change the program: %s has %q %d times, not once", c.File, c.Is, n)
		}
		replaced[file] = filepath.Join(dir, fmt.Sprintf("changed-%d.go", i))
		if err := os.WriteFile(replaced[file], []byte(strings.Replace(string(source), c.Is, c.Becomes, 1)), 0o600); err != nil {
			return fmt.Errorf("change the program: %w", err)
		}
	}
	return nil
}

// buildReplaced compiles the program with some of its files replaced: by which, by their
// paths.
func buildReplaced(ctx context.Context, dir string, replaced map[string]string) (path string, err error) {
	overlay := filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err == nil {
		err = os.WriteFile(overlay, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("say which files are replaced: %w", err)
	}
	path = filepath.Join(dir, "pressrun")
	return path, build(ctx, nil, "-buildvcs=false", "-overlay", overlay, "-o", path, Main)
}

// Root is the folder of the repository.
func Root(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	return strings.TrimSpace(string(root)), nil
}

func build(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
