package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ store.Pager = (*Store)(nil)

// List calls f for every object whose key starts with prefix, by key.
func (s *Store) List(ctx context.Context, prefix string, f func(store.Info) error) error {
	pages := awss3.NewListObjectsV2Paginator(s.client, s.listInput(prefix))
	var going progress
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain("list", prefix, err)
		}
		if aws.ToBool(page.IsTruncated) && aws.ToString(page.NextContinuationToken) == "" {
			// The SDK would take this for the end, and what follows for gone.
			return fmt.Errorf("list %s: the store says that there is more and not how to go on: it does not know ListObjectsV2", s.name(prefix))
		}
		infos, err := s.infos(page)
		if err != nil {
			return err
		}
		if !going.page(infos) {
			return fmt.Errorf("list %s: the store says again and again that there is more, and gives nothing new: whether it holds all files can't be found out", s.name(prefix))
		}
		for _, info := range infos {
			if err := f(info); err != nil {
				return err
			}
		}
	}
	return nil
}

// directoryBucket ends the names of buckets that list in no order (S3 user guide,
// "Directory buckets").
const directoryBucket = "--x-s3"

// Page reads one page of the listing. S3 gives keys in the order of their bytes
// and starts after any (S3 API reference, ListObjectsV2), and so does versitygw.
func (s *Store) Page(ctx context.Context, after string) (page []store.Info, more bool, err error) {
	if strings.HasSuffix(s.bucket, directoryBucket) {
		return nil, false, fmt.Errorf("list s3://%s from a key on: %w", s.bucket, errors.ErrUnsupported)
	}
	in := s.listInput("")
	if after != "" {
		in.StartAfter = aws.String(s.prefix + after)
	}
	out, err := s.client.ListObjectsV2(ctx, in)
	if httpStatus(err) == http.StatusNotImplemented {
		return nil, false, fmt.Errorf("list s3://%s from a key on: %w", s.bucket, errors.ErrUnsupported)
	}
	if err != nil {
		return nil, false, s.explain("list", "", err)
	}
	page, err = s.infos(out)
	return page, aws.ToBool(out.IsTruncated), err
}

func (s *Store) listInput(prefix string) *awss3.ListObjectsV2Input {
	return &awss3.ListObjectsV2Input{
		Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix),
		// XML has no way to write some characters that keys may have.
		EncodingType: types.EncodingTypeUrl,
	}
}

func (s *Store) infos(page *awss3.ListObjectsV2Output) ([]store.Info, error) {
	if page.IsTruncated == nil && page.Name == nil && page.KeyCount == nil {
		return nil, fmt.Errorf("list %s: what answers at %s is no S3 store: it gave no listing", s, s.endpoint)
	}
	infos := make([]store.Info, 0, len(page.Contents))
	for i := range page.Contents {
		o := &page.Contents[i]
		key := aws.ToString(o.Key)
		if page.EncodingType == types.EncodingTypeUrl { // a store that doesn't know it leaves it out
			var err error
			if key, err = url.QueryUnescape(key); err != nil {
				return nil, fmt.Errorf("list %s: the store gave the key %q, which is not encoded as it says: %w", s, key, err)
			}
		}
		key, below := strings.CutPrefix(key, s.prefix)
		if !below {
			return nil, fmt.Errorf("list %s: the store gave the key %q, which is not below that", s, key)
		}
		if key == "" {
			continue // what some tools make to have a folder
		}
		infos = append(infos, store.Info{
			Key: key, Size: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified),
		})
	}
	return infos, nil
}
