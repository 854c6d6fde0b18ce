package s3

import (
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

// explain makes an SDK error a sentence for an operator: what failed, on what, and what to
// do. It wraps the cause.
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
		// The cause is shown and not wrapped: that the metadata server does not answer is no
		// timeout of the store.
		return fmt.Errorf("%s %s: %s: %v", verb, s.name(key), what, err) //nolint:errorlint // see above
	}
	if errors.Is(err, errLongAnswer) {
		return fmt.Errorf("%s %s: the store at %s sent more than %d bytes, as S3 never does: check --endpoint: %w", verb, s.name(key), s.endpoint, maxAnswer, errLongAnswer)
	}
	if strings.Contains(err.Error(), "with Body length") { // text of net/http
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

// untrusted says why TLS to a store fails, which no retry mends; "" for any other error.
func untrusted(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "does not speak https: check --endpoint, which begins with http:// for such a store"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "has a certificate that this machine does not trust: name the file of its authority in AWS_CA_BUNDLE, and use the name that is in the certificate"
	}
	return ""
}

// explainNetwork says why there was no complete answer; "" for any other error.
func explainNetwork(endpoint string, err error) string {
	var network net.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "no such host " + dns.Name + ": check --endpoint and the region"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer of the store at " + endpoint + " broke off repeatedly: check the network, then try again"
	case errors.As(err, &network) && network.Timeout():
		return "the store at " + endpoint + " does not answer in time: check the network, then try again"
	case errors.As(err, &network):
		return "the store at " + endpoint + " can't be reached: check the network and --endpoint, then try again"
	}
	return ""
}

// unreachableError is a store.ErrUnreachable with its own text.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }

func (e *unreachableError) Unwrap() error { return e.err }

func (*unreachableError) Is(target error) bool { return target == store.ErrUnreachable }

// advice has the cause and the remedy of S3's error codes (S3 API reference, "Error
// responses").
var advice = map[string]string{
	"NoSuchBucket":                 "the bucket does not exist: check its name and --endpoint, or create it",
	"AccessDenied":                 "access denied: the credentials lack the permission for this prefix (s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket are needed)",
	"Forbidden":                    "access denied: the credentials lack the permission, or the object is hidden for want of s3:ListBucket",
	"AllAccessDisabled":            "the bucket's owner has disabled all access to it",
	"InvalidAccessKeyId":           unknownKey,
	"InvalidAccessKeyID":           unknownKey,
	"XAdminUserNotFound":           unknownKey,
	"SignatureDoesNotMatch":        "the secret key is wrong: check AWS_SECRET_ACCESS_KEY",
	"ExpiredToken":                 "the credentials have expired: renew them, or make the role's session longer",
	"InvalidToken":                 "the session token is not valid: check AWS_SESSION_TOKEN",
	"RequestTimeTooSkewed":         "this machine's clock is wrong by more than 15 minutes: set it",
	"PermanentRedirect":            otherRegion,
	"MovedPermanently":             otherRegion,
	"301":                          otherRegion,
	"AuthorizationHeaderMalformed": wrongRegion,
	"IllegalLocationConstraint":    wrongRegion,
	"InvalidBucketName":            "the bucket's name is not valid",
	"KeyTooLongError":              "the path with its prefix is longer than 1,024 bytes: shorten it",
	"BadDigest":                    damaged,
	"XAmzContentSHA256Mismatch":    damaged,
	"XAmzContentChecksumMismatch":  damaged,
	"NoSuchUpload":                 "the upload in parts was ended by somebody else, or by a rule of the bucket, before all of it was there: deploy again",
	"SlowDown":                     "the store asked for fewer requests at each try: deploy later",
	"ServiceUnavailable":           "the store was not available at any try: deploy later",
	"InternalError":                failing,
	// An answer to a HEAD has no body: the SDK makes the code from the status.
	"InternalServerError": failing,
	"BadRequest":          "the store refuses the request and does not say why; most often the region is wrong: check AWS_REGION",
	"NotImplemented":      "the store does not know this request",
	"InsufficientStorage": diskFull,
	"XMinioStorageFull":   diskFull,
	"QuotaExceeded":       "the bucket's quota is used up: raise it or make room, then deploy again",
	// Stores on a file system: versitygw with its posix backend, MinIO.
	"ObjectParentIsFile":            isFolder,
	"XMinioParentIsObject":          isFolder,
	"ExistingObjectIsDirectory":     isFile,
	"XMinioObjectExistsAsDirectory": isFile,
	"KMS.DisabledException":         "the KMS key is disabled",
	"KMS.NotFoundException":         "the KMS key does not exist",
}

const (
	damaged     = "the content differs from its checksum: the file changed while it was being read (let the build end first), or was damaged on the way: deploy again"
	diskFull    = "the store's disk is full: make room there, then deploy again"
	failing     = "the store failed at each try: deploy later"
	otherRegion = "the bucket is in another region: set AWS_REGION to it"
	wrongRegion = "the region is wrong for this bucket: set AWS_REGION to its region"
	unknownKey  = "the access key is not known to the store: check AWS_ACCESS_KEY_ID"

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
	if more := regionAdvice(code, message, err) + denialAdvice(message); more != "" {
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

// regionAdvice names a bucket's region, if the error has it; "" for other errors (S3 API
// reference, HeadBucket: x-amz-bucket-region).
func regionAdvice(code, message string, err error) string {
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
	// deniedAction matches the action that AWS denies (IAM user guide, "Troubleshoot access
	// denied error messages").
	deniedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)`)
)

// denialAdvice names the denied action and the policy that has to change, if the message of
// AWS has them; "" for other messages.
func denialAdvice(message string) string {
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

// busy says whether a store can't take requests at the moment.
func busy(err error) bool {
	switch httpStatus(err) {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return isThrottle(err)
}

// deleted says whether an object was not found because of a delete marker.
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
