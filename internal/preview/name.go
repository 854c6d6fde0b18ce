package preview

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLabel is the longest label of a host name (RFC 1035, 2.3.4).
	maxLabel = 63
	// sumDigits are the hexadecimal digits of a branch's hash in a name.
	sumDigits = 8
	// maxRef bounds a branch's name, in bytes: git hosts accept no longer ones.
	maxRef = 255
)

// reserved are names that people would not take for a preview's.
var reserved = []string{"admin", "api", "app", "cms", "localhost", "mail", "preview", "previews", "pressrun", "production", "staging", "static", "www"}

// hashed matches a name that ends with a hash, or looks like it.
var hashed = regexp.MustCompile(`(^|-)[0-9a-f]{8}$`)

// label matches the names that Name makes.
var label = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Name is the name of a branch's preview, used as a host name's label and as a folder. It
// is always the same for a branch, and different for each: unless the branch's name can
// be read back from it, it ends with eight digits of the branch's hash.
func Name(ref string) string {
	slug := slugOf(ref)
	if slug == ref && ref != "" && len(ref) <= maxLabel && !hashed.MatchString(ref) && !slices.Contains(reserved, ref) {
		return ref
	}
	sum := sha256.Sum256([]byte(ref))
	end := hex.EncodeToString(sum[:])[:sumDigits]
	slug = strings.Trim(slug[:min(len(slug), maxLabel-1-sumDigits)], "-")
	if slug == "" {
		return "preview-" + end
	}
	return slug + "-" + end
}

// slugOf is a branch's name with the characters that a host name allows.
func slugOf(ref string) string {
	var out strings.Builder
	for _, c := range strings.ToLower(ref) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			out.WriteRune(c)
		} else if s := out.String(); s != "" && !strings.HasSuffix(s, "-") {
			out.WriteByte('-')
		}
	}
	return strings.Trim(out.String(), "-")
}

// Numbered is a preview's name with a number at its end.
func Numbered(name string, n int) string {
	end := "-" + strconv.Itoa(n)
	return strings.TrimRight(name[:min(len(name), maxLabel-len(end))], "-") + end
}

// IsName says whether a text can be a preview's name.
func IsName(text string) bool { return len(text) <= maxLabel && label.MatchString(text) }

// CheckRef refuses text that can't be the name of a branch, a tag or a pull request.
func CheckRef(ref string) error {
	switch {
	case ref == "":
		return fmt.Errorf("the branch has no name: say --ref BRANCH")
	case len(ref) > maxRef:
		return fmt.Errorf("the branch's name has %d bytes: %d are allowed", len(ref), maxRef)
	case !utf8.ValidString(ref) || strings.ContainsFunc(ref, func(c rune) bool { return !unicode.IsGraphic(c) }):
		return fmt.Errorf("%q is no branch's name: it has invisible characters", ref)
	}
	return nil
}
