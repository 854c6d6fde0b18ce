// Package preview has the commands about previews: builds of a branch that can be
// looked at before they are the public site.
package preview

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/preview"
)

// Command has the commands about previews.
type Command struct {
	Create Create `cmd:"" help:"Publish a build as the preview of a branch, until a day."`
	List   List   `cmd:"" help:"List the previews of a place."`
	Extend Extend `cmd:"" help:"Give a preview more time; lock or unlock it."`
	Remove Remove `cmd:"" help:"Remove a preview, all of it."`
	Sweep  Sweep  `cmd:"" help:"Remove what is due, and what was left by commands that died."`
	Report Report `cmd:"" help:"Tell the app of the preview that a run has made for a pull request."`
	Serve  Serve  `cmd:"" help:"Show the previews of a folder, each under NAME.localhost."`
}

// placeFlags name a place and how to reach it.
type placeFlags struct {
	Place    string `arg:"" help:"Where the previews are: s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER. It holds nothing else."`
	Endpoint string `env:"PRESSRUN_S3_ENDPOINT" placeholder:"URL" help:"Address of an S3 store that is not AWS (${env})."`
	Region   string `placeholder:"REGION" help:"Region of the bucket. Or set AWS_REGION."`
}

func (f placeFlags) open(ctx context.Context) (*preview.Place, error) {
	p, err := preview.Open(ctx, f.Place, destination.Options{Endpoint: f.Endpoint, Region: f.Region})
	return p, usage(err)
}

// life is a span of time in days, hours or minutes: 14d, 36h, 90m.
type life time.Duration

var days = regexp.MustCompile(`^([0-9]{1,4})d$`)

// UnmarshalText reads a span.
func (l *life) UnmarshalText(text []byte) error {
	span, err := time.ParseDuration(string(text))
	if m := days.FindSubmatch(text); m != nil {
		var n int
		n, err = strconv.Atoi(string(m[1]))
		span = time.Duration(n) * 24 * time.Hour
	}
	if err != nil {
		return fmt.Errorf("%q is no span of time; expected one such as 14d or 36h", text)
	}
	*l = life(span)
	return preview.CheckLife(span)
}

func usage(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(exit.Usage, err)
}

// inCode gives an error the exit code that says what it is.
func inCode(err error) error {
	_, conflict := errors.AsType[*preview.Conflict](err)
	_, locked := errors.AsType[*manifest.LockedError](err)
	if conflict || locked {
		return exit.With(exit.Conflict, err)
	}
	if errors.Is(err, preview.ErrNone) {
		return exit.With(exit.NotFound, err)
	}
	return err
}
