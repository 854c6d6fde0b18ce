package githubapp

import (
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
)

// dated signs what the App signs in by with the times of another clock than this
// machine's, which may be wrong: GitHub refuses what is of minutes ago, or of times to come.
type dated struct {
	ghinstallation.Signer
	now func() time.Time
}

// Sign implements ghinstallation.Signer.
func (d dated) Sign(claims jwt.Claims) (string, error) {
	if own, ok := claims.(*jwt.RegisteredClaims); ok {
		off := time.Until(d.now()).Round(time.Second) // GitHub wants whole seconds
		there := *own
		there.IssuedAt, there.ExpiresAt = later(own.IssuedAt, off), later(own.ExpiresAt, off)
		claims = &there
	}
	return d.Signer.Sign(claims)
}

func later(at *jwt.NumericDate, by time.Duration) *jwt.NumericDate {
	if at == nil {
		return nil
	}
	return jwt.NewNumericDate(at.Add(by))
}
