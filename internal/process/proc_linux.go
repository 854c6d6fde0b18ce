package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// Identity names a process, also after its number is reused.
type Identity struct {
	PID int `json:"pid"`
	// Start is when it started, in clock ticks since the machine's start; Boot is the
	// kernel's boot id.
	Start uint64 `json:"start"`
	Boot  string `json:"boot"`
}

// Self is the identity of this process.
func Self() (Identity, error) { return identify(os.Getpid()) }

func identify(pid int) (Identity, error) {
	s, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("read the boot id: %w", err)
	}
	return Identity{PID: pid, Start: s.start, Boot: strings.TrimSpace(string(boot))}, nil
}

// Alive says whether the process still runs. A zombie does not.
func (i Identity) Alive() bool {
	if i.PID <= 0 {
		return false
	}
	now, err := identify(i.PID)
	if err != nil || now != i {
		return false
	}
	s, err := readStat(i.PID)
	return err == nil && s.state != 'Z' && s.state != 'X'
}

// Signal sends a signal to the process, but not to another one that has its number now.
// os.ErrProcessDone when it has ended.
func (i Identity) Signal(sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(i.PID, 0)
	if err != nil {
		return os.ErrProcessDone
	}
	defer func() { _ = unix.Close(fd) }()
	// The descriptor holds the process that has the number now. Whether it is the right
	// one can only be checked while it is held.
	if !i.Alive() {
		return os.ErrProcessDone
	}
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return fmt.Errorf("signal process %d: %w", i.PID, err)
	}
	return nil
}

// ReapOrphans makes this process the parent of every descendant whose own parent ends, so
// that it can be found (prctl(2), PR_SET_CHILD_SUBREAPER).
func ReapOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of orphans: %w", err)
	}
	return nil
}

// EndDescendants ends every descendant of this process and waits for them. It
// takes the exit status of every child: no other child may be waited for at
// the time. It returns how many processes were ended.
func EndDescendants() int {
	self := os.Getpid()
	return endAll(true, func(all map[int]stat, pid int) bool { return descends(all, pid, self) })
}

// EndBelow ends every descendant of another process, but not that process: once it has
// ended, orphans that it reaps (see ReapOrphans) can't be found. It returns how many were
// ended, 0 when the process has ended.
func EndBelow(leader Identity) int {
	if !leader.Alive() {
		return 0
	}
	return endAll(false, func(all map[int]stat, pid int) bool { return descends(all, pid, leader.PID) })
}

// EndMarked ends every process that has an entry (NAME=value) in the
// environment it was started with, and the descendants of these; never this
// process. It returns how many were ended.
func EndMarked(mark string) int {
	self := os.Getpid()
	marked := map[int]bool{}
	return endAll(false, func(all map[int]stat, pid int) bool {
		for at := pid; at > 1 && at != self; at = all[at].parent {
			if marked[at] || hasMark(at, mark) {
				marked[at] = true
				return true
			}
		}
		return false
	})
}

// EndSession ends the remaining processes of the session that a process led. A number is
// not reused while it names a session, so the processes in the session of an ended leader
// are the leader's.
func EndSession(leader Identity) int {
	now, err := identify(leader.PID)
	if err == nil && now != leader {
		return 0
	}
	boot, err := identify(os.Getpid())
	if err != nil || boot.Boot != leader.Boot {
		return 0
	}
	return endAll(false, func(all map[int]stat, pid int) bool { return all[pid].session == leader.PID })
}

// endAll kills the chosen processes until there are none: a process may fork during the
// search. It gives up after 5 s, which only a process stuck in the kernel can take. reaps
// says that no other code waits for children of this process.
func endAll(reaps bool, chosen func(all map[int]stat, pid int) bool) int {
	self := os.Getpid()
	ended := map[int]bool{}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		all := readAll()
		left := false
		for pid, s := range all {
			if pid == self || pid == 1 || !chosen(all, pid) {
				continue
			}
			if s.state == 'Z' || s.state == 'X' {
				if reaps && s.parent == self {
					reap(pid)
				}
				continue
			}
			left = true
			ended[pid] = true
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended already
		}
		if !left {
			break
		}
	}
	return len(ended)
}

// reap takes an ended child's exit status, so that it does not stay a zombie.
func reap(pid int) {
	var status syscall.WaitStatus
	_, _ = syscall.Wait4(pid, &status, syscall.WNOHANG, nil) // it has not ended yet, or was reaped: both are fine
}

func descends(all map[int]stat, pid, from int) bool {
	for at := pid; at > 1; {
		s, ok := all[at]
		if !ok {
			return false
		}
		if s.parent == from {
			return true
		}
		at = s.parent
	}
	return false
}

func hasMark(pid int, mark string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false // another user's, or ended
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if string(entry) == mark {
			return true
		}
	}
	return false
}

// stat has fields of /proc/<pid>/stat (proc_pid_stat(5)).
type stat struct {
	state           byte
	parent, session int
	start           uint64
}

func readAll() map[int]stat {
	all := map[int]stat{}
	dir, err := os.Open("/proc")
	if err != nil {
		return all
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return all
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil {
			all[pid] = s
		}
	}
	return all
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, fmt.Errorf("read the state of process %d: %w", pid, err)
	}
	return parseStat(string(text))
}

// parseStat begins after the program's name, which may itself contain spaces
// and brackets.
func parseStat(text string) (stat, error) {
	_, rest, ok := cutLast(text, ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, errors.New("read a process's state: the kernel's line has an unknown format")
	}
	parent, err1 := strconv.Atoi(fields[1])
	session, err2 := strconv.Atoi(fields[3])
	start, err3 := strconv.ParseUint(fields[19], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return stat{}, fmt.Errorf("read a process's state: %w", err)
	}
	return stat{state: fields[0][0], parent: parent, session: session, start: start}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
