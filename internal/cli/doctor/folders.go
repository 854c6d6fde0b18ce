package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/text"
)

// nearest is the folder itself, or the nearest above it that is there.
func nearest(folder string) string {
	for {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// writable says whether files can be made in a folder: rights alone do not tell, since
// a disk may be full or mounted read-only. The file that is tried is gone at once.
func writable(folder string) error {
	f, err := os.CreateTemp(folder, ".pressrun-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func stateFolder(folder string) api.GitHubCheck {
	const name = "state folder"
	at := nearest(folder)
	if err := writable(at); err != nil {
		return bad(name, "Give it to the user who runs the app: chown pressrun "+at, "%s: %v", folder, err)
	}
	if at != folder {
		return good(name, "%s will be made at the start", folder)
	}
	return good(name, "%s can be written", folder)
}

// least is how much room a disk should have, in bytes.
const least = 1 << 30

// room says how much room there is where a folder lies.
func room(name, folder string) api.GitHubCheck {
	free, err := freeBytes(nearest(folder))
	if err != nil {
		return api.GitHubCheck{Name: name, Result: unknown, Detail: err.Error()}
	}
	if free < least {
		return bad(name, "Make room: when it is full, requests are refused and deploys fail", "%s free at %s", text.Bytes(free), nearest(folder))
	}
	return good(name, "%s free", text.Bytes(free))
}
