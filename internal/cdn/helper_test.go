package cdn

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip answers.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}, nil
}
