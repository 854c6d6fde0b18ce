// Package s3 keeps a site's files in an S3 bucket, or in any store that speaks
// S3's protocol (versitygw, MinIO, R2, Ceph).
//
// Every write has the SHA-256 and CRC-64/NVME from the scan of the build: the store refuses a
// body that differs, and nothing is hashed twice. The SDK's own trailing checksum is off: it
// frames the body as aws-chunked, which some stores reject
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html).
package s3

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ store.Store = (*Store)(nil)

// maxState is the size of the largest object that Get reads, in bytes: a manifest of two
// million files is smaller.
const maxState = 256 << 20

// Store is one bucket, or the part of it under a prefix.
type Store struct {
	client   *awss3.Client
	bucket   string
	prefix   string // "" or ending in "/"
	endpoint string
	// copyAtOnce is the size of the largest object that one request copies, in bytes.
	copyAtOnce int64
	aws        bool // S3 itself, not another store that speaks its protocol
	requests   *atomic.Int64
}

// Sub is the part of the same bucket under another prefix.
func (s *Store) Sub(prefix string) *Store {
	sub := *s
	sub.prefix = s.prefix + prefix
	return &sub
}

// String is the store's s3:// address.
func (s *Store) String() string {
	return strings.TrimSuffix("s3://"+s.bucket+"/"+s.prefix, "/")
}

// Requests counts the HTTP requests made so far, retries included.
func (s *Store) Requests() int64 { return s.requests.Load() }

// Get reads a small object whole.
func (s *Store) Get(ctx context.Context, key string) (store.Object, error) {
	return untilWhole(ctx, func() (store.Object, error) { return s.get(ctx, key, nil) })
}

// get reads an object, or a version of it.
func (s *Store) get(ctx context.Context, key string, version *string) (store.Object, error) {
	out, err := s.client.GetObject(ctx, &awss3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key), VersionId: version})
	if err != nil {
		return store.Object{}, s.explain("read", key, err)
	}
	defer out.Body.Close()
	tooLarge := fmt.Errorf("read %s: the object is larger than %d bytes, so Pressrun did not write it", s.name(key), maxState)
	if aws.ToInt64(out.ContentLength) > maxState {
		return store.Object{}, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(out.Body, maxState+1))
	if err != nil {
		return store.Object{}, &brokenBodyError{s.explain("read", key, err)}
	}
	if len(body) > maxState {
		return store.Object{}, tooLarge
	}
	return store.Object{Body: body, Info: store.Info{
		Key: key, Size: int64(len(body)), ETag: aws.ToString(out.ETag),
		Modified: aws.ToTime(out.LastModified), Now: serverTime(out.ResultMetadata),
	}}, nil
}

// Stat describes an object with its headers and checksum.
func (s *Store) Stat(ctx context.Context, key string) (store.Info, error) {
	return s.stat(ctx, key, nil)
}

