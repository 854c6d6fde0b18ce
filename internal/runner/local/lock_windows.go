package local

import (
	"errors"
	"os"
	"os/exec"
)

var errLocked = errors.New("the run's lock is held")

var errWindows = errors.New("runner: local does not work on Windows: run the app on Linux or macOS, or use another runner")

func supported() error { return errWindows }

func (f folder) lock() (*os.File, error) { return nil, errWindows }

func lockFile(string) (*os.File, error) { return nil, errWindows }

func (f folder) running() (bool, error) { return false, errWindows }

func (f folder) inherited() (lock, begun *os.File, err error) { return nil, nil, errWindows }

func detach(*exec.Cmd) {}
