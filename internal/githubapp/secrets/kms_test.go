package secrets

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/runner"
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
	github, err := fakegithub.Start(fakegithub.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(github.Close)
	github.AddRepo("acme", "www", fakegithub.ContentRelease())
	r, err := githubapp.New(githubapp.Options{
		APIURL: github.URL, AppID: github.AppID, Signer: KMSSigner(&fakeKMS{t: t, key: github.Key}, "alias/pressrun"),
		Sites: map[string]githubapp.Site{"www": {Repository: "acme/www", Workflow: "content-release.yml", Ref: "main"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Dispatch(t.Context(), runner.Job{Site: "www", Release: 12, Token: "TOKEN1", AppURL: "https://pressrun.test"}); err != nil {
		t.Fatal(err)
	}
}
