package cms

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tolerance is how much a delivery's time may differ from ours, either way. Standard
// Webhooks suggests five minutes. A replay within it is recognised by its id.
const tolerance = 5 * time.Minute

// SignatureError says why a delivery's signature is not accepted. It holds nothing
// secret, and may be shown to the caller.
type SignatureError struct{ Why string }

func (e *SignatureError) Error() string { return e.Why }

func notSigned(format string, args ...any) error {
	return &SignatureError{Why: fmt.Sprintf(format, args...)}
}

// wrongSignature is the same for every wrong signature, so that a forger learns nothing from it.
func wrongSignature() error {
	return notSigned("the signature matches none of this hook's secrets: compare the secret in the CMS, and send the body unchanged")
}

// one is the only value of a header. It refuses a repeated header, of which other code
// might read the other value.
func one(h http.Header, name string) (string, error) {
	values := h.Values(name)
	switch {
	case len(values) > 1:
		return "", notSigned("the header %s is there %d times", name, len(values))
	case len(values) == 0 || strings.TrimSpace(values[0]) == "":
		return "", notSigned("the header %s is missing: set the hook's secret in the CMS", name)
	}
	return strings.TrimSpace(values[0]), nil
}

// mac is the HMAC of the concatenated pieces.
func mac(h func() hash.Hash, key []byte, pieces ...[]byte) []byte {
	m := hmac.New(h, key)
	for _, piece := range pieces {
		m.Write(piece)
	}
	return m.Sum(nil)
}

// matches compares a signature with those that the secrets would have made. It tries
// every secret, also after a match, so that time tells nothing.
func matches(signature []byte, secrets []string, sign func(secret string) []byte) bool {
	found := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(signature, sign(secret)) {
			found = true
		}
	}
	return found
}

// recent refuses a delivery whose time is not within tolerance.
func recent(at, now time.Time) error {
	if off := now.Sub(at); off.Abs() > tolerance {
		return notSigned("it was signed at %s, which is more than %s from now (%s): set the clocks right; a delayed delivery must be sent anew",
			at.UTC().Format(time.RFC3339), tolerance, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// instant reads a number of units since 1970, in digits only.
func instant(text string, unit time.Duration) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(1<<62)/int64(unit) {
		return time.Time{}, notSigned("the time %.30q is not a number of units since 1970", text)
	}
	return time.Unix(0, 0).Add(time.Duration(n) * unit), nil
}

// hashID makes an id of the parts of a delivery that are the same in a retry.
func hashID(pieces ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(pieces, "\x00")))
	return fmt.Sprintf("%x", sum[:16])
}

// pairs reads "t=1,v1=abc", with or without spaces.
func pairs(text string) map[string]string {
	found := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			if _, twice := found[name]; !twice {
				found[name] = value
			}
		}
	}
	return found
}

func newHeader(pairs ...string) http.Header {
	h := http.Header{}
	for pair := range slices.Chunk(pairs, 2) {
		h.Set(pair[0], pair[1])
	}
	return h
}
