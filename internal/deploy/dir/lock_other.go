//go:build !unix

package dir

import (
	"errors"
	"io/fs"
	"os"
)

// errUnsupported: a folder is published by swapping a symbolic link, which
// Windows lets few users make and never replaces at one instant.
var errUnsupported = errors.New("a folder (file://) can be deployed to on Linux and macOS only: deploy to s3://BUCKET here")

func supported() error { return errUnsupported }

func lockFile(*os.File) error { return errUnsupported }

func chownLike(string, fs.FileInfo) error { return errUnsupported }
