package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Copy changes an object's headers, or copies another key, an earlier version, or an object
// of another bucket. If the server can't copy from the other bucket, this machine does.
func (s *Store) Copy(ctx context.Context, c store.Copy) (store.Written, error) {
	from := s
	if c.FromStore != nil {
		other, ok := c.FromStore.(*Store)
		if !ok {
			return store.Written{}, fmt.Errorf("copy %s from %s: %w", s.name(c.Key), c.FromStore, errors.ErrUnsupported)
		}
		from = other
	}
	return copying{s, from, c}.do(ctx)
}

// copying is one copy between two stores, or within one.
type copying struct {
	*Store
	from    *Store
	request store.Copy
}

func (s copying) do(ctx context.Context) (store.Written, error) {
	from, c := s.from, s.request
	if from.endpoint != s.endpoint {
		return s.relay(ctx)
	}
	if c.Size > s.copyAtOnce {
		written, err := s.inParts(ctx)
		switch {
		case err == nil || !refusesCopy(err):
			return written, err
		case from.bucket != s.bucket:
			return s.relay(ctx)
		case !lacksPartCopies(err):
			return written, err
		}
		// A store that copies no parts may still copy the object in one request.
	}
	out, err := s.client.CopyObject(ctx, s.input())
	if tooLargeToCopy(err) && c.Size <= s.copyAtOnce {
		return s.inParts(ctx)
	}
	if err != nil && from.bucket != s.bucket && refusesCopy(err) {
		return s.relay(ctx)
	}
	if err != nil {
		return store.Written{}, s.explain("copy", c.Key, err)
	}
	if out.CopyObjectResult == nil {
		return store.Written{}, fmt.Errorf("copy %s: the store answered without a result", s.name(c.Key))
	}
	return s.written(c.Key, out.CopyObjectResult.ETag, out.VersionId)
}

func (s copying) input() *awss3.CopyObjectInput {
	from, c := s.from, s.request
	in := &awss3.CopyObjectInput{
		Bucket: &s.bucket, Key: aws.String(s.prefix + c.Key),
		CopySource:        aws.String(copySource(from.bucket, from.prefix+c.From, c.FromVersion)),
		MetadataDirective: types.MetadataDirectiveReplace,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme,
	}
	if c.FromTag != "" {
		in.CopySourceIfMatch = &c.FromTag
	}
	if !s.overItself() {
		in.IfMatch, in.IfNoneMatch = conditions(c.If)
	} else if c.If.IfMatch != "" {
		// Source and target are one object, and more stores know the condition on the
		// source.
		in.CopySourceIfMatch = &c.If.IfMatch
	}
	applyCopy(in, c.Headers)
	return in
}

// overItself says whether source and target are one object.
func (s copying) overItself() bool {
	return s.from.name(s.request.From) == s.name(s.request.Key) && s.request.FromVersion == ""
}

// refusesCopy says whether a store refuses to copy from one bucket to another: it can't, or
// its policy lets these credentials only read and write.
func refusesCopy(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{
		"NotImplemented", "XNotImplemented", "MethodNotAllowed", "InvalidRequest", "AccessDenied",
	}, api.ErrorCode())
}

// spoolThreshold is the size in bytes above which relay uses a temporary file: there are many
// copies at once.
const spoolThreshold = 1 << 20

// relay copies by reading from one store and writing to the other.
func (s copying) relay(ctx context.Context) (_ store.Written, err error) {
	from, c := s.from, s.request
	in := &awss3.GetObjectInput{Bucket: &from.bucket, Key: aws.String(from.prefix + c.From)}
	if c.FromTag != "" {
		in.IfMatch = &c.FromTag
	}
	if c.FromVersion != "" {
		in.VersionId = &c.FromVersion
	}
	out, err := from.client.GetObject(ctx, in)
	if err != nil {
		return store.Written{}, from.explain("read", c.From, err)
	}
	defer out.Body.Close()
	put := store.Put{Key: c.Key, Headers: c.Headers, If: c.If, Size: aws.ToInt64(out.ContentLength)}
	crc, sum := crc64nvme.New(), sha256.New()
	// The answer may be longer than it says.
	read := io.TeeReader(io.LimitReader(out.Body, put.Size+1), io.MultiWriter(crc, sum))
	var n int64
	if put.Size <= spoolThreshold {
		var body []byte
		body, err = io.ReadAll(read)
		n, put.Body = int64(len(body)), bytes.NewReader(body)
	} else {
		var f *os.File
		if f, err = os.CreateTemp("", "pressrun-copy-*"); err != nil {
			return store.Written{}, fmt.Errorf("copy %s: %w", s.name(c.Key), err)
		}
		defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
		n, err = io.Copy(f, read)
		put.Body = f
	}
	if err != nil {
		return store.Written{}, from.explain("read", c.From, err)
	}
	if n != put.Size {
		return store.Written{}, fmt.Errorf("read %s: the store sent %d bytes of %d", from.name(c.From), n, put.Size)
	}
	put.CRC, put.Sum = crc.Sum64(), store.Sum(sum.Sum(nil))
	return s.Put(ctx, put)
}

// copySource is the value of x-amz-copy-source: bucket, escaped key, and version, if any.
func copySource(bucket, key, version string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(p), "+", "%20")
	}
	source := bucket + "/" + strings.Join(parts, "/")
	if version != "" {
		source += "?versionId=" + url.QueryEscape(version)
	}
	return source
}
