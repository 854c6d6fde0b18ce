// Package awscredentials says what to do when AWS's SDK found no usable credentials. The
// SDK has no error values for it, and its messages name machines that the reader may not
// have: "no EC2 IMDS role found".
package awscredentials

import (
	"errors"
	"slices"
	"strings"
)

// causes are parts of the SDK's messages, the most specific first, and what to do
// (aws-sdk-go-v2: credentials/ssocreds, credentials/stscreds, credentials/processcreds,
// credentials/endpointcreds, credentials/ec2rolecreds, config).
var causes = []struct {
	all []string // in lower case
	do  string
}{
	{[]string{"of profile", "failed to get shared config profile"}, "the profile that the AWS profile takes its credentials from (source_profile) is not in the configuration files: check ~/.aws/config"},
	{[]string{"failed to get shared config profile"}, "the AWS profile is not in the configuration files: check AWS_PROFILE and ~/.aws/config"},
	{[]string{"partial credentials found"}, "the AWS profile has only one of aws_access_key_id and aws_secret_access_key: add the other"},
	{[]string{"assumeroletokenprovider"}, "the AWS profile's role wants a code of MFA, which nobody can type here: use one without, or give the credentials of a session in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"},
	{[]string{"sso", "token"}, "the AWS sign-in (SSO) has expired or was never made: run aws sso login, with --profile where a profile is used"},
	{[]string{"sso session"}, "the AWS sign-in (SSO) has expired or was never made: run aws sso login, with --profile where a profile is used"},
	{[]string{"webidentity", "expiredtoken"}, "the job's identity token has expired: sign in to AWS later in the job, or make the role's session longer"},
	{[]string{"web identity"}, "the job's identity can't be used for its AWS role: check AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the role's trust policy"},
	{[]string{"webidentity"}, "the job's identity can't be used for its AWS role: check AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the role's trust policy"},
	{[]string{"assumerole"}, "the AWS role can't be assumed: check its name and its trust policy"},
	{[]string{"assume role"}, "the AWS role can't be assumed: check its name and its trust policy"},
	{[]string{"process provider"}, "the credential_process of the AWS profile failed: run it by hand"},
	{[]string{"credential_process"}, "the credential_process of the AWS profile failed: run it by hand"},
	{[]string{"failed to retrieve jwt"}, "the file with the job's identity can't be read: check AWS_WEB_IDENTITY_TOKEN_FILE"},
	{[]string{"failed to load credentials"}, "the container's role gives no credentials: check AWS_CONTAINER_CREDENTIALS_FULL_URI, and that the task or pod has a role"},
	{[]string{"static credentials are empty"}, notFound},
	{[]string{"ec2imds", "deadline exceeded"}, notFound + "; in a container on EC2, its metadata answers only from a hop limit of 2 on"},
	{[]string{"no ec2 imds role found"}, notFound},
	{[]string{"ec2imds"}, notFound},
	{[]string{"failed to refresh cached credentials"}, notFound},
	{[]string{"get identity: get credentials"}, notFound},
}

// credentialWords tell the SDK's errors about getting credentials from all others: each
// has one of them. A service that refuses the credentials that were found answers with an
// error code instead.
var credentialWords = []string{"get credentials", "refresh cached", "shared config profile", "no ec2 imds role", "sso session", "assumeroletokenprovider", "partial credentials"}

const notFound = "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role"

// Explain gives the fault of the credentials for which a call failed, and its remedy; ""
// for any other error, nil included.
func Explain(err error) string {
	if err == nil {
		return ""
	}
	if explained, ok := errors.AsType[*explainedError](err); ok {
		return explained.what
	}
	said := strings.ToLower(err.Error())
	if !slices.ContainsFunc(credentialWords, func(words string) bool { return strings.Contains(said, words) }) {
		return ""
	}
	for _, cause := range causes {
		if !slices.ContainsFunc(cause.all, func(part string) bool { return !strings.Contains(said, part) }) {
			return cause.do
		}
	}
	return ""
}

// Error gives an error of a call to AWS the message of Explain, where there is one. It
// still wraps the SDK's error.
func Error(err error) error {
	if what := Explain(err); what != "" {
		return &explainedError{what, err}
	}
	return err
}

type explainedError struct {
	what  string
	cause error
}

func (e *explainedError) Error() string { return e.what }

func (e *explainedError) Unwrap() error { return e.cause }