func (s *Store) stat(ctx context.Context, key string, version *string) (store.Info, error) {
	out, err := s.client.HeadObject(ctx, &awss3.HeadObjectInput{
		Bucket: &s.bucket, Key: aws.String(s.prefix + key), VersionId: version, ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	info := store.Info{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag), Version: aws.ToString(out.VersionId),
		Modified: aws.ToTime(out.LastModified), Now: serverTime(out.ResultMetadata),
	}
	info.CRC, info.HasCRC = decodeCRC(out.ChecksumCRC64NVME)
	info.Headers, err = headersOf(out)
	if err != nil {
		return store.Info{}, fmt.Errorf("look at %s: %w", s.name(key), err)
	}
	return info, nil
}

// Put writes an object in one request, or in parts when it is large.
func (s *Store) Put(ctx context.Context, put store.Put) (store.Written, error) {
	if put.Size > partThreshold {
		return s.putParts(ctx, put)
	}
	if _, err := put.Body.Seek(0, io.SeekStart); err != nil {
		return store.Written{}, fmt.Errorf("read %s: %w", put.Key, err)
	}
	in := &awss3.PutObjectInput{
		Bucket: &s.bucket, Key: aws.String(s.prefix + put.Key), Body: put.Body, ContentLength: &put.Size,
		ChecksumCRC64NVME: aws.String(encodeCRC(put.CRC)),
	}
	in.IfMatch, in.IfNoneMatch = conditions(put.If)
	applyPut(in, put.Headers)
	out, err := s.client.PutObject(ctx, in, withPayloadHash(put.Sum))
	if err != nil {
		return store.Written{}, s.explain("write", put.Key, err)
	}
	return s.written(put.Key, out.ETag, out.VersionId)
}

const (
	deleteBatch   = 1000 // keys that one DeleteObjects takes (S3 API reference)
	deletesAtOnce = 32
)

// Delete deletes objects, in batches on S3. Other stores get single requests: versitygw 1.8
// ignores the ETags in a batch.
func (s *Store) Delete(ctx context.Context, dels []store.Deletion) []error {
	errs := make([]error, len(dels))
	if s.aws {
		for start := 0; start < len(dels); start += deleteBatch {
			end := min(start+deleteBatch, len(dels))
			s.deleteSome(ctx, dels[start:end], errs[start:end])
		}
		return errs
	}
	var group errgroup.Group
	group.SetLimit(deletesAtOnce)
	for i, d := range dels {
		group.Go(func() error {
			errs[i] = s.deleteOne(ctx, d)
			return nil
		})
	}
	_ = group.Wait() // each error is in its own place
	return errs
}

func (s *Store) deleteOne(ctx context.Context, d store.Deletion) error {
	in := &awss3.DeleteObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + d.Key)}
	if d.ETag != "" {
		in.IfMatch = &d.ETag
	}
	_, err := s.client.DeleteObject(ctx, in)
	if err == nil {
		return nil
	}
	if err := s.explain("delete", d.Key, err); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

func (s *Store) deleteSome(ctx context.Context, dels []store.Deletion, errs []error) {
	ids := make([]types.ObjectIdentifier, len(dels))
	at := make(map[string]int, len(dels))
	for i, d := range dels {
		ids[i].Key = aws.String(s.prefix + d.Key)
		if d.ETag != "" {
			ids[i].ETag = aws.String(d.ETag)
		}
		at[s.prefix+d.Key] = i
	}
	out, err := s.client.DeleteObjects(ctx, &awss3.DeleteObjectsInput{
		Bucket: &s.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err != nil {
		for i := range errs {
			errs[i] = s.explain("delete", dels[i].Key, err)
		}
		return
	}
	for _, e := range out.Errors {
		i, ok := at[aws.ToString(e.Key)]
		if !ok || aws.ToString(e.Code) == "NoSuchKey" {
			continue
		}
		errs[i] = s.explainCode("delete", dels[i].Key, aws.ToString(e.Code), aws.ToString(e.Message), errors.New(aws.ToString(e.Code)))
	}
}

func (s *Store) name(key string) string { return "s3://" + s.bucket + "/" + s.prefix + key }

func conditions(c store.Condition) (ifMatch, ifNoneMatch *string) {
	if c.IfMatch != "" {
		ifMatch = aws.String(c.IfMatch)
	}
	if c.IfAbsent {
		ifNoneMatch = aws.String("*")
	}
	return ifMatch, ifNoneMatch
}

func encodeCRC(crc uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, crc))
}

func decodeCRC(s *string) (uint64, bool) {
	b, err := base64.StdEncoding.DecodeString(aws.ToString(s))
	if err != nil || len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

func serverTime(m middleware.Metadata) time.Time {
	t, _ := awsmiddleware.GetServerTime(m)
	return t
}

// withPayloadHash signs the body with its known hash, so that the SDK need not read it for
// that.
func withPayloadHash(sum store.Sum) func(*awss3.Options) {
	hash := sum.String()
	return func(o *awss3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PayloadHash", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(v4.SetPayloadHash(ctx, hash), in)
			}), middleware.Before)
		})
	}
}

// LongestPath is the length of the longest path below the prefix, in bytes.
func (s *Store) LongestPath() int { return store.MaxKey - len(s.prefix) }
