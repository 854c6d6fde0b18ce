package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/pressrun/pressrun/internal/awscredentials"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

func newReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }

// explain makes an operator's sentence of an SDK error: what failed, on what,
// and what to do. The cause stays wrapped.
func (s *Store) explain(verb, key string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s %s: %w", verb, s.name(key), err)
	}
	var api smithy.APIError
	if errors.As(err, &api) && awscredentials.Explain(err) == "" {
		return s.explainCode(verb, key, api.ErrorCode(), api.ErrorMessage(), err)
	}
	if status := httpStatus(err); status >= http.StatusMultipleChoices && awscredentials.Explain(err) == "" {
		return s.explainCode(verb, key, strconv.Itoa(status), "", err)
	}
	if what := awscredentials.Explain(err); what != "" {
		// The cause is told and not wrapped: that a machine without a role does not
		// answer has nothing to do with the store.
		return fmt.Errorf("%s %s: %s: %v", verb, s.name(key), what, err) //nolint:errorlint // see above
	}
	if errors.Is(err, errLongAnswer) {
		return fmt.Errorf("%s %s: the store at %s answered more than %d bytes, as S3 never does: check --endpoint: %w", verb, s.name(key), s.endpoint, maxAnswer, errLongAnswer)
	}
	if strings.Contains(err.Error(), "with Body length") { // net/http's words
		return fmt.Errorf("%s %s: the file became shorter while it was being sent: let the build end first, then deploy again: %w", verb, s.name(key), err)
	}
	if what := untrusted(err); what != "" {
		return fmt.Errorf("%s %s: the store at %s %s: %w", verb, s.name(key), s.endpoint, what, err)
	}
	if what := explainNetwork(s.endpoint, err); what != "" {
		return &unreachableError{fmt.Errorf("%s %s: %s: %w", verb, s.name(key), what, err)}
	}
	return fmt.Errorf("%s %s: %w", verb, s.name(key), err)
}

// untrusted says why TLS to a store can't be: it stays so. Empty for any other error.
func untrusted(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "does not speak https: check --endpoint, which begins with http:// for such a store"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "has a certificate that this machine does not trust: name the file of its authority in AWS_CA_BUNDLE, and use the name that is in the certificate"
	}
	return ""
}

// explainNetwork puts into words why there was no answer, or no whole one; empty
// for another reason.
func explainNetwork(endpoint string, err error) string {
	var network net.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "no such host " + dns.Name + ": check --endpoint and the region"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer of the store at " + endpoint + " broke off, again and again: check the network, then try again"
	case errors.As(err, &network) && network.Timeout():
		return "the store at " + endpoint + " does not answer in time: check the network, then try again"
	case errors.As(err, &network):
		return "the store at " + endpoint + " can't be reached: check the network and --endpoint, then try again"
	}
	return ""
}

// unreachableError is a deploy.ErrUnreachable in words of its own.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }

func (e *unreachableError) Unwrap() error { return e.err }

func (*unreachableError) Is(target error) bool { return target == store.ErrUnreachable }

// advice is what to do about each of S3's error codes (S3 API reference, "Error
// responses").
var advice = map[string]string{
	"NoSuchBucket":                 "the bucket does not exist: check its name and --endpoint, or create it",
	"AccessDenied":                 "access denied: the credentials lack the permission for this prefix (s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket are needed)",
	"Forbidden":                    "access denied: the credentials lack the permission, or the object is hidden for want of s3:ListBucket",
	"AllAccessDisabled":            "the bucket's owner has disabled all access to it",
	"InvalidAccessKeyId":           "the access key is not known to the store: check AWS_ACCESS_KEY_ID",
	"InvalidAccessKeyID":           "the access key is not known to the store: check AWS_ACCESS_KEY_ID",
	"XAdminUserNotFound":           "the access key is not known to the store: check AWS_ACCESS_KEY_ID",
	"SignatureDoesNotMatch":        "the secret key is wrong: check AWS_SECRET_ACCESS_KEY",
	"ExpiredToken":                 "the credentials have expired: renew them, or make the role's session longer",
	"InvalidToken":                 "the session token is not valid: check AWS_SESSION_TOKEN",
	"RequestTimeTooSkewed":         "this machine's clock is wrong by more than 15 minutes: set it",
	"PermanentRedirect":            "the bucket is in another region: set AWS_REGION to it",
	"MovedPermanently":             "the bucket is in another region: set AWS_REGION to it",
	"301":                          "the bucket is in another region: set AWS_REGION to it",
	"AuthorizationHeaderMalformed": "the region is wrong for this bucket: set AWS_REGION to its region",
	"IllegalLocationConstraint":    "the region is wrong for this bucket: set AWS_REGION to its region",
	"InvalidBucketName":            "the bucket's name is not valid",
	"KeyTooLongError":              "the path with its prefix is longer than 1,024 bytes: shorten it",
	"BadDigest":                    "the content differs from its checksum: the file changed while it was being read (let the build end first), or was damaged on the way: deploy again",
	"XAmzContentSHA256Mismatch":    "the content differs from its checksum: the file changed while it was being read (let the build end first), or was damaged on the way: deploy again",
	"XAmzContentChecksumMismatch":  "the content differs from its checksum: the file changed while it was being read (let the build end first), or was damaged on the way: deploy again",
	"NoSuchUpload":                 "the upload in parts was ended by somebody else, or by a rule of the bucket, before all of it was there: deploy again",
	"SlowDown":                     "the store asks for fewer requests, and went on asking",
	"ServiceUnavailable":           "the store is not available, and stayed so",
	"InternalError":                "the store failed, and went on failing",
	// Those of answers to a HEAD, which have no body: the SDK names the status.
	"InternalServerError": "the store failed, and went on failing",
	"BadRequest":          "the store refuses the request without a word why; most often the region is wrong: check AWS_REGION",
	"NotImplemented":      "the store does not know this request",
	"InsufficientStorage": "the store's disk is full: make room there, then deploy again",
	"XMinioStorageFull":   "the store's disk is full: make room there, then deploy again",
	"QuotaExceeded":       "the bucket's quota is used up: raise it or make room, then deploy again",
	// On such stores a key can't be another's folder (versitygw, posix backend; MinIO).
	"ObjectParentIsFile":            isFolder,
	"XMinioParentIsObject":          isFolder,
	"ExistingObjectIsDirectory":     isFile,
	"XMinioObjectExistsAsDirectory": isFile,
	"KMS.DisabledException":         "the KMS key is disabled",
	"KMS.NotFoundException":         "the KMS key does not exist",
}

