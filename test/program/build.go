package program

import (
	"context"
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
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "bin", "tests")
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

func build(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
