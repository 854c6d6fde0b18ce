package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
)

// Redirects is the redirect store of a release. The zero value is none, which Run refuses for
// a destination with a redirect store.
type Redirects struct {
	store redirect.Store
	none  bool // stop using the store of earlier releases
}

// OpenRedirects opens a CloudFront KeyValueStore by its ARN: "" for none, "none" to stop
// using the one of earlier releases. publicURL is the site's public address; "" when it
// is a host's root. Nothing is sent yet.
func OpenRedirects(ctx context.Context, arn, publicURL string) (Redirects, error) {
	if arn == "" || arn == "none" {
		return Redirects{none: arn == "none"}, nil
	}
	store, err := redirectkv.Open(ctx, redirectkv.Config{ARN: arn, PublicURL: publicURL})
	if err != nil {
		return Redirects{}, err
	}
	return Redirects{store: store}, nil
}
