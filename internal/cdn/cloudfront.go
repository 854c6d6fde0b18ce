package cdn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"

	"github.com/pressrun/pressrun/internal/awscredentials"
	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

var _ Purger = (*cloudFront)(nil)

// CloudFront's limits for one distribution at a time (Developer Guide,
// "Quotas on invalidations"): 3,000 paths and tags, 15 wildcards.
const (
	cloudFrontItems     = 3000
	cloudFrontWildcards = 15
	// cloudFrontPlanned leaves room for wildcards of the release before, which may still
	// be in progress.
	cloudFrontPlanned = 10
	// cloudFrontTagHeader is the object metadata that S3 origins carry tags in,
	// once the distribution's CacheTagConfig names it (since 2026-04).
	cloudFrontTagHeader = "x-amz-meta-cache-tag"
	cloudFrontWait      = 15 * time.Minute
	// cloudFrontUnsafe are characters that browsers send as they are and CloudFront
	// refuses in a path: it wants them encoded (Developer Guide, "Specify the files to
	// invalidate": the unsafe characters of RFC 1738), but then does not find objects
	// that were requested unencoded (https://github.com/aws/aws-sdk/issues/525).
	cloudFrontUnsafe = "~|[]"
)

// cloudFront invalidates one distribution.
type cloudFront struct {
	api          *cloudfront.Client
	distribution string
	base         string
	tags         bool
	// Pauses between polls: AWS says that an invalidation takes 5 s as a rule; the SDK's own
	// waiter begins with 20 s and ends with ten minutes.
	minDelay, maxDelay time.Duration
}

func openCloudFront(ctx context.Context, t target) (Purger, error) {
	return newCloudFront(ctx, t.name, t.config)
}

func newCloudFront(ctx context.Context, distribution string, c Config) (*cloudFront, error) {
	retry := c.Retry.orDefault()
	cfg, err := awscredentials.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // CloudFront has one region
	}
	api := cloudfront.NewFromConfig(cfg, func(o *cloudfront.Options) {
		o.HTTPClient = AWSClient()
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
		o.Retryer = AWSRetryer(retry)
	})
	return &cloudFront{
		api: api, distribution: distribution, base: urlpath.Folder(c.PublicURL), tags: c.Tags,
		minDelay: min(2*time.Second, 2*retry.First), maxDelay: min(5*time.Second, 5*retry.First),
	}, nil
}

// AWSRetryer retries calls to CloudFront: its API takes about one call in two seconds,
// answers 503 at busy hours, and refuses while too much is in progress. The SDK's retry
// quota is off, since it would end the tries of one call early.
func AWSRetryer(p RetryPolicy) aws.Retryer {
	p = p.orDefault()
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = p.Tries, p.Max, ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return p.pause(attempt), nil })
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{
			(&types.TooManyInvalidationsInProgress{}).ErrorCode(): {}, "ServiceUnavailable": {}, "InternalFailure": {},
		}})
	})
}

// AWSClient times out a call that gets no answer, so that it is retried: the SDK's
// default client has no timeout.
func AWSClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(callTimeout)
}

func (c *cloudFront) Name() string { return "cloudfront:" + c.distribution }

func (c *cloudFront) Limits() Limits {
	l := Limits{
		Paths: cloudFrontItems, Prefixes: cloudFrontPlanned, AnyPrefix: true, Everything: true, Unsafe: cloudFrontUnsafe,
		Prices: Prices{Unit: 0.005, Free: 1000},
	}
	if c.tags {
		l.Tags, l.TagHeader = cloudFrontItems, cloudFrontTagHeader
	}
	return l
}

// Purge makes one invalidation for each 3,000 items. Its caller reference derives from
// the deploy and the items, so that a retry is the same invalidation.
func (c *cloudFront) Purge(ctx context.Context, set Set) (Receipt, error) {
	before := ""
	open, wildcards := 0, 0 // of invalidations that may still be in progress
	r := callLimits{total: cloudFrontItems, prefixes: cloudFrontWildcards, mixed: true, folders: true}
	return deliver(ctx, c.Name(), set, r, func(ctx context.Context, items []item) (string, error) {
		paths := c.paths(items)
		starred := countWildcards(paths)
		if before != "" && (open+len(paths) > cloudFrontItems || wildcards+starred > cloudFrontWildcards) {
			if err := c.await(ctx, before); err != nil {
				return "", err
			}
			open, wildcards = 0, 0
		}
		id, err := c.invalidate(ctx, set.reference(items), paths)
		if err == nil {
			before, open, wildcards = id, open+len(paths), wildcards+starred
		}
		return id, err
	})
}

