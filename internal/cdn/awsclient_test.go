package cdn

import (
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/pressrun/pressrun/test/fakekvs"
)

// TestNoCallOfAWSWaitsForEver for an answer that does not come.
func TestNoCallOfAWSWaitsForEver(t *testing.T) {
	front, err := newCloudFront(t.Context(), "E1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := OpenKeyValueStore(t.Context(), KeyValueConfig{ARN: fakekvs.ARN})
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]any{"CloudFront": front.api.Options().HTTPClient, "the key value store": keys.api.Options().HTTPClient} {
		timed, ok := client.(*awshttp.BuildableClient)
		if !ok || timed.GetTimeout() <= 0 || timed.GetTimeout() > time.Minute {
			t.Errorf("a call of %s has no end: %T", name, client)
		}
	}
}
