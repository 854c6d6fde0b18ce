package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// retryBrokenAnswers makes the SDK retry a request whose answer broke off. All requests may
// be repeated: writes are conditional, or write the same again.
var retryBrokenAnswers = retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
	var syntax *xml.SyntaxError
	if errors.Is(err, io.ErrUnexpectedEOF) || (errors.As(err, &syntax) && syntax.Msg == "unexpected EOF") {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
})

const (
	bodyTries = 5
	bodyPause = 100 * time.Millisecond // before the second try; doubles with each
)

// untilWhole retries a read whose body broke off: the SDK itself retries only up to an
// answer's header.
func untilWhole[T any](ctx context.Context, read func() (T, error)) (T, error) {
	for try := 0; ; try++ {
		got, err := read()
		var broken *brokenBodyError
		if err == nil || !errors.As(err, &broken) || try == bodyTries-1 {
			return got, err
		}
		select {
		case <-time.After(bodyPause << try):
		case <-ctx.Done():
			return got, context.Cause(ctx)
		}
	}
}

// brokenBodyError says that the body of an answer broke off.
type brokenBodyError struct{ err error }

func (e *brokenBodyError) Error() string { return e.err.Error() }

func (e *brokenBodyError) Unwrap() error { return e.err }
