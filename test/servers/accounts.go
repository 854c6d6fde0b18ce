package servers

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

// StartAccountsGW runs an S3 server that has accounts beside the operator's:
// see AddUser. Its bucket is made by a request, since one that is but a folder has
// no list of who may do what.
func StartAccountsGW(t *testing.T, bucket string) *VersityGW {
	t.Helper()
	t.Setenv("VGW_IAM_DIR", t.TempDir())
	s := StartVersityGW(t)
	if _, err := s.operator().CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatalf("make the bucket %s: %v", bucket, err)
	}
	return s
}

func (s *VersityGW) operator() *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: &s.Endpoint, UsePathStyle: true, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// AddUser makes an account that may do nothing yet: see Policy.
func (s *VersityGW) AddUser(t testing.TB, access, secret string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.cmd.Path, "admin", "--access", s.AccessKey, "--secret", s.SecretKey, "--region", Region,
		"--endpoint-url", s.Endpoint, "create-user", "--access", access, "--secret", secret, "--role", "user")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("add the user %s: %v: %s", access, err, said)
	}
}

// Statement is one line of a bucket's policy.
type Statement struct {
	Effect    string // Allow or Deny
	Principal string // an access key
	Action    []string
	Resource  []string
}

// Policy sets who may do what in a bucket.
func (s *VersityGW) Policy(t testing.TB, bucket string, statements ...Statement) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatalf("write the policy: %v", err)
	}
	policy := string(text)
	if _, err := s.operator().PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
		t.Fatalf("set the policy of %s: %v", bucket, err)
	}
}
