package s3

import (
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

// Copy rewrites an object's headers on the server, or takes content from another
// key, an earlier version, or another bucket. What the server can't copy from
// another bucket is read and written.
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

// copying is one copy from one store to another, or within one.
type copying struct {
	*Store
	from *Store
	what store.Copy
}

func (s copying) do(ctx context.Context) (store.Written, error) {
	from, c := s.from, s.what
	if from.endpoint != s.endpoint {
		return s.through(ctx)
	}
	if c.Size > s.copyAtOnce {
		written, err := s.inParts(ctx)
		switch {
		case err == nil || !refusesCopy(err):
			return written, err
		case from.bucket != s.bucket:
			return s.through(ctx)
		case !lacksPartCopies(err):
			return written, err
		}
		// A store that copies no parts may still copy this whole.
	}
	out, err := s.client.CopyObject(ctx, s.input())
	if tooLargeToCopy(err) && c.Size <= s.copyAtOnce {
		return s.inParts(ctx)
	}
	if err != nil && from.bucket != s.bucket && refusesCopy(err) {
		return s.through(ctx)
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
	from, c := s.from, s.what
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
		// Source and target are one object: the condition on the source is the
		// same, and more stores know it.
		in.CopySourceIfMatch = &c.If.IfMatch
	}
	applyCopy(in, c.Headers)
	return in
}

// overItself tells of a copy whose source and target are one object.
func (s copying) overItself() bool {
	return s.from.name(s.what.From) == s.name(s.what.Key) && s.what.FromVersion == ""
}

// refusesCopy tells of a store that has both buckets and won't copy from one to
// the other: it does not know how, or its policy lets these credentials do no more
// than read and write.
func refusesCopy(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{
		"NotImplemented", "XNotImplemented", "MethodNotAllowed", "InvalidRequest", "AccessDenied",
	}, api.ErrorCode())
}

// spoolLarge is the size from which content on its way through this machine is
// put down in a file: there are many copies at once.
const spoolLarge = 1 << 20

// through reads content from one store and writes it to this one.
func (s copying) through(ctx context.Context) (_ store.Written, err error) {
	from, c := s.from, s.what
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
	// An answer that is longer than it says, or says nothing, is read no further.
	read := io.TeeReader(io.LimitReader(out.Body, put.Size+1), io.MultiWriter(crc, sum))
	var n int64
	if put.Size <= spoolLarge {
		var body []byte
		body, err = io.ReadAll(read)
		n, put.Body = int64(len(body)), newReader(body)
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
		return store.Written{}, fmt.Errorf("read %s: %d bytes came of %d", from.name(c.From), n, put.Size)
	}
	put.CRC, put.Sum = crc.Sum64(), store.Sum(sum.Sum(nil))
	return s.Put(ctx, put)
}

// copySource is bucket and key, each path segment escaped as the API asks, and
// the version where one is asked for.
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
