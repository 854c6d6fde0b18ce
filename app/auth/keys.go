package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
)

// Keys mint and check the credentials that the app gives out itself. Credentials are not
// stored: each holds its grant, under a MAC.
type Keys struct{ secret []byte }

// The kinds of credentials. A job's is good for the claim of one release; a session's for
// the reports of one run; an attempt's for one return from a sign-in provider.
const (
	kindJob     = "prj_"
	kindSession = "prs_"
	kindAttempt = "pra_"
)

// Grant is the scope of a credential. Until must be set: no credential is good for ever.
type Grant struct {
	Site    string `json:"s,omitempty"`
	Release int64  `json:"r,omitempty"`
	Run     string `json:"u,omitempty"`
	Attempt int    `json:"a,omitempty"`
	// KeptIn names the secret of Secrets Manager that stores the GitHub App of a set-up;
	// "" for none.
	KeptIn string    `json:"k,omitempty"`
	Until  time.Time `json:"e,omitzero"`
}

const keySize = 32

// LoadKeys reads the app's key, making it at the first start.
func LoadKeys(path string) (Keys, error) {
	secret, err := os.ReadFile(filepath.Clean(path))
	switch {
	case err == nil && len(secret) == keySize:
		return Keys{secret}, nil
	case err == nil:
		return Keys{}, fmt.Errorf("%s is damaged: it holds %d bytes instead of %d; remove it to have a new one made (everybody signs in again, runs under way must be reset)", path, len(secret), keySize)
	case !errors.Is(err, fs.ErrNotExist):
		return Keys{}, fmt.Errorf("read the app's key: %w", err)
	}
	secret = make([]byte, keySize)
	if _, err := rand.Read(secret); err != nil {
		return Keys{}, fmt.Errorf("make the app's key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Keys{}, fmt.Errorf("make the state folder: %w", err)
	}
	if err := atomicfile.Write(path, secret); err != nil {
		return Keys{}, fmt.Errorf("store the app's key: %w", err)
	}
	return Keys{secret}, nil
}

// Secrets are the secrets that all apps on a ledger share.
type Secrets interface {
	KeepFirst(ctx context.Context, name, value string) (kept string, err error)
}

// ShareKeys gives the key that all apps on a ledger share. The first app brings it: that of
// its state folder, or a new one.
func ShareKeys(ctx context.Context, secrets Secrets, path string) (Keys, error) {
	own, err := LoadKeys(path)
	if err != nil {
		return Keys{}, err
	}
	kept, err := secrets.KeepFirst(ctx, "key", base64.RawURLEncoding.EncodeToString(own.secret))
	if err != nil {
		return Keys{}, fmt.Errorf("share the app's key: %w", err)
	}
	secret, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || len(secret) != keySize {
		return Keys{}, errors.New("the key that the apps share is damaged: remove the row of shared_secrets whose name is key, and start all of them again (everybody signs in again, runs under way must be reset)")
	}
	return Keys{secret}, nil
}

// Mint makes a credential of a kind, which is its prefix.
func (k Keys) Mint(kind string, g Grant) string { return k.seal(kind, g) }

func (k Keys) seal(kind string, what any) string {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err) // neither a Grant nor an attempt fails: texts, numbers and a time
	}
	body := kind + base64.RawURLEncoding.EncodeToString(text)
	return body + "." + k.mac(body)
}

// Check gives the grant of a credential of a kind, if the app minted it and it has not
// expired.
func (k Keys) Check(kind, credential string, now time.Time) (Grant, bool) {
	var g Grant
	if !k.open(kind, credential, &g) {
		return Grant{}, false
	}
	return g, now.Before(g.Until)
}

// open reads a value that seal has sealed; false for any other text.
func (k Keys) open(kind, sealed string, into any) bool {
	body, mac, ok := strings.Cut(sealed, ".")
	if !ok || !strings.HasPrefix(body, kind) || !hmac.Equal([]byte(mac), []byte(k.mac(body))) {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(body, kind))
	return err == nil && json.Unmarshal(text, into) == nil
}

func (k Keys) mac(body string) string {
	m := hmac.New(sha256.New, k.secret)
	m.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
