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
	var going pageLoop
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain("list", prefix, err)
		}
		if aws.ToBool(page.IsTruncated) && aws.ToString(page.NextContinuationToken) == "" {
			// The SDK would take this for the end of the listing.
			return fmt.Errorf("list %s: the store says that there is more, without a continuation token: it does not know ListObjectsV2", s.name(prefix))
		}
		infos, err := s.infos(page)
		if err != nil {
			return err
		}
		if !going.page(infos) {
			return fmt.Errorf("list %s: the store says that there is more and repeats its pages: its files can't be listed", s.name(prefix))
		}
		for _, info := range infos {
			if err := f(info); err != nil {
				return err
			}
		}
	}
	return nil
}

// directoryBucket is the end of the names of buckets that list in no order (S3 user guide,
// "Directory buckets").
const directoryBucket = "--x-s3"

// Page reads one page of the listing, after a key (S3 API reference, ListObjectsV2:
// start-after).
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
		// XML can't express some characters that keys may have.
		EncodingType: types.EncodingTypeUrl,
	}
}

func (s *Store) infos(page *awss3.ListObjectsV2Output) ([]store.Info, error) {
	if page.IsTruncated == nil && page.Name == nil && page.KeyCount == nil {
		return nil, fmt.Errorf("list %s: the server at %s is not an S3 store: it answered without a listing", s, s.endpoint)
	}
	infos := make([]store.Info, 0, len(page.Contents))
	for i := range page.Contents {
		o := &page.Contents[i]
		key := aws.ToString(o.Key)
		if page.EncodingType == types.EncodingTypeUrl { // else the store does not know it
			var err error
			if key, err = url.QueryUnescape(key); err != nil {
				return nil, fmt.Errorf("list %s: the store sent the key %q, which is not URL-encoded as it says: %w", s, key, err)
			}
		}
		key, below := strings.CutPrefix(key, s.prefix)
		if !below {
			return nil, fmt.Errorf("list %s: the store sent the key %q, which is not below that", s, key)
		}
		if key == "" {
			continue // a folder object of some tools
		}
		infos = append(infos, store.Info{
			Key: key, Size: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified),
		})
	}
	return infos, nil
}
