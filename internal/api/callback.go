package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Callback is a run's proof of identity where there is no OIDC (Gitea, workflows that get
// no token): signed with a secret that the workflow and the app share, valid for one
// claim and for CallbackLife.
type Callback struct {
	Site    string    `json:"site"`
	RunID   string    `json:"run_id"`
	Attempt int       `json:"run_attempt"`
	Event   string    `json:"event_name,omitempty"`
	ID      string    `json:"jti"`
	Expires time.Time `json:"exp"`
}

const (
	callbackPrefix = "prh_"
	// CallbackLife is how long a Callback is valid. The clocks of a runner and of the app
	// may differ by minutes.
	CallbackLife = 5 * time.Minute
	// minSecret is the least length of a shared secret, in bytes.
	minSecret = 20
)

// The errors of SignCallback and OpenCallback.
var (
	ErrCallback        = errors.New("the run's callback is signed by none of the configured secrets, or damaged")
	ErrCallbackExpired = errors.New("the run's callback has expired, or is good for longer than it may be: check the runner's clock")
	ErrShortSecret     = errors.New("a callback secret needs 20 characters or more")
)

// SignCallback makes the bearer token for a claim.
func SignCallback(secret string, c Callback) (string, error) {
	if len(secret) < minSecret {
		return "", ErrShortSecret
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	body := callbackPrefix + base64.RawURLEncoding.EncodeToString(text)
	return body + "." + callbackMAC(secret, body), nil
}

// IsCallback says whether a bearer token is one of SignCallback.
func IsCallback(bearer string) bool { return strings.HasPrefix(bearer, callbackPrefix) }

// OpenCallback checks a bearer token against each secret, and reads it. It fails with
// ErrCallback or ErrCallbackExpired.
func OpenCallback(secrets []string, bearer string, now time.Time) (Callback, error) {
	body, mac, ok := strings.Cut(bearer, ".")
	if !ok || !IsCallback(bearer) {
		return Callback{}, ErrCallback
	}
	good := false
	for _, secret := range secrets {
		good = len(secret) >= minSecret && hmac.Equal([]byte(mac), []byte(callbackMAC(secret, body))) || good
	}
	if !good {
		return Callback{}, ErrCallback
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(body, callbackPrefix))
	if err != nil {
		return Callback{}, ErrCallback
	}
	var c Callback
	if err := json.Unmarshal(text, &c); err != nil || c.RunID == "" || c.Attempt < 1 || c.ID == "" {
		return Callback{}, ErrCallback
	}
	if !now.Before(c.Expires) || c.Expires.After(now.Add(2*CallbackLife)) {
		return Callback{}, ErrCallbackExpired
	}
	return c, nil
}

func callbackMAC(secret, body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("pressrun callback\n" + body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
