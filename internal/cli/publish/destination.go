package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// placeFlags name a destination and how to reach it.
type placeFlags struct {
	Site     string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"Name of the site (${env}). A destination that holds another one is refused."`
	Endpoint string `env:"PRESSRUN_S3_ENDPOINT" placeholder:"URL" help:"Address of an S3 store that is not AWS (${env})."`
	Region   string `placeholder:"REGION" help:"Region of the bucket. Or set AWS_REGION."`
	State    string `placeholder:"ADDRESS" help:"Another s3:// address for the state, so that a public bucket holds the site alone."`
}

// open opens a destination; waiting is told when its store does not answer, nil for
// nobody.
func (f placeFlags) open(ctx context.Context, address string, waiting func(s3.Waiting)) (store.Destination, error) {
	dest, err := destination.Open(ctx, address, destination.Options{Endpoint: f.Endpoint, Region: f.Region, State: f.State, Waiting: waiting})
	if err != nil {
		return dest, exit.With(exit.Usage, err)
	}
	return dest, nil
}
