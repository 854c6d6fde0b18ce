package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

var _ Purger = (*CloudFront)(nil)

// CloudFront's limits for one distribution at a time (Developer Guide,
// "Quotas on invalidations"): 3,000 paths and 15 paths with a wildcard. A
// thousand paths are free each month; more than those are folded.
const (
	cloudFrontPaths    = 1000
	cloudFrontPrefixes = 15
	// cloudFrontTagHeader is the object metadata that S3 origins carry tags in,
	// once the distribution's CacheTagConfig names it (since 2026-04-29).
	cloudFrontTagHeader = "x-amz-meta-cache-tag"
	cloudFrontWait      = 20 * time.Minute
)

// CloudFront invalidates one distribution.
type CloudFront struct {
	client       *cloudfront.Client
	distribution string
	pathPrefix   string // the site's folder in the public address; "" or "/docs"
	tags         bool
	minDelay     time.Duration
}

// CloudFrontOptions say how to reach it.
type CloudFrontOptions struct {
	Distribution string // its id
	PathPrefix   string // folder that the site has in the public address
	// Tags is for distributions whose CacheTagConfig names x-amz-meta-cache-tag.
	Tags     bool
	Endpoint string // for tests
}

// NewCloudFront makes the purger of a distribution, with the AWS credentials of
// the environment.
func NewCloudFront(ctx context.Context, o CloudFrontOptions) (*CloudFront, error) {
	if o.Distribution == "" {
		return nil, errors.New("CloudFront needs the distribution's id, like cloudfront:E1A2B3C4D5")
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer {
		// The API takes about one call in two seconds and answers 503 at busy
		// hours: patience, and no token bucket.
		return retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = maxTries, maxPause, ratelimit.None
		})
	}))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // CloudFront is one service for the whole world
	}
	client := cloudfront.NewFromConfig(cfg, func(c *cloudfront.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = &o.Endpoint
		}
	})
	return &CloudFront{
		client: client, distribution: o.Distribution, tags: o.Tags,
		pathPrefix: strings.TrimSuffix(o.PathPrefix, "/"), minDelay: 2 * time.Second,
	}, nil
}

// String names the distribution.
func (c *CloudFront) String() string { return "cloudfront " + c.distribution }

// Abilities are CloudFront's limits.
func (c *CloudFront) Abilities() Abilities {
	can := Abilities{Paths: cloudFrontPaths, Prefixes: cloudFrontPrefixes}
	if c.tags {
		can.TagHeader = cloudFrontTagHeader
	}
	return can
}

// Purge makes one invalidation. The caller reference is the purge's id: the same
// purge again is the same invalidation.
func (c *CloudFront) Purge(ctx context.Context, p Purge) (Receipt, error) {
	items := c.items(p)
	out, err := c.client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &c.distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: &p.ID,
			Paths:           &types.Paths{Quantity: aws.Int32(int32(min(len(items), cloudFrontPaths*4))), Items: items},
		},
	})
	var busy *types.TooManyInvalidationsInProgress
	if errors.As(err, &busy) && !p.All {
		// Others fill the distribution's quota: one wildcard needs the least.
		return c.Purge(ctx, Purge{ID: p.ID + "-all", All: true})
	}
	if err != nil {
		return nil, c.explain(err)
	}
	if out.Invalidation == nil {
		return nil, errors.New("CloudFront answered without an invalidation")
	}
	return Receipt{aws.ToString(out.Invalidation.Id)}, nil
}

func (c *CloudFront) items(p Purge) []string {
	if p.All {
		return []string{c.pathPrefix + "/*"}
	}
	items := make([]string, 0, p.Units())
	for _, tag := range p.Tags {
		items = append(items, "#"+tag)
	}
	for _, path := range p.Paths {
		items = append(items, encodePath(c.pathPrefix+path))
	}
	for _, prefix := range p.Prefixes {
		items = append(items, encodePath(c.pathPrefix+prefix)+"*")
	}
	return items
}

// encodePath writes a path as browsers send it. A star in a file's name must not
// act as a wildcard.
func encodePath(p string) string {
	return strings.ReplaceAll((&url.URL{Path: p}).EscapedPath(), "*", "%2A")
}

// Wait polls from two seconds on: AWS gives 5 s as the usual time until an
// invalidation is in effect, and the SDK's own first delay is 20 s.
func (c *CloudFront) Wait(ctx context.Context, r Receipt) error {
	waiter := cloudfront.NewInvalidationCompletedWaiter(c.client, func(o *cloudfront.InvalidationCompletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = c.minDelay, max(c.minDelay, 5*time.Second)
	})
	for _, id := range r {
		err := waiter.Wait(ctx, &cloudfront.GetInvalidationInput{DistributionId: &c.distribution, Id: &id}, cloudFrontWait)
		if err != nil {
			return fmt.Errorf("wait for CloudFront invalidation %s: %w", id, err)
		}
	}
	return nil
}

func (c *CloudFront) explain(err error) error {
	var none *types.NoSuchDistribution
	var denied *types.AccessDenied
	var busy *types.TooManyInvalidationsInProgress
	switch {
	case errors.As(err, &none):
		return fmt.Errorf("the distribution %s does not exist in this AWS account: %w", c.distribution, err)
	case errors.As(err, &denied):
		return fmt.Errorf("the credentials may not invalidate distribution %s (cloudfront:CreateInvalidation and cloudfront:GetInvalidation are needed): %w", c.distribution, err)
	case errors.As(err, &busy):
		return fmt.Errorf("distribution %s has as many invalidations in progress as CloudFront allows: %w", c.distribution, err)
	}
	return fmt.Errorf("invalidate distribution %s: %w", c.distribution, err)
}
