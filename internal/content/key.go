package content

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
)

// Key identifies a record within one source.
type Key struct {
	// Type is the name of the list that the record is in.
	Type string `json:"type"`
	ID   string `json:"id"`
	// Language is empty where the source has no translations.
	Language string `json:"language,omitempty"`
}

// String names a record to people.
func (k Key) String() string {
	if k.Language == "" {
		return k.Type + "/" + k.ID
	}
	return k.Type + "/" + k.ID + "." + k.Language
}

// Compare orders keys by type, id and language.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Type, other.Type), cmp.Compare(k.ID, other.ID), cmp.Compare(k.Language, other.Language))
}

// plainName matches names that differ on every file system, also where case does not count.
var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,79}$`)

// FileName is the name of a file or folder for a type, an id or a language. A plain name
// stays; any other gets a part of its hash, so that it is unique where case does not count.
func FileName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	return readable[:min(len(readable), 60)] + "~" + hex.EncodeToString(sum[:5])
}

// File is the record's file, below the folder of a snapshot, with forward slashes.
func (k Key) File() string {
	file := FileName(k.Type) + "/" + FileName(k.ID)
	if k.Language != "" {
		file += "." + FileName(k.Language)
	}
	return file + ".json"
}

// Hash is the SHA-256 of a record's bytes, in hexadecimal.
func Hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// merged is a query in which the parameters of others replace its own.
func merged(query url.Values, others ...url.Values) url.Values {
	all := url.Values{}
	for _, values := range append([]url.Values{query}, others...) {
		for key, value := range values {
			all[key] = value
		}
	}
	return all
}
