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
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// copyThreshold is the size of the largest object that one request copies, in bytes. S3
	// takes 5 GB (S3 API reference, CopyObject), but a store that answers only at the end
	// must do so within the stall timeout.
	copyThreshold = 1 << 30
	// copyPart is the smallest part of a copy in parts, in bytes.
	copyPart = 256 << 20
)

// inParts copies a large object in parts, on condition that the source does not change. The
// copy is visible only once it is complete; a failure leaves nothing behind.
func (s copying) inParts(ctx context.Context) (store.Written, error) {
	c := s.request
	source, err := s.source(ctx)
	if err != nil {
		return store.Written{}, err
	}
	key := aws.String(s.prefix + c.Key)
	in := &awss3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: key}
	if s.aws {
		// Not of other stores: versitygw 1.8 would give each part the checksum of the whole
		// source; without the request it computes it correctly.
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject
	}
	applyParts(in, c.Headers)
	if in.Tagging == nil {
		in.Tagging = source.tagging
	}
	created, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return store.Written{}, s.explain("start copying", c.Key, err)
	}
	u := upload{s.Store, key, created.UploadId}
	written, err := s.into(ctx, u, source)
	if err == nil {
		return written, s.sameAs(ctx, source)
	}
	return store.Written{}, errors.Join(s.explain("copy", c.Key, err), u.abort(ctx))
}

// into copies the parts of a source into an upload and puts them together.
func (s copying) into(ctx context.Context, u upload, source largeSource) (store.Written, error) {
	c := s.request
	parts, err := s.copyParts(ctx, u, source)
	if err != nil {
		return store.Written{}, err
	}
	done := &awss3.CompleteMultipartUploadInput{
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, MpuObjectSize: &source.size,
	}
	if s.aws && source.crc != nil {
		done.ChecksumCRC64NVME, done.ChecksumType = source.crc, types.ChecksumTypeFullObject
	}
	done.IfMatch, done.IfNoneMatch = conditions(c.If)
	if s.overItself() {
		done.IfMatch, done.IfNoneMatch = &source.etag, nil
	}
	want := store.Info{Key: c.Key, Size: source.size, Headers: c.Headers}
	want.CRC, want.HasCRC = decodeCRC(source.crc)
	return u.complete(ctx, done, want)
}

// sameAs compares the checksums of source and copy, for a store that was not given one.
func (s copying) sameAs(ctx context.Context, source largeSource) error {
	want, ok := decodeCRC(source.crc)
	if s.aws || !ok {
		return nil
	}
	info, err := s.Stat(ctx, s.request.Key)
	if err != nil {
		return err
	}
	if info.HasCRC && info.CRC != want {
		return fmt.Errorf("copy %s: the store's copy differs from its source: deploy again", s.name(s.request.Key))
	}
	return nil
}

// largeSource describes an object to copy in parts.
type largeSource struct {
	address string // as x-amz-copy-source has it
	etag    string
	size    int64
	crc     *string // nil if the store does not report it
	// tagging are its tags, which a copy in parts does not copy by itself; nil for none.
	tagging *string
}

// source describes the source of a copy, under the copy's conditions on it.
func (s copying) source(ctx context.Context) (largeSource, error) {
	from, c := s.from, s.request
	in := &awss3.HeadObjectInput{Bucket: &from.bucket, Key: aws.String(from.prefix + c.From), ChecksumMode: types.ChecksumModeEnabled}
	if c.FromVersion != "" {
		in.VersionId = &c.FromVersion
	}
	if c.FromTag != "" {
		in.IfMatch = &c.FromTag
	} else if s.overItself() && c.If.IfMatch != "" {
		in.IfMatch = &c.If.IfMatch
	}
	out, err := from.client.HeadObject(ctx, in)
	if err != nil {
		return largeSource{}, from.explain("look at", c.From, err)
	}
	source := largeSource{
		address: copySource(from.bucket, from.prefix+c.From, c.FromVersion),
		etag:    aws.ToString(out.ETag), size: aws.ToInt64(out.ContentLength), crc: out.ChecksumCRC64NVME,
	}
	if aws.ToInt32(out.TagCount) == 0 || c.Headers.Get("x-amz-tagging") != "" {
		return source, nil
	}
	tags, err := from.client.GetObjectTagging(ctx, &awss3.GetObjectTaggingInput{Bucket: in.Bucket, Key: in.Key, VersionId: in.VersionId})
	if err != nil {
		return largeSource{}, from.explain("read the tags of", c.From, err)
	}
	set := url.Values{}
	for _, t := range tags.TagSet {
		set.Set(aws.ToString(t.Key), aws.ToString(t.Value))
	}
	source.tagging = aws.String(set.Encode())
	return source, nil
}

func (s copying) copyParts(ctx context.Context, u upload, source largeSource) ([]types.CompletedPart, error) {
	size := max(min(copyPart, s.copyAtOnce), (source.size+maxParts-1)/maxParts)
	parts := make([]types.CompletedPart, (source.size+size-1)/size)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i := range parts {
		group.Go(func() error {
			start := int64(i) * size
			part, err := s.client.UploadPartCopy(ctx, &awss3.UploadPartCopyInput{
				Bucket: &s.bucket, Key: u.key, UploadId: u.id, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // G115: at most maxParts
				CopySource: &source.address, CopySourceIfMatch: &source.etag,
				CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", start, min(start+size, source.size)-1)),
			})
			if err != nil {
				return err
			}
			if part.CopyPartResult == nil {
				return fmt.Errorf("part %d: the store answered without a result", i+1)
			}
			parts[i] = types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: part.CopyPartResult.ETag} //nolint:gosec // G115: as above
			if s.aws {
				parts[i].ChecksumCRC64NVME = part.CopyPartResult.ChecksumCRC64NVME
			}
			return nil
		})
	}
	return parts, group.Wait()
}

// tooLargeToCopy says whether a store refuses to copy an object in one request for its size:
// S3 by the text of an InvalidRequest, others by a code.
func tooLargeToCopy(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	return api.ErrorCode() == "EntityTooLarge" || api.ErrorCode() == "InvalidRequest" && strings.Contains(api.ErrorMessage(), "larger than the maximum")
}

// lacksPartCopies says whether a store can't copy parts.
func lacksPartCopies(err error) bool {
	var api smithy.APIError
	return httpStatus(err) == http.StatusNotImplemented || errors.As(err, &api) && api.ErrorCode() == "NotImplemented"
}
