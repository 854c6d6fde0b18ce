package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
)

// buildFlags name a build and how it is to be served.
type buildFlags struct {
	Dir     string `arg:"" help:"Folder of the built site."`
	To      string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	Release int64  `placeholder:"N" help:"Number of the release (default: counts on)."`
	Commit  string `placeholder:"SHA" help:"The build's source commit, for people."`
	Repair  bool   `help:"Also list the destination, as pressrun audit does, and send again what is missing there; with --allow foreign-files also what others changed."`
	AtOnce  int    `name:"concurrency" placeholder:"N" help:"Uploads at once (default 128)."`
	Rules   string `placeholder:"FILE" help:"JSON file with rules of headers and compression: {\"headers\": [{\"match\": \"**/*.pdf\", \"set\": {\"cache-control\": \"no-store\"}}], \"compress\": [{\"match\": \"**\", \"encoding\": \"gzip\"}]}."`
}

// openBuild opens where a build goes to, and makes sure that there is one.
func (f buildFlags) openBuild(ctx context.Context, place placeFlags, waiting func(s3.Waiting)) (store.Destination, error) {
	if strings.HasPrefix(f.Dir, "s3://") || strings.HasPrefix(f.Dir, "file://") {
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("%s is no folder of a built site: give the folder first and the destination after it", f.Dir))
	}
	switch info, err := os.Stat(f.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("the build's folder %s does not exist: build the site first, or check the name", f.Dir))
	case err == nil && !info.IsDir():
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("%s is a file: give the folder of the built site", f.Dir))
	}
	if err := refuseOverlap(f.Dir, f.To); err != nil {
		return store.Destination{}, exit.With(exit.Usage, err)
	}
	return place.open(ctx, f.To, waiting)
}

// maxAtOnce is far above what any store was seen to take from one machine.
const maxAtOnce = 4096

// build is the build that the flags name, with the rules read from their file.
func (f buildFlags) build() (publish.Build, error) {
	if f.AtOnce < 0 || f.AtOnce > maxAtOnce {
		return publish.Build{}, exit.With(exit.Usage, fmt.Errorf("--concurrency is 1 to %d, or 0 for the default, not %d", maxAtOnce, f.AtOnce))
	}
	rules, err := engine.ReadRules(f.Rules)
	if err != nil {
		return publish.Build{}, exit.With(exit.Usage, err)
	}
	return publish.Build{Dir: f.Dir, Release: f.Release, Commit: f.Commit, Concurrency: f.AtOnce, Rules: rules, Repair: f.Repair}, nil
}

// refuseOverlap refuses a build and a folder to deploy it to that lie in one another: a
// deploy would then take what it has written for the build, or the build's own
// folder would become a release.
func refuseOverlap(build, to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return nil //nolint:nilerr // opening the address reports the mistake in it
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
