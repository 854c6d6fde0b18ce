package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
)

// Redirects is the store that a release keeps its redirects in too. The zero
// value is none, which a destination that had one refuses.
type Redirects struct {
	store redirect.Store
	none  bool // there was one, and this release is not to have it
}

// OpenRedirects opens a CloudFront KeyValueStore by its ARN: "" for none, "none"
// to go without the one that earlier releases had. publicURL is the site's public
// address; "" when it is a host's root. Nothing is sent yet.
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
