package cdn

import (
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// TestNoCallOfCloudFrontWaitsForEver for an answer that does not come.
func TestNoCallOfCloudFrontWaitsForEver(t *testing.T) {
	front, err := newCloudFront(t.Context(), "E1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	client := front.api.Options().HTTPClient
	timed, ok := client.(*awshttp.BuildableClient)
	if !ok || timed.GetTimeout() <= 0 || timed.GetTimeout() > time.Minute {
		t.Errorf("a call of CloudFront has no end: %T", client)
	}
}
