package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

func armoured(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// wrapped is a text in lines of 76 characters, as base64(1) writes them.
func wrapped(text, end string) string {
	var lines []string
	for part := range slices.Chunk([]byte(text), 76) {
		lines = append(lines, string(part))
	}
	return strings.Join(lines, end)
}

func TestAKeyIsTakenAsVariablesAndStoresKeepIt(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	der1 := x509.MarshalPKCS1PrivateKey(key)
	for kind, text := range map[string]string{"PKCS #1": armoured("RSA PRIVATE KEY", der1), "PKCS #8": armoured("PRIVATE KEY", der8)} {
		escaped := strings.ReplaceAll(text, "\n", `\n`)
		for form, given := range map[string]string{
			"as it is": text, "escaped": escaped, "escaped twice": strings.ReplaceAll(text, "\n", `\\n`), "escaped CRLF": strings.ReplaceAll(text, "\n", `\r\n`),
			"quoted": `"` + escaped + `"`, "single quotes": "'" + text + "'", "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "CR": strings.ReplaceAll(text, "\n", "\r"),
			"spaces": strings.ReplaceAll(text, "\n", " "), "no line ends": strings.ReplaceAll(text, "\n", ""), "indented": "  " + strings.ReplaceAll(text, "\n", "\n  "),
			"byte order mark": "\ufeff" + text, "base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(text)),
			"base64 in lines": wrapped(base64.StdEncoding.EncodeToString([]byte(text)), "\n"), "base64 in escaped lines": wrapped(base64.StdEncoding.EncodeToString([]byte(text)), `\r\n`) + `\n`,
			"base64 of escaped": base64.StdEncoding.EncodeToString([]byte(escaped)),
			"DER in base64":     base64.StdEncoding.EncodeToString(map[bool][]byte{true: der1, false: der8}[kind == "PKCS #1"]),
		} {
			signer, err := KeySigner([]byte(given))
			if err != nil {
				t.Errorf("%s, %s: %v", kind, form, err)
				continue
			}
			signed, err := signer.Sign(jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))})
			if err == nil {
				_, err = jwt.Parse(signed, func(*jwt.Token) (any, error) { return &key.PublicKey, nil })
			}
			if err != nil {
				t.Errorf("%s, %s signs: %v", kind, form, err)
			}
		}
	}
}

func TestWhatIsNoKeySaysWhatItIs(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"-----BEGIN RSA PRIVATE KEY-----":                                     "has no end",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE":                               "has no end",
		"hunter2-hunter2":                                                     "this is no private key",
		armoured("PUBLIC KEY", []byte("x")):                                   "this is a public key",
		armoured("CERTIFICATE", []byte("x")):                                  "this is a certificate",
		armoured("ENCRYPTED PRIVATE KEY", []byte("x")):                        "passphrase",
		armoured("OPENSSH PRIVATE KEY", []byte("x")):                          "key of SSH",
		armoured("PRIVATE KEY", der):                                          "not an RSA key",
		armoured("RSA PRIVATE KEY", []byte("cut short, it is")):               "damaged or cut short",
		"-----BEGIN RSA PRIVATE KEY-----\n*?*\n-----END RSA PRIVATE KEY-----": "damaged between",
	} {
		_, err := KeySigner([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "MIIE") {
			t.Errorf("the error has something of the key: %v", err)
		}
	}
}

func FuzzKeySigner(f *testing.F) {
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----"))
	f.Add([]byte("LS0tLS1CRUdJTg=="))
	f.Fuzz(func(t *testing.T, text []byte) {
		if signer, err := KeySigner(text); (signer == nil) == (err == nil) {
			t.Errorf("%v with %v", signer, err)
		}
	})
}
