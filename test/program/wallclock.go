package program

import (
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// WallClock is the wall clock of all processes of one name of a program that BuildSettable
// made: see LinkSettable. Their timers go on as if nothing had happened, as they do where
// somebody sets a machine's clock.
type WallClock struct {
	file  *os.File
	shift atomic.Int64 // seconds
}

// Set puts the clock that many seconds before, or behind, this machine's.
func (c *WallClock) Set(shift time.Duration) error {
	c.shift.Store(int64(shift / time.Second))
	_, err := c.file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(c.shift.Load())), 0)
	if err != nil {
		return fmt.Errorf("set the clock of the program: %w", err)
	}
	return nil
}

// Now is the time by that clock.
func (c *WallClock) Now() time.Time {
	return time.Now().Add(time.Duration(c.shift.Load()) * time.Second)
}

//go:embed testdata/wallclock
var settable embed.FS

// BuildSettable compiles the program pressrun into a folder, with a wall clock that can
// be set under its running processes (see LinkSettable), and with changes. Debian's faketime
// can't set it: a Go program asks the vDSO, and no library that could be put in between. So
// some lines of assembly, which go build -overlay adds to the main package alone, have Go's
// runtime ask them: they add to what the kernel says eight bytes of a file, mapped into the
// memory of each process.
func BuildSettable(ctx context.Context, dir string, changes ...Change) (path string, err error) {
	if !slices.Contains([]string{"linux/amd64", "linux/arm64"}, runtime.GOOS+"/"+runtime.GOARCH) {
		return "", errors.New("build a program whose clock can be set: this needs Linux on amd64 or arm64")
	}
	replaced := map[string]string{}
	if err := change(ctx, dir, changes, replaced); err != nil {
		return "", err
	}
	if err := addClock(ctx, dir, replaced); err != nil {
		return "", fmt.Errorf("build a program whose clock can be set: %w", err)
	}
	return buildReplaced(ctx, dir, replaced)
}

// addClock writes what is added to the main package, and notes where it goes.
func addClock(ctx context.Context, dir string, replaced map[string]string) error {
	main, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", Main).Output()
	if err != nil {
		return fmt.Errorf("find its main package: %w", err)
	}
	for _, name := range []string{"wallclock.go", "wallclock_" + runtime.GOARCH + ".s"} {
		text, err := settable.ReadFile("testdata/wallclock/" + name)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
		replaced[filepath.Join(strings.TrimSpace(string(main)), name)] = file
	}
	return nil
}

// LinkSettable gives a program that BuildSettable made another name in a folder, under
// which its processes have a clock of their own.
func LinkSettable(program, dir, name string) (path string, clock *WallClock, err error) {
	path = filepath.Join(dir, name)
	if err := os.Link(program, path); err != nil {
		return "", nil, fmt.Errorf("give a program another clock: %w", err)
	}
	// Without this file it does not start.
	file, err := os.OpenFile(path+".clock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("give a program another clock: %w", err)
	}
	clock = &WallClock{file: file}
	return path, clock, clock.Set(0)
}
