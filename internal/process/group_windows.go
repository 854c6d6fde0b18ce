package process

import (
	"fmt"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Shell gives the arguments that run a line in the system's shell.
func Shell(line string) []string { return []string{"cmd.exe", "/S", "/C", line} }

// Group is a started command with all processes that it starts: a job object, which they
// can't leave.
type Group struct {
	pid int
	job windows.Handle
}

// Start starts a command in a job object of its own, which ends all of its
// processes when this process ends.
func Start(cmd *exec.Cmd) (*Group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if len(cmd.Args) == 4 && cmd.Args[0] == "cmd.exe" {
		// cmd.exe takes the rest of the line as it is, between the outer quotes.
		cmd.SysProcAttr.CmdLine = `cmd.exe /S /C "` + cmd.Args[3] + `"`
	}
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	g := &Group{pid: cmd.Process.Pid, job: job}
	if err := g.assign(); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		g.close()
		return nil, err
	}
	return g, nil
}

func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("make a job object: %w", err)
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))) //nolint:gosec // the call takes a raw structure
	if err != nil {
		_ = windows.CloseHandle(job)
		return 0, fmt.Errorf("set up a job object: %w", err)
	}
	return job, nil
}

func (g *Group) assign() error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(g.pid)) //nolint:gosec // a process id fits
	if err != nil {
		return fmt.Errorf("open process %d: %w", g.pid, err)
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	if err := windows.AssignProcessToJobObject(g.job, handle); err != nil {
		return fmt.Errorf("put process %d into its job object: %w", g.pid, err)
	}
	return nil
}

// Interrupt asks the group to end (Ctrl-Break).
func (g *Group) Interrupt() {
	_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.pid)) //nolint:gosec // a process id fits
}

// Kill ends every process of the group at once.
func (g *Group) Kill() { _ = windows.TerminateJobObject(g.job, 1) }

// close keeps the job object open, so that background processes end with this process.
func (g *Group) close() {}
