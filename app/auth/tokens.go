package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
)

// tokens are the configured bearer tokens, by their hashes.
type tokens []config.Token

// find looks a token up by its hash. It compares all of them, each in constant
// time.
func (t tokens) find(hash string) (config.Token, bool) {
	var found config.Token
	ok := false
	for _, known := range t {
		if subtle.ConstantTimeCompare([]byte(known.SHA256), []byte(hash)) == 1 {
			found, ok = known, true
		}
	}
	return found, ok
}

// caller is the holder of the token with a hash, nil for nobody.
func (t tokens) caller(hash string) *Caller {
	found, ok := t.find(hash)
	if !ok {
		return nil
	}
	return &Caller{Name: found.Name, Role: Role(found.Role), Sites: found.Sites, Via: identity.ViaToken, Subject: hash}
}

// HashToken is the SHA-256 of a token in hexadecimal, as the configuration has
// it.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
