package redirectkv

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"

	"github.com/pressrun/pressrun/internal/awscredentials"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ redirect.Store = (*Store)(nil)

// CloudFront's quotas on key value stores (Developer Guide, "Quotas", section
// "Quotas on key value stores"): keys of 512 bytes, values of 1 KB, 50 keys or 3 MB
// in one UpdateKeys, 5 MB in all. ListKeys gives at most 50 (API reference).
const (
	keyValueKey   = 512
	keyValueValue = 1024
	keyValueTotal = 5 << 20
	keyValueBatch = 50
	// keyValuePropagation is how long edge locations may answer from the old keys: AWS says
	// that changes take a few seconds (Developer Guide, "Amazon CloudFront KeyValueStore").
	keyValuePropagation = 10 * time.Second
)

// Store is a CloudFront KeyValueStore from which [Function] reads redirects.
type Store struct {
	api         *kvs.Client
	arn         string
	base        string // folder of the site in its public address
	propagation time.Duration
}

// Config names a store. Credentials are AWS's own.
type Config struct {
	ARN       string
	PublicURL string // the site's public address; "" when it is a host's root

	Retry         cdn.RetryPolicy
	Endpoint      string         // another address of the API, for tests
	HTTPClient    aws.HTTPClient // sends requests in place of the usual one, for tests
	NoPropagation bool           // for tests: changes are in effect at once
}

var keyValueARN = regexp.MustCompile(`^arn:aws:cloudfront::[0-9]{12}:key-value-store/[0-9a-zA-Z-]{1,64}$`)

// CheckARN checks the syntax of a store's ARN.
func CheckARN(arn string) error {
	if !keyValueARN.MatchString(arn) {
		return fmt.Errorf("the redirect store %q is not written as arn:aws:cloudfront::ACCOUNT:key-value-store/ID", arn)
	}
	return nil
}

// Open makes the store of an ARN. Nothing is sent yet. Its API takes
// requests signed for all regions (SigV4A), for which temporary credentials must
// come from a regional endpoint of STS, as they do by default.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := CheckARN(c.ARN); err != nil {
		return nil, err
	}
	if _, err := urlpath.Parse(c.PublicURL); err != nil {
		return nil, err
	}
	cfg, err := awscredentials.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // CloudFront has one region
	}
	api := kvs.NewFromConfig(cfg, func(o *kvs.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
		o.HTTPClient = cdn.AWSClient()
		if c.HTTPClient != nil {
			o.HTTPClient = c.HTTPClient
		}
		o.Retryer = cdn.AWSRetryer(c.Retry)
	})
	s := &Store{api: api, arn: c.ARN, base: urlpath.Folder(c.PublicURL), propagation: keyValuePropagation}
	if c.NoPropagation {
		s.propagation = 0
	}
	return s, nil
}

// String is the store's ARN.
func (s *Store) String() string { return s.arn }

// Limits are CloudFront's.
func (s *Store) Limits() redirect.Limits {
	return redirect.Limits{Key: keyValueKey - len(s.base), Value: keyValueValue, Total: keyValueTotal, Batch: keyValueBatch, Propagation: s.propagation}
}

// Version is the store's ETag.
func (s *Store) Version(ctx context.Context) (string, int64, error) {
	out, err := s.api.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: &s.arn})
	if err != nil {
		return "", 0, s.explain("look at", err)
	}
	if status := aws.ToString(out.Status); status != "" && status != "READY" {
		return "", 0, fmt.Errorf("the key value store %s is not ready but %s %s", s.arn, status, aws.ToString(out.FailureReason))
	}
	return aws.ToString(out.ETag), aws.ToInt64(out.TotalSizeInBytes), nil
}

// Read lists all keys below the site's folder.
func (s *Store) Read(ctx context.Context) (map[string]string, error) {
	held := map[string]string{}
	pages := kvs.NewListKeysPaginator(s.api, &kvs.ListKeysInput{KvsARN: &s.arn, MaxResults: aws.Int32(keyValueBatch)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain("read", err)
		}
		for _, item := range page.Items {
			if key, ok := s.local(aws.ToString(item.Key)); ok {
				held[key] = aws.ToString(item.Value)
			}
		}
	}
	return held, nil
}

// Write does a batch in one UpdateKeys, which is all or nothing.
func (s *Store) Write(ctx context.Context, version string, batch redirect.Batch) (string, error) {
	in := &kvs.UpdateKeysInput{KvsARN: &s.arn, IfMatch: &version}
	for _, key := range slices.Sorted(maps.Keys(batch.Put)) {
		in.Puts = append(in.Puts, types.PutKeyRequestListItem{Key: aws.String(s.full(key)), Value: aws.String(batch.Put[key])})
	}
	for _, key := range batch.Delete {
		in.Deletes = append(in.Deletes, types.DeleteKeyRequestListItem{Key: aws.String(s.full(key))})
	}
	out, err := s.api.UpdateKeys(ctx, in)
	if err != nil {
		return "", s.explain("write to", err)
	}
	return aws.ToString(out.ETag), nil
}

// full is the key for a site's address as the function looks it up: with the folder of
// the site's public address, and without a slash at the end.
func (s *Store) full(key string) string {
	if key == "/" && s.base != "" {
		return s.base
	}
	return s.base + key
}

func (s *Store) local(key string) (string, bool) {
	if key == s.base {
		return "/", s.base != ""
	}
	key, ok := strings.CutPrefix(key, s.base+"/")
	return "/" + key, ok
}

func (s *Store) explain(verb string, err error) error {
	what := ""
	if _, ok := errors.AsType[*types.ConflictException](err); ok {
		return fmt.Errorf("%s the key value store %s: %w", verb, s.arn, store.ErrPrecondition)
	}
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		what = "it does not exist in this AWS account, or a key was deleted by somebody else just now: "
	}
	if _, ok := errors.AsType[*types.AccessDeniedException](err); ok {
		what = "the credentials lack cloudfront-keyvaluestore:DescribeKeyValueStore, ListKeys or UpdateKeys on it: "
	}
	if _, ok := errors.AsType[*types.ServiceQuotaExceededException](err); ok {
		what = "it is full (5 MB), or a key or value is too long: "
	}
	if credentials := awscredentials.Explain(err); credentials != "" {
		what = credentials + ": "
	}
	return fmt.Errorf("%s the key value store %s: %s%w", verb, s.arn, what, err)
}
