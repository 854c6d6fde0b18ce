package cdn

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip answers.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// carry purges a set and waits until it is in effect.
func carry(ctx context.Context, p Purger, set Set) (Receipt, error) {
	return resume(ctx, p, Receipt{CDN: p.Name(), Set: set, Left: set})
}

func finished(r Receipt) bool { return r.Left.Empty() && len(r.Open) == 0 }

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}, nil
}
