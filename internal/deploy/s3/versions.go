package s3

import (
	"context"
	"fmt"
	"net/http"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ store.Versioner = (*Store)(nil)

// Versioned says whether the bucket's versioning is on (GetBucketVersioning;
// s3:GetBucketVersioning is needed). A bucket whose versioning is suspended keeps
// the versions it has, and makes no new ones.
func (s *Store) Versioned(ctx context.Context) (bool, error) {
	out, err := s.client.GetBucketVersioning(ctx, &awss3.GetBucketVersioningInput{Bucket: &s.bucket})
	if err != nil {
		return false, s.explain("look at the versioning of", "", err)
	}
	return out.Status == types.BucketVersioningStatusEnabled, nil
}

// StatVersion describes a version of an object (s3:GetObjectVersion is needed).
func (s *Store) StatVersion(ctx context.Context, key, version string) (store.Info, error) {
	info, err := s.stat(ctx, key, &version)
	return info, noVersion(err, "look at", s.name(key), version)
}

// GetVersion reads a version whole (s3:GetObjectVersion is needed).
func (s *Store) GetVersion(ctx context.Context, key, version string) (store.Object, error) {
	o, err := untilWhole(ctx, func() (store.Object, error) { return s.get(ctx, key, &version) })
	return o, noVersion(err, "read", s.name(key), version)
}

// noVersion makes the answer to an invalid version id, or to that of a delete marker, an
// ErrNotFound.
func noVersion(err error, doing, name, version string) error {
	switch httpStatus(err) {
	case http.StatusBadRequest, http.StatusMethodNotAllowed:
		return fmt.Errorf("%s %s, version %s: %w", doing, name, version, store.ErrNotFound)
	}
	return err
}
