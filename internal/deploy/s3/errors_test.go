package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// TestEachAnswerOfTheStoreSaysWhatToDo holds the words for what stores answer (S3
// API reference, "Error responses"), with the body of a PUT and without that of a
// HEAD. Answers that versitygw gives itself are in the tests of the engine and of
// the program.
func TestEachAnswerOfTheStoreSaysWhatToDo(t *testing.T) {
	const rights = "access denied: the credentials lack the permission for this prefix (s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket are needed): "
	const region = "the bucket is in another region: set AWS_REGION to it: "
	const damaged = "the content differs from its checksum: the file changed while it was being read (let the build end first), or was damaged on the way: deploy again: "
	for _, c := range []struct {
		status int
		code   string
		put    string // what a PUT is told as
		head   string // what a HEAD is, whose answer has no code
	}{
		{http.StatusForbidden, "AccessDenied", rights, "access denied: the credentials lack the permission, or the object is hidden for want of s3:ListBucket: "},
		{http.StatusForbidden, "SomethingNew", "the store answered SomethingNew (SomethingNew); access denied: ", ""},
		{http.StatusForbidden, "AllAccessDisabled", "the bucket's owner has disabled all access to it: ", ""},
		{http.StatusForbidden, "InvalidAccessKeyId", "the access key is not known to the store: check AWS_ACCESS_KEY_ID: ", ""},
		{http.StatusForbidden, "SignatureDoesNotMatch", "the secret key is wrong: check AWS_SECRET_ACCESS_KEY: ", ""},
		{http.StatusForbidden, "RequestTimeTooSkewed", clockAdvice + ": ", ""},
		{http.StatusBadRequest, "ExpiredToken", "the credentials have expired: renew them, or make the role's session longer: ", "the store refuses the request and does not say why; most often the region is wrong: check AWS_REGION: "},
		{http.StatusBadRequest, "InvalidToken", "the session token is not valid: check AWS_SESSION_TOKEN: ", ""},
		{http.StatusBadRequest, "AuthorizationHeaderMalformed", "the region is wrong for this bucket: set AWS_REGION to its region: ", ""},
		{http.StatusBadRequest, "KeyTooLongError", "the path with its prefix is longer than 1,024 bytes: shorten it: ", ""},
		{http.StatusBadRequest, "BadDigest", damaged, ""},
		{http.StatusBadRequest, "XAmzContentSHA256Mismatch", damaged, ""},
		{http.StatusMovedPermanently, "PermanentRedirect", region, region},
		{http.StatusNotFound, "NoSuchBucket", "the bucket does not exist: check its name and --endpoint, or create it: ", ""},
		{http.StatusNotImplemented, "NotImplemented", "the store does not know this request: ", ""},
		{http.StatusServiceUnavailable, "SlowDown", "the store asked for fewer requests at each try: deploy later: ", "the store was not available at any try: deploy later: "},
		{http.StatusInternalServerError, "InternalError", "the store failed at each try: deploy later: ", "the store failed at each try: deploy later: "},
		{http.StatusInsufficientStorage, "InsufficientStorage", "the store's disk is full: make room there, then deploy again: ", ""},
		{http.StatusForbidden, "QuotaExceeded", "the bucket's quota is used up: raise it or make room, then deploy again: ", ""},
		{http.StatusBadRequest, "KMS.DisabledException", "the KMS key is disabled: ", ""},
	} {
		fake := &fakes3.Server{Before: func(*http.Request) *fakes3.Fault { return &fakes3.Fault{Status: c.status, Code: c.code} }}
		fake.Bucket("b", nil)
		st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: fake, MaxAttempts: 1})
		_, err := st.Put(t.Context(), store.SmallPut("k", "", []byte("body"), store.Condition{}))
		busy := c.status == http.StatusServiceUnavailable || c.status == http.StatusInternalServerError
		reported(t, c.code, err, busy, "write s3://b/some/prefix/k: "+c.put)
		if c.head != "" {
			_, err := st.Stat(t.Context(), "k")
			reported(t, c.code+", of a HEAD", err, busy, "look at s3://b/some/prefix/k: "+c.head)
		}
	}
}

// reported holds the words, and that nothing but a busy store is one to ask again later.
func reported(t *testing.T, what string, err error, busy bool, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%s: %v\nwant it to begin with %q", what, err, want)
	}
	if errors.Is(err, store.ErrUnreachable) != busy || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrPrecondition) {
		t.Errorf("%s is taken for something else: %v", what, err)
	}
}
