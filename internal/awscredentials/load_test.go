package awscredentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/pressrun/pressrun/internal/awscredentials"
)

// alone is an environment without anything of AWS's but what is given.
func alone(t *testing.T, set map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range set {
		if name == "config" {
			name, value = "AWS_CONFIG_FILE", write(t, filepath.Join(home, "config"), value)
		}
		t.Setenv(name, value)
	}
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What AWS's SDK itself says, not what we wrote down of it, becomes what to do.
func TestCredentialsThatCanNotBeHadSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		set  map[string]string
		want string
	}{
		"none":                     {nil, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
		"a profile that is not":    {map[string]string{"AWS_PROFILE": "nobody"}, "check AWS_PROFILE"},
		"its source that is not":   {map[string]string{"AWS_PROFILE": "a", "config": "[profile a]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = nobody\n"}, "source_profile"},
		"half a profile":           {map[string]string{"AWS_PROFILE": "a", "config": "[profile a]\naws_access_key_id = AKIA\n"}, "add the other"},
		"a role that wants a code": {map[string]string{"AWS_PROFILE": "a", "config": "[profile a]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\nmfa_serial = arn:aws:iam::1:mfa/x\n[profile b]\naws_access_key_id = a\naws_secret_access_key = b\n"}, "a code of MFA"},
		"a process that fails":     {map[string]string{"AWS_PROFILE": "a", "config": "[profile a]\ncredential_process = /no/such/thing\n"}, "run it by hand"},
		"a sign-in that is not":    {map[string]string{"AWS_PROFILE": "a", "config": "[profile a]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"}, "aws sso login"},
		"an identity that is not":  {map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such"}, "check AWS_WEB_IDENTITY_TOKEN_FILE"},
		"a container without":      {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/creds"}, "the container's role gives no credentials"},
		"a key with CRLF":          {map[string]string{"AWS_ACCESS_KEY_ID": "AKIA\r", "AWS_SECRET_ACCESS_KEY": "b"}, "AWS_ACCESS_KEY_ID has a line end in it"},
		"a secret with a blank":    {map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "b "}, "AWS_SECRET_ACCESS_KEY has white space in it"},
		"a key in quotes":          {map[string]string{"AWS_ACCESS_KEY_ID": `"AKIA"`, "AWS_SECRET_ACCESS_KEY": "b"}, "AWS_ACCESS_KEY_ID has quotes in it"},
		"a token of several lines": {map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "a\nb"}, "AWS_SESSION_TOKEN has a line end in it"},
		"a key without its secret": {map[string]string{"AWS_ACCESS_KEY_ID": "AKIA"}, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, c.set)
			many := config.WithRetryer(func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 8 })
			})
			loaded, err := awscredentials.Load(t.Context(), config.WithRegion("us-east-1"), many)
			if err == nil {
				_, err = loaded.Credentials.Retrieve(t.Context())
				if err != nil {
					err = awscredentials.Error(refresh{err})
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("told as %v, want %q", err, c.want)
			}
		})
	}
	alone(t, map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "b/+="})
	loaded, err := awscredentials.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.Credentials.Retrieve(t.Context()); err != nil || got.SecretAccessKey != "b/+=" {
		t.Errorf("good ones: %+v, %v", got, err)
	}
}

// refresh is what a call makes of an error of credentials.
type refresh struct{ err error }

func (r refresh) Error() string { return "get identity: get credentials: " + r.err.Error() }
func (r refresh) Unwrap() error { return r.err }