func (c *cloudFront) invalidate(ctx context.Context, reference string, paths []string) (string, error) {
	out, err := c.api.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &c.distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: &reference,
			Paths:           &types.Paths{Quantity: aws.Int32(int32(len(paths))), Items: paths}, //nolint:gosec // G115: at most 3,000
		},
	})
	if err != nil {
		return "", c.explain(err)
	}
	if out.Invalidation == nil || aws.ToString(out.Invalidation.Id) == "" {
		return "", errors.New("CloudFront answered without an invalidation")
	}
	return *out.Invalidation.Id, nil
}

func (c *cloudFront) paths(items []item) []string {
	out := make([]string, 0, len(items))
	for _, i := range items {
		switch i.kind {
		case kindAll:
			out = append(out, wildcard(c.base+"/"))
		case kindTag:
			out = append(out, "#"+i.value)
		case kindPath:
			if strings.ContainsAny(i.value, cloudFrontUnsafe) {
				out = append(out, wildcard(i.value))
				continue
			}
			out = append(out, urlpath.Encode(i.value))
		case kindPrefix:
			out = append(out, wildcard(i.value))
		}
	}
	return once(out) // CloudFront refuses a batch that names a path twice
}

// wildcard is a path for everything that starts with a prefix. The prefix is cut before
// the first character that CloudFront refuses.
func wildcard(prefix string) string {
	if i := strings.IndexAny(prefix, cloudFrontUnsafe); i >= 0 {
		prefix = prefix[:i]
	}
	return urlpath.Encode(prefix) + "*"
}

func once(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		before := seen[s]
		seen[s] = true
		return before
	})
}

func countWildcards(paths []string) int {
	n := 0
	for _, p := range paths {
		if strings.HasSuffix(p, "*") && !strings.HasPrefix(p, "#") {
			n++
		}
	}
	return n
}

// Wait asks every few seconds until all invalidations of a receipt are complete.
func (c *cloudFront) Wait(ctx context.Context, r Receipt) error {
	for n, id := range r.Open {
		if err := c.await(ctx, id); err != nil {
			r.Open = r.Open[n:]
			return pending(r, err)
		}
	}
	return nil
}

// await polls an invalidation until it is complete. The SDK's own waiter takes a status in
// capitals, as other servers of this API send it, for one in progress.
func (c *cloudFront) await(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, cloudFrontWait)
	defer cancel()
	pause := c.minDelay
	for {
		out, err := c.api.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &c.distribution, Id: &id})
		if err != nil {
			return fmt.Errorf("wait for invalidation %s: %w", id, c.explain(err))
		}
		if out.Invalidation != nil && strings.EqualFold(aws.ToString(out.Invalidation.Status), "Completed") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for invalidation %s, which is still in progress: %w", id, ctx.Err())
		case <-time.After(pause):
		}
		pause = min(pause+pause/2, c.maxDelay)
	}
}

func (c *cloudFront) explain(err error) error {
	if what := awscredentials.Explain(err); what != "" {
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, ok := errors.AsType[*types.NoSuchDistribution](err); ok {
		return fmt.Errorf("the distribution %s does not exist in this AWS account: %w", c.distribution, err)
	}
	if _, ok := errors.AsType[*types.AccessDenied](err); ok {
		return fmt.Errorf("the credentials may not invalidate distribution %s (cloudfront:CreateInvalidation and cloudfront:GetInvalidation are needed): %w", c.distribution, err)
	}
	if _, ok := errors.AsType[*types.TooManyInvalidationsInProgress](err); ok {
		return fmt.Errorf("distribution %s has as many invalidations in progress as CloudFront allows: %w", c.distribution, err)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && slices.Contains([]string{"InvalidArgument", "BatchTooLarge", "MalformedInput"}, api.ErrorCode()) {
		return &refusedError{Err: err}
	}
	return err
}
