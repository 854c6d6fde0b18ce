//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// errLocked says that a run's lock is held: its supervisor is alive.
var errLocked = errors.New("the run's lock is held")

// supported refuses systems on which this runner does not work.
func supported() error { return nil }

// lock takes a run's lock. The lock belongs to the open file and to every process that it
// is handed to: the system releases it when the last of them ends (flock(2)).
func (f folder) lock() (*os.File, error) { return lockFile(f.file("run.lock")) }

func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a run's lock: %w", err)
	}
	if err := flock(file, unix.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// running says whether a run's lock is held.
func (f folder) running() (bool, error) {
	file, err := os.OpenFile(f.file("run.lock"), os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("check a run's lock: %w", err)
	}
	// A shared lock, so that two checks don't take each other for the run.
	err = flock(file, unix.LOCK_SH)
	closed := file.Close()
	if errors.Is(err, errLocked) {
		return true, closed
	}
	return false, errors.Join(err, closed)
}

func flock(file *os.File, how int) error {
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errLocked
		default:
			return fmt.Errorf("lock a run: %w", err)
		}
	}
}

// inherited returns the lock that the runner took for this supervisor, and the pipe on
// which this reports that the run has begun. The programs that the supervisor starts must
// not inherit either.
func (f folder) inherited() (lock, begun *os.File, err error) {
	if os.Getenv(inheritEnv) == "" {
		lock, err = f.lock()
		return lock, nil, err
	}
	syscall.CloseOnExec(lockFD)
	syscall.CloseOnExec(begunFD)
	lock, begun = os.NewFile(lockFD, "run.lock"), os.NewFile(begunFD, "begun")
	want, err := os.Stat(f.file("run.lock"))
	if err != nil {
		return nil, nil, fmt.Errorf("check the run's lock: %w", err)
	}
	got, err := lock.Stat()
	if err != nil || !os.SameFile(want, got) {
		return nil, nil, errors.New("the lock that was handed over is not this run's")
	}
	return lock, begun, nil
}

// detach gives a supervisor a session of its own, so that signals to the app or from its
// terminal do not end the run.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