const (
	isFolder = "this store can't have a file and a folder of one name, and a part of this path is a file there (or was one, in a bucket that keeps versions): delete that file and its versions, then deploy again"
	isFile   = "this store can't have a file and a folder of one name, and this path is a folder there (or was one, in a bucket that keeps versions): delete what is below it and its versions, then deploy again"
)

func (s *Store) explainCode(verb, key, code, message string, err error) error {
	switch code {
	case "NoSuchKey", "NoSuchVersion", "NotFound", "404":
		if deleted(err) {
			return fmt.Errorf("%s %s: %w", verb, s.name(key), store.ErrDeleted)
		}
		return fmt.Errorf("%s %s: %w", verb, s.name(key), store.ErrNotFound)
	case "PreconditionFailed", "ConditionalRequestConflict", "412", "409":
		return fmt.Errorf("%s %s: %w", verb, s.name(key), store.ErrPrecondition)
	}
	what, ok := advice[code]
	if more := elsewhere(code, message, err) + notAllowed(message); more != "" {
		what, ok = more, true
	}
	if !ok {
		what = "the store answered " + code
		if message != "" {
			what += " (" + message + ")"
		}
		if status := httpStatus(err); status == http.StatusForbidden {
			what += "; " + advice["AccessDenied"]
		}
	}
	err = fmt.Errorf("%s %s: %s: %w", verb, s.name(key), what, err)
	if busy(err) {
		return &unreachableError{err}
	}
	return err
}

// elsewhere says which region a bucket is in, where the store tells; "" for other
// errors (S3 API reference, HeadBucket: x-amz-bucket-region).
func elsewhere(code, message string, err error) string {
	switch code {
	case "PermanentRedirect", "MovedPermanently", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
	default:
		return ""
	}
	region := ""
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.Response != nil {
		region = response.Response.Header.Get("X-Amz-Bucket-Region")
	}
	if m := expectedRegion.FindStringSubmatch(message); region == "" && m != nil {
		region = m[1]
	}
	if region = text.OneLine(region); region == "" {
		return ""
	}
	return "the bucket is in " + region + ": set AWS_REGION to it"
}

var (
	expectedRegion = regexp.MustCompile(`expecting '([a-z0-9-]+)'`)
	// deniedAction is how AWS names what it denies (IAM user guide, "Troubleshoot access
	// denied error messages").
	deniedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)`)
)

// notAllowed says what AWS denies and which policy has to change, where its message
// tells; "" for other messages.
func notAllowed(message string) string {
	m := deniedAction.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	where := "allow it in the policy of the role or user"
	switch {
	case strings.Contains(message, "no resource-based policy"):
		where = "the bucket or key is another account's, whose own policy has to allow it, too"
	case strings.Contains(message, "service control policy"):
		where = "a service control policy of the organization denies it"
	case strings.Contains(message, "public access block"), strings.Contains(message, "block public access"):
		where = "the bucket's block of public access denies it"
	case strings.Contains(message, "permissions boundary"):
		where = "the permissions boundary of the role or user denies it"
	case strings.Contains(message, "explicit deny"):
		where = "a policy denies it expressly"
	}
	return "access denied: the credentials may not do " + m[1] + ": " + where
}

// busy says that a store answers, and can't take anything at the moment.
func busy(err error) bool {
	switch httpStatus(err) {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return isThrottle(err)
}

// deleted says whether the newest version of what was not found is the mark of a
// delete.
func deleted(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.Response != nil && response.Response.Header.Get("X-Amz-Delete-Marker") == "true"
}

func httpStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
