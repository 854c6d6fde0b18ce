package githubapp

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/pressrun/pressrun/test/fakegithub"
)

// fakeKMS signs as KMS does: it hashes a raw message itself.
type fakeKMS struct {
	t   *testing.T
	key *rsa.PrivateKey
}

func (f *fakeKMS) Sign(_ context.Context, in *kms.SignInput, _ ...func(*kms.Options)) (*kms.SignOutput, error) {
	if *in.KeyId != "alias/pressrun" || in.MessageType != types.MessageTypeRaw || in.SigningAlgorithm != types.SigningAlgorithmSpecRsassaPkcs1V15Sha256 {
		f.t.Errorf("KMS was asked for %+v", in)
	}
	sum := sha256.Sum256(in.Message)
	signature, err := rsa.SignPKCS1v15(rand.Reader, f.key, crypto.SHA256, sum[:])
	return &kms.SignOutput{Signature: signature}, err
}

func TestAKeyInKMSSignsForTheApp(t *testing.T) {
	var kmsKey fakeKMS
	b := start(t, fakegithub.Options{}, func(o *Options) { o.Signer = KMSSigner(&kmsKey, "alias/pressrun") })
	kmsKey = fakeKMS{t: t, key: b.github.Key}
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
		t.Fatal(err)
	}
}
