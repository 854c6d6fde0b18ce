//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// Shell gives the arguments that run a line in the system's shell.
func Shell(line string) []string { return []string{"/bin/sh", "-c", line} }

// Group is a started command with the processes of its process group.
type Group struct{ pid int }

// Start starts a command as the leader of a new process group. On Linux it is
// killed when the thread that called Start ends: call it from a goroutine
// locked to its thread for as long as the command may run.
func Start(cmd *exec.Cmd) (*Group, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Group{pid: cmd.Process.Pid}, nil
}

// Interrupt asks every process of the group to end (SIGTERM).
func (g *Group) Interrupt() { g.signal(syscall.SIGTERM) }

// Kill ends every process of the group at once (SIGKILL).
func (g *Group) Kill() { g.signal(syscall.SIGKILL) }

// signal ignores its error: the only possible one for an own group is that no process is
// left in it.
func (g *Group) signal(s syscall.Signal) { _ = syscall.Kill(-g.pid, s) }

func (g *Group) close() {}
