package servers

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

// MinIO is a running MinIO with one drive.
type MinIO struct {
	Endpoint, AccessKey, SecretKey string
}

// StartMinIO runs MinIO until the test ends, with the given buckets. It takes five
// minutes to build, so that only make test-minio asks for it.
func StartMinIO(t *testing.T, buckets ...string) *MinIO {
	t.Helper()
	binary := os.Getenv("PRESSRUN_MINIO")
	if binary == "" {
		t.Skip("MinIO takes minutes to build: make test-minio")
	}
	address := FreeAddress(t)
	s := &MinIO{Endpoint: "http://" + address, AccessKey: "test-access", SecretKey: "test-secret"}
	output := new(bytes.Buffer)
	cmd := exec.Command(binary, "server", "--address", address, t.TempDir())
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey, "MINIO_UPDATE=off", "MINIO_BROWSER=off", "HOME="+t.TempDir())
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start MinIO: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	WaitHTTP(t, s.Endpoint+"/minio/health/ready")
	for _, b := range buckets {
		s.Bucket(t, b)
	}
	return s
}

// Bucket makes a bucket.
func (s *MinIO) Bucket(t testing.TB, name string) {
	t.Helper()
	client := awss3.New(awss3.Options{
		BaseEndpoint: &s.Endpoint, UsePathStyle: true, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("make the bucket %s: %v", name, err)
	}
}
