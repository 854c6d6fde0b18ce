package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
)

// Redirects is the store that also gets a release's redirects. The zero value is none,
// which a destination that had one refuses.
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
