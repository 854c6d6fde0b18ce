package secrets

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
)

// KeySigner signs with an App's private key, in PEM as GitHub hands it out (PKCS #1) or
// as PKCS #8. Variables and secret stores change line ends: decodeKey says which forms
// are accepted. Its errors repeat nothing of the text.
func KeySigner(text []byte) (ghinstallation.Signer, error) {
	block, err := decodeKey(text)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err == nil {
		return ghinstallation.NewRSASigner(jwt.SigningMethodRS256, key), nil
	}
	any8, err8 := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err8 != nil {
		return nil, fmt.Errorf("read the App's private key, which is damaged or cut short: download a new one at GitHub: %w", errors.Join(err, err8))
	}
	rsaKey, ok := any8.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the App's private key is not an RSA key, as GitHub's are")
	}
	return ghinstallation.NewRSASigner(jwt.SigningMethodRS256, rsaKey), nil
}

var (
	// armour matches a key in PEM with any line ends, or none.
	armour = regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END ([A-Z0-9 ]+)-----`)
	// lineEnds matches its line ends: white space, or \n or \r\n written as letters, with
	// backslashes escaped again or not.
	lineEnds = regexp.MustCompile(`\s+|\\+[rnt]|\\+`)
)

// decodeKey reads a key's PEM. Line ends may be those of Windows, spaces, the two
// letters \n, or missing; there may be quotes around it, and all of it may be in
// base64.
func decodeKey(text []byte) (*pem.Block, error) {
	plain := strings.Trim(strings.TrimPrefix(string(text), "\ufeff"), " \t\r\n\"'")
	if !strings.Contains(plain, "-----BEGIN") {
		if whole := decodeBase64(lineEnds.ReplaceAllString(plain, "")); bytes.Contains(whole, []byte("-----BEGIN")) {
			plain = string(whole)
		} else if len(whole) > 0 && isKey(whole) {
			return &pem.Block{Bytes: whole}, nil // DER
		}
	}
	m := armour.FindStringSubmatch(plain)
	switch {
	case m == nil && strings.Contains(plain, "-----BEGIN"):
		return nil, errors.New("the private key has no end: it begins with -----BEGIN and has no -----END line; a variable of one line may have lost the others: write \\n for its line ends, or put it into a file")
	case m == nil:
		return nil, errors.New("this is no private key: expected a PEM file that begins with -----BEGIN RSA PRIVATE KEY-----, as GitHub hands it out, also in base64 or with \\n for its line ends")
	case !strings.Contains(m[1], "PRIVATE KEY"):
		return nil, fmt.Errorf("this is a %s, not a private key: download the App's private key at GitHub", strings.ToLower(m[1]))
	case m[1] == "ENCRYPTED PRIVATE KEY" || strings.Contains(m[2], "ENCRYPTED"):
		return nil, errors.New("the private key is encrypted with a passphrase: store it without one, as GitHub hands it out")
	case m[1] == "OPENSSH PRIVATE KEY":
		return nil, errors.New("this is a key of SSH, not the App's: download the App's private key at GitHub")
	}
	content := decodeBase64(lineEnds.ReplaceAllString(m[2], ""))
	if len(content) == 0 {
		return nil, errors.New("the private key is damaged between its BEGIN and END lines: copy the whole file again, or download a new one at GitHub")
	}
	return &pem.Block{Type: m[1], Bytes: content}, nil
}

// decodeBase64 decodes base64 of either alphabet, with or without padding and white
// space; nil if it is not base64.
func decodeBase64(text string) []byte {
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if out, err := encoding.DecodeString(text); err == nil {
			return out
		}
	}
	return nil
}

func isKey(der []byte) bool {
	_, err1 := x509.ParsePKCS1PrivateKey(der)
	_, err8 := x509.ParsePKCS8PrivateKey(der)
	return err1 == nil || err8 == nil
}
