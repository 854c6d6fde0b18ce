package program

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// WallClock is the wall clock of all processes of a program that BuildSettable made.
// Their timers go on as if nothing had happened, as they do where somebody sets a
// machine's clock.
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

// What is put into Go's own package time, and into the program: eight bytes of a file,
// mapped into the memory of each of its processes, are added to what the system says.
const (
	timeNow      = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	timeImport   = "import (\n"
	settableTime = "// WallShift are seconds that the wall clock is set by.\nvar WallShift atomic.Pointer[int64]\n\n" + timeNow +
		"\tif shift := WallShift.Load(); shift != nil {\n\t\tsec += atomic.LoadInt64(shift)\n\t}\n"
	settableMain = `package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

var wallShift string

func init() {
	file, err := os.Open(wallShift)
	if err != nil {
		panic(err)
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	time.WallShift.Store((*int64)(unsafe.Pointer(&memory[0])))
}
`
)

// BuildSettable compiles the program pressrun into a folder, with a wall clock that can
// be set under its running processes. Debian's faketime can't do that: a Go program asks
// the vDSO, and no library that could be put in between. So Go's own time.Now is
// compiled with one more line, by go build -overlay; all packages are compiled anew for
// it, which takes minutes the first time. Also says which further files are replaced, and
// by which; nil for none.
func BuildSettable(ctx context.Context, dir string, also map[string]string) (path string, clock *WallClock, err error) {
	fail := func(err error) (string, *WallClock, error) {
		return "", nil, fmt.Errorf("build a program whose clock can be set: %w", err)
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "time", Main).Output()
	if err != nil {
		return fail(err)
	}
	dirs := strings.Fields(string(out))
	source, err := os.ReadFile(filepath.Join(dirs[0], "time.go"))
	if err != nil {
		return fail(err)
	}
	text := strings.Replace(string(source), timeNow, settableTime, 1)
	text = strings.Replace(text, timeImport, timeImport+"\t\"sync/atomic\"\n", 1)
	if !strings.Contains(text, "WallShift.Load()") {
		return fail(errors.New("this Go's time.Now is not as we know it"))
	}
	replaced := map[string]string{
		filepath.Join(dirs[0], "time.go"):      filepath.Join(dir, "time.go"),
		filepath.Join(dirs[1], "wallclock.go"): filepath.Join(dir, "wallclock.go"),
	}
	maps.Copy(replaced, also)
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return fail(err)
	}
	for name, content := range map[string][]byte{"time.go": []byte(text), "wallclock.go": []byte(settableMain), "overlay.json": overlay, "shift": make([]byte, 8)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fail(err)
		}
	}
	path = filepath.Join(dir, "pressrun")
	shift := filepath.Join(dir, "shift")
	if err := build(ctx, nil, "-buildvcs=false", "-overlay", filepath.Join(dir, "overlay.json"), "-ldflags", "-X main.wallShift="+shift, "-o", path, Main); err != nil {
		return "", nil, err
	}
	file, err := os.OpenFile(shift, os.O_RDWR, 0)
	if err != nil {
		return fail(err)
	}
	return path, &WallClock{file: file}, nil
}
