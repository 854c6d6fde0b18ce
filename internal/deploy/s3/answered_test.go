package s3_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// answering is a store that gives one answer, with the body of an error of S3's.
func answering(t *testing.T, status int, code, message string, header ...string) store.Store {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}))
	t.Cleanup(server.Close)
	return open(t, "b", s3.Options{Endpoint: server.URL, AccessKey: "a", SecretKey: "s", MaxAttempts: 1})
}

// What a store says of the cause itself is told in the place of what its code means
// most often.
func TestTheCauseThatAStoreNamesIsTold(t *testing.T) {
	const denied = "User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: "
	for _, c := range []struct {
		status              int
		code, message, want string
		header              []string
	}{
		{301, "PermanentRedirect", "x", "the bucket is in eu-west-1: set AWS_REGION to it: ", []string{"x-amz-bucket-region", "eu-west-1"}},
		{400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-central-1'", "the bucket is in eu-central-1: set AWS_REGION to it: ", nil},
		{403, "AccessDenied", denied + "s3:PutObject on resource: x because no identity-based policy allows the s3:PutObject action", "access denied: the credentials may not do s3:PutObject: allow it in the policy of the role or user: ", nil},
		{403, "AccessDenied", denied + "s3:PutObject on resource: x because no resource-based policy allows the s3:PutObject action", "access denied: the credentials may not do s3:PutObject: the bucket or key is another account's", nil},
		{403, "AccessDenied", denied + "kms:GenerateDataKey on this resource", "access denied: the credentials may not do kms:GenerateDataKey: allow it", nil},
		{403, "AccessDenied", denied + "s3:ListBucket with an explicit deny in a service control policy", "access denied: the credentials may not do s3:ListBucket: a service control policy", nil},
		{403, "AccessDenied", denied + "s3:PutObject with an explicit deny in a resource-based policy", "access denied: the credentials may not do s3:PutObject: a policy denies it expressly", nil},
		{403, "AccessDenied", denied + "s3:PutObject because public policies are blocked by the BlockPublicPolicy block public access setting", "access denied: the credentials may not do s3:PutObject: the bucket's block of public access", nil},
	} {
		_, err := answering(t, c.status, c.code, c.message, c.header...).Get(t.Context(), "k")
		reported(t, c.code+" "+c.message, err, false, "read s3://b/some/prefix/k: "+c.want)
	}
}

// One that speaks http where https was meant, or has a certificate of nobody, is no
// store that is away: it is told at once, and not tried eight times.
func TestAStoreThatTLSCanNotReachIsToldAsSuch(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	private := httptest.NewUnstartedServer(http.NotFoundHandler())
	private.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	private.StartTLS()
	t.Cleanup(private.Close)
	for endpoint, want := range map[string]string{
		strings.Replace(plain.URL, "http:", "https:", 1): "does not speak https: check --endpoint",
		private.URL: "has a certificate that this machine does not trust",
	} {
		st := open(t, "b", s3.Options{Endpoint: endpoint, AccessKey: "a", SecretKey: "s"})
		_, err := st.Get(t.Context(), "k")
		reported(t, endpoint, err, false, "read s3://b/some/prefix/k: the store at "+endpoint+" "+want)
	}
}
