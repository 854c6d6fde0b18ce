package app

import (
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

// keys mint and check the credentials that the app gives out itself. They are
// not stored: what they are good for stands in them, under a MAC.
type keys struct{ secret []byte }

// The kinds of credentials. A job's is good for the claim of one release; a
// session's for the reports of one run; a cookie's for the pages.
const (
	kindJob     = "prj_"
	kindSession = "prs_"
	kindCookie  = "prc_"
)

// grant is what a credential is good for. Until must be set: no credential is
// good for ever.
type grant struct {
	ID      string    `json:"i,omitempty"` // of a cookie: what signing out ends
	Site    string    `json:"s,omitempty"`
	Release int64     `json:"r,omitempty"`
	Run     string    `json:"u,omitempty"`
	Attempt int       `json:"a,omitempty"`
	Token   string    `json:"t,omitempty"` // the hash of the token somebody signed in with
	Until   time.Time `json:"e,omitzero"`
}

const keySize = 32

// loadKeys reads the app's key, making it at the first start.
func loadKeys(path string) (keys, error) {
	secret, err := os.ReadFile(filepath.Clean(path))
	switch {
	case err == nil && len(secret) == keySize:
		return keys{secret}, nil
	case err == nil:
		return keys{}, fmt.Errorf("%s is damaged: it holds %d bytes instead of %d; remove it to have a new one made (everybody signs in again, runs under way must be reset)", path, len(secret), keySize)
	case !errors.Is(err, fs.ErrNotExist):
		return keys{}, fmt.Errorf("read the app's key: %w", err)
	}
	secret = make([]byte, keySize)
	if _, err := rand.Read(secret); err != nil {
		return keys{}, fmt.Errorf("make the app's key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return keys{}, fmt.Errorf("make the state folder: %w", err)
	}
	if err := atomicfile.Write(path, secret); err != nil {
		return keys{}, fmt.Errorf("keep the app's key: %w", err)
	}
	return keys{secret}, nil
}

func (k keys) mint(kind string, g grant) string {
	text, err := json.Marshal(g)
	if err != nil {
		panic(err) // a grant is made of texts, numbers and a time of ours
	}
	body := kind + base64.RawURLEncoding.EncodeToString(text)
	return body + "." + k.mac(body)
}

// check says what a credential of a kind is good for, if it is one of ours
// and its time is not over.
func (k keys) check(kind, credential string, now time.Time) (grant, bool) {
	body, mac, ok := strings.Cut(credential, ".")
	if !ok || !strings.HasPrefix(body, kind) || !hmac.Equal([]byte(mac), []byte(k.mac(body))) {
		return grant{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(body, kind))
	if err != nil {
		return grant{}, false
	}
	var g grant
	if err := json.Unmarshal(text, &g); err != nil {
		return grant{}, false
	}
	return g, now.Before(g.Until)
}

func (k keys) mac(body string) string {
	m := hmac.New(sha256.New, k.secret)
	m.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
