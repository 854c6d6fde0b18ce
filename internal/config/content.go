package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-openapi/jsonpointer"

	"github.com/pressrun/pressrun/internal/outbound"
)

// Before is a call that makes a CMS publish due content, before a slot of a schedule asks
// for a release.
type Before struct {
	// URL is the address in the CMS: https, or plain http on this machine.
	URL string `yaml:"url" json:"url"`
	// SecretFile holds the secrets with which the call is signed: one a line, the
	// newest first.
	SecretFile string `yaml:"secret_file" json:"secret_file"`
}

// Fingerprint is an address whose answer shows whether content has changed.
type Fingerprint struct {
	// URL is an address whose answer changes with the content: https, or plain http
	// on this machine.
	URL string `yaml:"url" json:"url"`
	// Pointer is a JSON pointer (RFC 6901) to the part of the answer that counts;
	// the whole answer when left out.
	Pointer string `yaml:"pointer" json:"pointer,omitempty"`
	// MaxAge is how old the content of the live release may get before a release is built
	// even with an unchanged fingerprint. 24h when left out.
	MaxAge *Duration `yaml:"max_age" json:"max_age,omitempty" jsonschema:"default=24h"`
}

// BeforeOf is the call before slots of a schedule: its own, or the site's. A
// continuous schedule has no slots, and so no call.
func (s Site) BeforeOf(schedule Schedule) (Before, bool) {
	switch {
	case schedule.Continuous:
		return Before{}, false
	case schedule.Before.URL != "":
		return schedule.Before, true
	}
	return s.Before, s.Before.URL != ""
}

// SecretLines are the secrets that a file holds: one a line, the newest first. It
// fails if there is none.
func SecretLines(path string) ([]string, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return lines, nil
}

func checkContent(k *checker, key string, s Site) {
	checkBefore(k, key+".before", s.Before)
	for i, schedule := range s.Schedules {
		at := fmt.Sprintf("%s.schedules[%d].before", key, i)
		checkBefore(k, at, schedule.Before)
		if k.Has(at) && schedule.Continuous {
			k.wrong(at, "a continuous schedule has no slots to call before; expected cron, every or at")
		}
	}
	if at := key + ".fingerprint"; k.Has(at) {
		checkCalled(k, at+".url", s.Fingerprint.URL)
		checkPositive(k, at+".max_age", s.Fingerprint.MaxAge)
		if p := s.Fingerprint.Pointer; p != "" {
			if _, err := jsonpointer.New(p); err != nil {
				k.wrong(at+".pointer", "%q is no JSON pointer; expected one such as /data/updated", p)
			}
		}
	}
}

func checkBefore(k *checker, key string, b Before) {
	if !k.Has(key) {
		return
	}
	checkCalled(k, key+".url", b.URL)
	if k.Has(key+".secret_file") && b.SecretFile == "" {
		k.wrong(key+".secret_file", "is empty; expected the file with the secret, such as from: echo whsec_$(openssl rand -base64 32)")
	}
}

// checkCalled checks an address that is called. The address may hold a secret, so the
// mistake does not repeat it.
func checkCalled(k *checker, key, address string) {
	if !k.Has(key) {
		return
	}
	if err := outbound.Check(address); err != nil {
		k.WrongSecret(key, err.Error())
	}
}
