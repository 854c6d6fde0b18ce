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

// Tolerance is how far a delivery's time may be from ours, either way. Standard
// Webhooks suggests five minutes. What comes twice within it is known by its id.
const Tolerance = 5 * time.Minute

// SignatureError says why a delivery is not taken for its sender's. It holds
// nothing secret, and may be shown to the caller.
type SignatureError struct{ Why string }

func (e *SignatureError) Error() string { return e.Why }

func notSigned(format string, args ...any) error {
	return &SignatureError{Why: fmt.Sprintf(format, args...)}
}

// wrongSignature is the same for every signature that does not match: a forger
// learns nothing from it.
func wrongSignature() error {
	return notSigned("the signature matches none of this hook's secrets: compare the secret in the CMS, and send the body unchanged")
}

// one is the only value of a header. Two of one name could be read as one by us and
// as the other by whoever looks next.
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

// mac is the HMAC of pieces put together.
func mac(h func() hash.Hash, key []byte, pieces ...[]byte) []byte {
	m := hmac.New(h, key)
	for _, piece := range pieces {
		m.Write(piece)
	}
	return m.Sum(nil)
}

// matches compares a signature with those that the secrets would have made. Every
// secret is tried, whichever fits, so that time tells nothing.
func matches(signature []byte, secrets []string, sign func(secret string) []byte) bool {
	found := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(signature, sign(secret)) {
			found = true
		}
	}
	return found
}

// recent refuses a delivery whose clock is too far from ours.
func recent(at, now time.Time) error {
	if off := now.Sub(at); off.Abs() > Tolerance {
		return notSigned("it was signed at %s, which is more than %s from now (%s): set the clocks right; a delivery that was kept back must be sent anew",
			at.UTC().Format(time.RFC3339), Tolerance, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// instant reads a count of units since 1970, of digits alone.
func instant(text string, unit time.Duration) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(1<<62)/int64(unit) {
		return time.Time{}, notSigned("the time %.30q is no count since 1970", text)
	}
	return time.Unix(0, 0).Add(time.Duration(n) * unit), nil
}

// hashID makes an id of what a system sends the same again when it tries again.
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
