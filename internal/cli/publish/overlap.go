package publish

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// refuseOverlap refuses a build and a folder to deploy it to that lie in one another: a
// deploy would then take what it has written for the build, or the build's own
// folder would become a release.
func refuseOverlap(build, to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return nil //nolint:nilerr // what is wrong with the address is told when it is opened
	}
	from, www := resolved(build), resolved(filepath.FromSlash(u.Path))
	if info, err := os.Stat(www); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file: name the folder that the web server shows", to)
	}
	if within(from, www) || within(www, from) {
		return fmt.Errorf("the build %s and the destination %s lie in one another: deploy to a folder apart from the build's", build, to)
	}
	return nil
}

// resolved is a name without links, as far as it exists.
func resolved(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	for rest := ""; ; {
		if plain, err := filepath.EvalSymlinks(abs); err == nil {
			return filepath.Join(plain, rest)
		}
		if abs == filepath.Dir(abs) {
			return filepath.Join(abs, rest)
		}
		rest = filepath.Join(filepath.Base(abs), rest)
		abs = filepath.Dir(abs)
	}
}

func within(folder, name string) bool {
	rel, err := filepath.Rel(folder, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
