package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/pressrun/pressrun/internal/awscredentials"
)

// SecretsManager are the calls of AWS Secrets Manager that keep the App;
// *secretsmanager.Client has them.
type SecretsManager interface {
	GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, more ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, more ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, more ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
}

// secretLimit bounds a call to Secrets Manager with all its retries: the app waits for it
// when it starts.
const secretLimit = 20 * time.Second

// ErrNoSecret says that there is no such secret, or that nothing is in it yet.
var ErrNoSecret = errors.New("the secret is not there, or has no value yet")

// ReadSecret returns the current value of a secret, by its name or ARN. It returns
// ErrNoSecret when there is none.
func ReadSecret(ctx context.Context, client SecretsManager, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretLimit)
	defer cancel()
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name}, inItsRegion(name))
	if missing(err) {
		return "", fmt.Errorf("read %s from AWS Secrets Manager: %w", name, ErrNoSecret)
	}
	if err != nil {
		return "", fmt.Errorf("read %s from AWS Secrets Manager (it needs secretsmanager:GetSecretValue): %w", name, awscredentials.Error(err))
	}
	value := string(out.SecretBinary)
	if out.SecretString != nil {
		value = *out.SecretString
	}
	if strings.TrimSpace(value) == "" {
		return "", fmt.Errorf("read %s from AWS Secrets Manager: %w", name, ErrNoSecret)
	}
	return value, nil
}

// WriteSecret sets a secret's value, and makes the secret if there is none. Secrets
// Manager keeps the value before as AWSPREVIOUS.
func WriteSecret(ctx context.Context, client SecretsManager, name, value string) error {
	ctx, cancel := context.WithTimeout(ctx, secretLimit)
	defer cancel()
	_, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value}, inItsRegion(name))
	if missing(err) && !strings.HasPrefix(name, "arn:") { // AWS gives ARNs: a new secret can't have a chosen one
		about := "The GitHub App of Pressrun, with its private key"
		_, err = client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value, Description: &about})
	}
	if err != nil {
		return fmt.Errorf("keep %s in AWS Secrets Manager (it needs secretsmanager:PutSecretValue, or CreateSecret where there is none): %w", name, awscredentials.Error(err))
	}
	return nil
}

func missing(err error) bool {
	_, ok := errors.AsType[*types.ResourceNotFoundException](err)
	return ok
}

// inItsRegion uses the region that an ARN names:
// arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.
func inItsRegion(name string) func(*secretsmanager.Options) {
	return func(o *secretsmanager.Options) {
		if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" && parts[3] != "" {
			o.Region = parts[3]
		}
	}
}
