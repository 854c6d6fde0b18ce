package githubapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
)

// dated signs the App's JWTs with the times of another clock, since this machine's may be
// wrong: GitHub refuses a JWT that is minutes old or from the future.
type dated struct {
	ghinstallation.Signer
	now func() time.Time
}

// Sign implements ghinstallation.Signer.
func (d dated) Sign(claims jwt.Claims) (string, error) {
	if own, ok := claims.(*jwt.RegisteredClaims); ok {
		off := ahead(d.now) // GitHub wants whole seconds
		there := *own
		there.IssuedAt, there.ExpiresAt = later(own.IssuedAt, off), later(own.ExpiresAt, off)
		claims = &there
	}
	return d.Signer.Sign(claims)
}

// ahead is how far a clock is ahead of this machine's, in whole seconds.
func ahead(now func() time.Time) time.Duration { return time.Until(now()).Round(time.Second) }

func later(at *jwt.NumericDate, by time.Duration) *jwt.NumericDate {
	if at == nil {
		return nil
	}
	return jwt.NewNumericDate(at.Add(by))
}

// lasting converts the expiry of tokens that GitHub issues to this machine's clock:
// ghinstallation, which caches them, compares it with that clock.
type lasting struct {
	http.RoundTripper
	now func() time.Time
}

// maxToken bounds the answer with a token, in bytes: it lists the token's repositories.
const maxToken = 4 << 20

// RoundTrip implements http.RoundTripper.
func (l lasting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	off := ahead(l.now)
	if err != nil || off == 0 || resp.StatusCode != http.StatusCreated || !strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return resp, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxToken))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the App's token: %w", err)
	}
	var answer map[string]any
	if json.Unmarshal(text, &answer) == nil {
		said, _ := answer["expires_at"].(string)
		if at, err := time.Parse(time.RFC3339, said); err == nil {
			answer["expires_at"] = at.Add(-off).Format(time.RFC3339)
			if text, err = json.Marshal(answer); err != nil {
				return nil, fmt.Errorf("read the App's token: %w", err)
			}
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return resp, nil
}
