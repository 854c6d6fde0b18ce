package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/crc64nvme"
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// partThreshold is the size of the largest file that one request sends, in bytes.
	partThreshold = 16 << 20
	minPart       = 8 << 20
	maxParts      = 10000 // S3 user guide, "Amazon S3 multipart upload limits"
	partsAtOnce   = 4
	abortTimeout  = 10 * time.Second
)

// putParts sends a large file in parts. S3 checks the result against the CRC of the whole
// file, and makes it visible under the write's condition.
func (s *Store) putParts(ctx context.Context, put store.Put) (store.Written, error) {
	key := aws.String(s.prefix + put.Key)
	in := &awss3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: key,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme, ChecksumType: types.ChecksumTypeFullObject,
	}
	applyParts(in, put.Headers)
	created, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return store.Written{}, s.explain("start writing", put.Key, err)
	}
	u := upload{s, key, created.UploadId}
	parts, err := u.send(ctx, put)
	if err == nil {
		done := &awss3.CompleteMultipartUploadInput{
			MultipartUpload:   &types.CompletedMultipartUpload{Parts: parts},
			ChecksumCRC64NVME: aws.String(encodeCRC(put.CRC)), ChecksumType: types.ChecksumTypeFullObject,
			MpuObjectSize: &put.Size,
		}
		done.IfMatch, done.IfNoneMatch = conditions(put.If)
		var written store.Written
		want := store.Info{Key: put.Key, Size: put.Size, CRC: put.CRC, HasCRC: true, Headers: put.Headers}
		if written, err = u.complete(ctx, done, want); err == nil {
			return written, nil
		}
	}
	return store.Written{}, errors.Join(s.explain("write", put.Key, err), u.abort(ctx))
}

// upload is a multipart upload under way.
type upload struct {
	*Store
	key, id *string
}

// complete completes an upload. If the upload is gone and the key has the wanted content, an
// earlier try whose answer was lost has completed it.
func (u upload) complete(ctx context.Context, done *awss3.CompleteMultipartUploadInput, want store.Info) (store.Written, error) {
	done.Bucket, done.Key, done.UploadId = &u.bucket, u.key, u.id
	out, err := u.client.CompleteMultipartUpload(ctx, done)
	if err == nil {
		return u.written(want.Key, out.ETag, out.VersionId)
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "NoSuchUpload" {
		return store.Written{}, err
	}
	info, statErr := u.Stat(ctx, want.Key)
	if statErr != nil || !want.HasCRC || !info.HasCRC || info.CRC != want.CRC || info.Size != want.Size || info.Headers != reported(want.Headers) {
		return store.Written{}, err
	}
	return store.Written{ETag: info.ETag, Version: info.Version}, nil
}

// abort deletes the parts, which would else be billed until a lifecycle rule deletes them;
// even when ctx was cancelled.
func (u upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_, err := u.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: u.key, UploadId: u.id})
	var gone *types.NoSuchUpload
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return fmt.Errorf("abort the unfinished upload of %s: %w", *u.key, err)
}

func (u upload) send(ctx context.Context, put store.Put) ([]types.CompletedPart, error) {
	size := max(int64(minPart), (put.Size+maxParts-1)/maxParts)
	parts := make([]types.CompletedPart, (put.Size+size-1)/size)
	buffers := sync.Pool{New: func() any { b := make([]byte, size); return &b }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i := range parts {
		group.Go(func() error {
			buf := buffers.Get().(*[]byte)
			defer buffers.Put(buf)
			start := int64(i) * size
			body := (*buf)[:min(size, put.Size-start)]
			if n, err := put.Body.ReadAt(body, start); n < len(body) {
				return fmt.Errorf("read part %d: the file has become shorter: let the build end first, then deploy again: %w", i+1, err)
			}
			part, err := u.sendPart(ctx, int32(i+1), body) //nolint:gosec // G115: at most maxParts
			parts[i] = part
			return err
		})
	}
	return parts, group.Wait()
}

func (u upload) sendPart(ctx context.Context, number int32, body []byte) (types.CompletedPart, error) {
	crc := encodeCRC(crc64nvme.Checksum(body))
	out, err := u.client.UploadPart(ctx, &awss3.UploadPartInput{
		Bucket: &u.bucket, Key: u.key, UploadId: u.id, PartNumber: &number,
		Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))), ChecksumCRC64NVME: &crc,
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC64NVME: &crc}, nil
}
