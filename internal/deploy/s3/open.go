package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/pressrun/pressrun/internal/awscredentials"
)

// Options of a bucket. Zero values are those of the environment (AWS_REGION,
// AWS_ACCESS_KEY_ID, roles, ...), as in every AWS tool.
type Options struct {
	Endpoint string // URL of another store than AWS; addressed by path
	Region   string
	// AccessKey and SecretKey replace the credentials of the environment.
	AccessKey, SecretKey string
	// MaxConnections bounds the connections kept open; default 256.
	MaxConnections int
	// MaxAttempts of one request; default 8.
	MaxAttempts int
	// StallTimeout is how long a connection may do nothing in the middle of a
	// request before that is tried again on another; default 60 s.
	StallTimeout time.Duration
	// CopyAtOnce is the size of the largest object that one request copies, in bytes, up to
	// 5 GiB; default 1 GiB.
	CopyAtOnce int64
	// Waiting is called once each time that the store does not answer for some seconds; from
	// several goroutines, one at a time.
	Waiting func(Waiting)
	// HTTPClient sends requests in place of the tuned one; for tests.
	HTTPClient aws.HTTPClient
}

// Open makes the store of s3://bucket/prefix. Nothing is sent yet.
func Open(ctx context.Context, bucket, prefix string, o Options) (*Store, error) {
	if bucket == "" {
		return nil, errors.New("the destination names no bucket: write s3://BUCKET or s3://BUCKET/PREFIX")
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 256
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 8
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = time.Minute
	}
	if o.CopyAtOnce == 0 {
		o.CopyAtOnce = copyThreshold
	}
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("the endpoint %q is not a URL like https://s3.example.org", o.Endpoint)
		}
	}
	waits := &waits{report: o.Waiting, attempts: o.MaxAttempts}
	cfg, err := awscredentials.Load(ctx, loadOptions(o, waits)...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration (check AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE): %w", err)
	}
	if cfg.Region == "" {
		if o.Endpoint == "" {
			return nil, errors.New("no region is set: set AWS_REGION to the bucket's region")
		}
		cfg.Region = "us-east-1" // the default of stores other than AWS
	}
	s := &Store{
		aws: o.Endpoint == "", bucket: bucket, prefix: strings.TrimPrefix(prefix, "/"), endpoint: o.Endpoint,
		copyAtOnce: o.CopyAtOnce, requests: new(atomic.Int64),
	}
	if s.prefix != "" && !strings.HasSuffix(s.prefix, "/") {
		s.prefix += "/"
	}
	if s.endpoint == "" {
		s.endpoint = "AWS S3 in " + cfg.Region
	}
	waits.store = s.endpoint
	s.client = awss3.NewFromConfig(cfg, func(c *awss3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
			c.UsePathStyle = true
		}
		if o.HTTPClient != nil {
			c.HTTPClient = o.HTTPClient
		}
		c.HTTPClient = boundedClient{c.HTTPClient}
		// Pressrun computes checksums itself (see the package comment); the SDK's would add
		// trailers that some stores don't know.
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		c.DisableLogOutputChecksumValidationSkipped = true
		c.APIOptions = append(c.APIOptions, countRequests(s.requests), waits.watch)
	})
	return s, nil
}

func loadOptions(o Options, waits *waits) []func(*config.LoadOptions) error {
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient(o.MaxConnections, o.StallTimeout)),
		// Errors say what failed; the SDK's log would mix with the lines on standard error.
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer { return &waitingRetryer{newRetryer(o.MaxAttempts), waits} }),
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, "")))
	}
	return load
}

// newRetryer makes a retryer without the SDK's token bucket: that empties after many answers
// of 503, and then fails requests without a pause (aws-sdk-go-v2#3413).
func newRetryer(attempts int) aws.RetryerV2 {
	return retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts = attempts
		r.MaxBackoff = maxBackoff
		r.RateLimiter = ratelimit.None
		r.Retryables = append(r.Retryables, retryBrokenAnswers)
	})
}

// waitingRetryer reports each failed try to waits.
type waitingRetryer struct {
	aws.RetryerV2
	waits *waits
}

// IsErrorRetryable leaves out errors that no retry mends.
func (r *waitingRetryer) IsErrorRetryable(err error) bool {
	return awscredentials.Explain(err) == "" && untrusted(err) == "" && r.RetryerV2.IsErrorRetryable(err)
}

// RetryDelay is called before each retry.
func (r *waitingRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	delay, delayErr := r.RetryerV2.RetryDelay(attempt, err)
	if delayErr == nil {
		r.waits.failed(err, delay)
	}
	return delay, delayErr
}

func isThrottle(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary || httpStatus(err) == http.StatusServiceUnavailable
}

// httpClient keeps as many connections open as there are workers. With the SDK's default of
// 10 per host, others would need a new connection for each file.
func httpClient(connections int, stall time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = connections
		t.MaxIdleConnsPerHost = connections
		t.MaxConnsPerHost = connections
		t.IdleConnTimeout = 30 * time.Second
		t.ResponseHeaderTimeout = stall
		t.DialContext = endStalled(t.DialContext, stall)
		t.WriteBufferSize = 32 << 10
		// S3 has HTTP/1.1 only; with HTTP/2, as of other stores, all uploads would share one
		// connection's flow control.
		t.ForceAttemptHTTP2 = false
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(connections)
	})
}

// countRequests counts attempts, as a bill does.
func countRequests(n *atomic.Int64) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CountRequests", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			n.Add(1)
			return next.HandleDeserialize(ctx, in)
		}), middleware.After)
	}
}
