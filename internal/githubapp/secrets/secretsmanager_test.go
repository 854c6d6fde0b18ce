package secrets

import (
	"errors"
	"slices"
	"strings"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/pressrun/pressrun/test/fakesecrets"
	"github.com/pressrun/pressrun/test/servers"
)

func secretsClient(t *testing.T) *secretsmanager.Client {
	t.Helper()
	conf, err := awsconfig.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return secretsmanager.NewFromConfig(conf)
}

// keepsSecrets is what must hold of any Secrets Manager.
func keepsSecrets(t *testing.T) {
	t.Helper()
	client := secretsClient(t)
	if _, err := ReadSecret(t.Context(), client, "pressrun/app"); !errors.Is(err, ErrNoSecret) {
		t.Errorf("a secret that is not there: %v", err)
	}
	for _, value := range []string{"the first", "the second\nwith \"lines\""} {
		if err := WriteSecret(t.Context(), client, "pressrun/app", value); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadSecret(t.Context(), client, "pressrun/app"); err != nil || got != value {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestASecretIsMadeOnceAndThenRenewed(t *testing.T) {
	fake := fakesecrets.Start(t)
	keepsSecrets(t)
	made := 0
	for _, call := range fake.Calls() {
		if strings.HasPrefix(call, "CreateSecret") {
			made++
		}
	}
	if made != 1 {
		t.Errorf("the secret was made %d times: %q", made, fake.Calls())
	}
}

// Another's idea of the API: moto.
func TestMotoKeepsOurSecrets(t *testing.T) {
	fakesecrets.UseEndpoint(t, servers.StartMoto(t))
	keepsSecrets(t)
}

func TestTroubleWithASecretTellsWhatIsMissing(t *testing.T) {
	fake := fakesecrets.Start(t)
	client := secretsClient(t)
	fake.Put("empty", " \n")
	if _, err := ReadSecret(t.Context(), client, "empty"); !errors.Is(err, ErrNoSecret) {
		t.Errorf("an empty secret: %v", err)
	}
	const arn = "arn:aws-us-gov:secretsmanager:us-gov-east-1:123456789012:secret:app-AbCdEf"
	if err := WriteSecret(t.Context(), client, arn, "hush"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("an ARN of nothing was written: %v", err)
	}
	if calls := fake.Calls(); !slices.Equal(calls[1:], []string{"PutSecretValue us-gov-east-1"}) {
		t.Errorf("an ARN's region was not asked, or a secret was made: %q", calls)
	}
	fake.Deny("GetSecretValue")
	fake.Deny("PutSecretValue")
	fake.Put("app", "hush")
	_, read := ReadSecret(t.Context(), client, "app")
	written := WriteSecret(t.Context(), client, "app", "hush hush")
	for action, err := range map[string]error{"GetSecretValue": read, "PutSecretValue": written} {
		if err == nil || errors.Is(err, ErrNoSecret) || !strings.Contains(err.Error(), "secretsmanager:"+action) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s refused: %v", action, err)
		}
	}
}
