package secrets

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
)

// KeySigner signs with an App's private key, in PEM as GitHub hands it out
// (PKCS #1) or as PKCS #8.
func KeySigner(text []byte) (ghinstallation.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("this is no private key: expected a PEM file that begins with -----BEGIN RSA PRIVATE KEY-----, as GitHub hands it out")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err == nil {
		return ghinstallation.NewRSASigner(jwt.SigningMethodRS256, key), nil
	}
	any8, err8 := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err8 != nil {
		return nil, fmt.Errorf("read the App's private key: %w", errors.Join(err, err8))
	}
	rsaKey, ok := any8.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the App's private key is no RSA key: GitHub's always are")
	}
	return ghinstallation.NewRSASigner(jwt.SigningMethodRS256, rsaKey), nil
}
