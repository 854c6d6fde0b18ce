package servers

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// client speaks to the server as an operator does.
func (s *VersityGW) client() *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: &s.Endpoint, UsePathStyle: true, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// KeepVersions turns a bucket's versioning on, or suspends it.
func (s *VersityGW) KeepVersions(t testing.TB, bucket string, on bool) {
	t.Helper()
	status := types.BucketVersioningStatusSuspended
	if on {
		status = types.BucketVersioningStatusEnabled
	}
	_, err := s.client().PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status},
	})
	if err != nil {
		t.Fatalf("set the versioning of bucket %s: %v", bucket, err)
	}
}

// Expire deletes every version of a bucket's objects but the ones they hold now,
// as a lifecycle rule does.
func (s *VersityGW) Expire(t testing.TB, bucket string) {
	t.Helper()
	pages := awss3.NewListObjectVersionsPaginator(s.client(), &awss3.ListObjectVersionsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("list the versions in bucket %s: %v", bucket, err)
		}
		for _, v := range page.Versions {
			if aws.ToBool(v.IsLatest) {
				continue
			}
			_, err := s.client().DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId})
			if err != nil {
				t.Fatalf("delete a version of %s: %v", aws.ToString(v.Key), err)
			}
		}
	}
}
