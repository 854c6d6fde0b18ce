package secrets

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"

	"github.com/pressrun/pressrun/internal/awscredentials"
)

// KMS is the call of AWS KMS that signing needs; *kms.Client has it.
type KMS interface {
	Sign(ctx context.Context, in *kms.SignInput, more ...func(*kms.Options)) (*kms.SignOutput, error)
}

// kmsTimeout bounds one signature: ghinstallation passes no context.
const kmsTimeout = 10 * time.Second

type kmsSigner struct {
	client KMS
	key    string
}

// KMSSigner signs with an RSA key that never leaves AWS KMS: import the App's
// private key there (key spec RSA_2048, usage SIGN_VERIFY).
func KMSSigner(client KMS, key string) ghinstallation.Signer {
	return &kmsSigner{client: client, key: key}
}

// Sign implements ghinstallation.Signer.
func (k *kmsSigner) Sign(claims jwt.Claims) (string, error) {
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SigningString()
	if err != nil {
		return "", fmt.Errorf("encode the claims: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), kmsTimeout)
	defer cancel()
	out, err := k.client.Sign(ctx, &kms.SignInput{
		KeyId: &k.key, Message: []byte(text), MessageType: types.MessageTypeRaw,
		SigningAlgorithm: types.SigningAlgorithmSpecRsassaPkcs1V15Sha256,
	})
	if err != nil {
		return "", fmt.Errorf("have the KMS key %s sign: %w", k.key, awscredentials.Error(err))
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(out.Signature), nil
}
