package bake

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/boundedfile"
)

// maxAuthorization bounds a file of a user and a password, in bytes.
const maxAuthorization = 4 << 10

// ReadAuthorization makes the header Authorization from a file that holds USER:PASSWORD
// (RFC 7617). Its error repeats nothing of the file.
func ReadAuthorization(path string) (string, error) {
	text, err := boundedfile.Read(path, maxAuthorization)
	if err != nil {
		return "", fmt.Errorf("read the CMS's password: %w", err)
	}
	line := strings.TrimSpace(string(text))
	if user, password, ok := strings.Cut(line, ":"); !ok || user == "" || password == "" || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("the file %s with the CMS's password does not hold one line USER:PASSWORD", path)
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(line)), nil
}
