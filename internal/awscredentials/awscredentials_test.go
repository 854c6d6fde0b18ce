package awscredentials_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/awscredentials"
)

func TestTheSDKsWordsBecomeWhatToDo(t *testing.T) {
	for words, want := range map[string]string{
		"get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, request canceled":                                "set AWS_ACCESS_KEY_ID",
		"get identity: get credentials: failed to refresh cached credentials, static credentials are empty":                                                                                  "set AWS_ACCESS_KEY_ID",
		"get identity: get credentials: failed to refresh cached credentials, the SSO session has expired or is invalid: open /home/a/.aws/sso/cache/1.json":                                 "aws sso login",
		"get identity: get credentials: failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token, operation error SSO OIDC: InvalidGrantException": "aws sso login",
		"get identity: get credentials: failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, api error AccessDenied":        "trust policy",
		"get identity: get credentials: failed to refresh cached credentials, operation error STS: AssumeRole, api error AccessDenied":                                                       "the AWS role can't be assumed",
		"get identity: get credentials: failed to refresh cached credentials, error in credential_process: exit status 1":                                                                    "run it by hand",
		"get identity: get credentials: failed to refresh cached credentials, failed to load credentials, exceeded maximum number of attempts, 3, endpoint":                                  "container's role",
		"get identity: get credentials: failed to refresh cached credentials, failed to load credentials, exceeded maximum number of attempts, 3, request send failed":                       "container's role",
		"get identity: get credentials: failed to refresh cached credentials, failed to retrieve jwt from provide source, unable to read file at /no/such":                                   "AWS_WEB_IDENTITY_TOKEN_FILE",
		"get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context deadline exceeded":             "hop limit",
		"assume role with MFA enabled, but AssumeRoleTokenProvider session option not set.":                                                                                                  "a code of MFA",
		"error fetching config from profile, half, Error using profile: \n 1, partial credentials found for profile profile half":                                                            "add the other",
		"failed to load assume role arn:aws:iam::1:role/x, of profile nobody, failed to get shared config profile, nobody":                                                                   "source_profile",
		"failed to get shared config profile, nobody": "check AWS_PROFILE",
	} {
		err := errors.New("operation error S3: GetObject, " + words)
		if got := awscredentials.Explain(err); !strings.Contains(got, want) {
			t.Errorf("%s\n%q, want %q", words, got, want)
		}
		if shown := awscredentials.Error(fmt.Errorf("call: %w", err)); strings.Contains(shown.Error(), "IMDS") || !errors.Is(shown, err) {
			t.Errorf("shown as %v", shown)
		}
	}
	for _, words := range []string{"api error AccessDenied: the credentials lack it", "connection refused", "api error ExpiredToken: The provided token has expired"} {
		if got := awscredentials.Explain(errors.New(words)); got != "" {
			t.Errorf("%s: %q", words, got)
		}
	}
	if awscredentials.Explain(nil) != "" || awscredentials.Error(nil) != nil {
		t.Error("no error is an error")
	}
}
