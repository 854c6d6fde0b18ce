package awscredentials

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// Load reads AWS's configuration as its own tools do. Its errors, and those of
// credentials that are fetched later, say what to do. Credentials that can't be right
// are refused before they are sent.
func Load(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
	// Without this, each try of the service's call would try an absent container endpoint
	// as often as the service itself.
	few := config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 3 })
	})
	loaded, err := config.LoadDefaultConfig(ctx, append(options, few)...)
	if err != nil {
		return loaded, Error(err)
	}
	if loaded.Credentials != nil {
		loaded.Credentials = checked{loaded.Credentials}
	}
	return loaded, nil
}

// checked refuses credentials that no service could accept, and says why.
type checked struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (c checked) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return found, err
	}
	for _, one := range []struct{ name, value string }{
		{"AWS_ACCESS_KEY_ID", found.AccessKeyID}, {"AWS_SECRET_ACCESS_KEY", found.SecretAccessKey}, {"AWS_SESSION_TOKEN", found.SessionToken},
	} {
		if what := damage(one.value); what != "" {
			return aws.Credentials{}, &explainedError{fmt.Sprintf("%s has %s: set it again, without", one.name, what), errDamaged}
		}
	}
	return found, nil
}

var errDamaged = errors.New("the credentials can't be right")

// damage names what copying left in a key: no key of AWS's or of other stores has white
// space, control characters or quotes.
func damage(value string) string {
	switch {
	case strings.ContainsAny(value, "\r\n"):
		return "a line end in it"
	case strings.ContainsFunc(value, unicode.IsSpace):
		return "white space in it"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "a control character in it"
	case strings.ContainsAny(value, `"'`):
		return "quotes in it"
	}
	return ""
}
