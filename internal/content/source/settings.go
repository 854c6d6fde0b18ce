package source

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/internal/boundedfile"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Settings say which content is read, and how. A file for pressrun export holds them.
type Settings struct {
	// Kind is one of Names. URL is the source's address.
	Kind string `yaml:"kind"`
	URL  string `yaml:"url"`
	// Types are the names of the types to be read; all when empty.
	Types []string `yaml:"types"`
	// Overlap is how long a save may take at most in the CMS: what changed so long
	// before the last watermark is read again. Two minutes when left out.
	Overlap string `yaml:"overlap"`
	// FullEvery is the time after which everything is read anew, 168h when left out.
	FullEvery string `yaml:"full_every"`
	// AtOnce bounds how many requests are under way, 16 when left out.
	AtOnce int `yaml:"at_once"`
	// Credential says where the secret is, and how it is sent.
	Credential CredentialSettings `yaml:"credential"`
	// Lists are for the kinds rest and graphql, Space is for Contentful.
	Lists []ListSettings `yaml:"lists"`
	Space SpaceSettings  `yaml:"contentful"`
}

// CredentialSettings say where a secret is, and how it is sent.
type CredentialSettings struct {
	// File holds the secret in its first line.
	File string `yaml:"file"`
	// Header and Prefix, or QueryParam, send it in another way than the kind's own.
	Header     string `yaml:"header"`
	Prefix     string `yaml:"prefix"`
	QueryParam string `yaml:"query_param"`
}

// SpaceSettings name a space of Contentful and its environment.
type SpaceSettings struct {
	Space       string `yaml:"space"`
	Environment string `yaml:"environment"`
}

// CredentialOf is the credential for a secret, sent as the settings say, else as the kind
// does. An empty secret gives an empty credential.
func (s Settings) CredentialOf(k Kind, secret string) fetch.Credential {
	switch {
	case secret == "":
		return fetch.Credential{}
	case s.Credential.Header != "":
		return fetch.Credential{Header: map[string][]string{http.CanonicalHeaderKey(s.Credential.Header): {s.Credential.Prefix + secret}}}
	case s.Credential.QueryParam != "":
		return fetch.Credential{Query: url.Values{s.Credential.QueryParam: {secret}}}
	}
	return k.Credential(secret)
}

// mostSettings bounds a file of settings, in bytes.
const mostSettings = 1 << 20

// ReadSettings reads a file of settings. Every key must be known.
func ReadSettings(file string) (Settings, error) {
	var s Settings
	raw, err := boundedfile.Read(file, mostSettings)
	if err != nil {
		return s, fmt.Errorf("read the settings of the source: %w", err)
	}
	if s, err = ParseSettings(raw); err != nil {
		return s, fmt.Errorf("read the settings of the source: %s: %w", file, err)
	}
	if f := s.Credential.File; f != "" && !filepath.IsAbs(f) {
		s.Credential.File = filepath.Join(filepath.Dir(file), f)
	}
	return s, nil
}

// ParseSettings reads settings, strictly.
func ParseSettings(raw []byte) (Settings, error) {
	var s Settings
	if err := yaml.UnmarshalWithOptions(raw, &s, yaml.Strict()); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// Check validates settings, and fills in the defaults.
func (s *Settings) Check() error {
	if _, err := Find(s.Kind); err != nil {
		return err
	}
	s.URL = strings.TrimRight(strings.TrimSpace(s.URL), "/")
	if s.URL == "" {
		return errors.New("the source's address is missing: url")
	}
	for key, value := range map[string]*string{"overlap": &s.Overlap, "full_every": &s.FullEvery} {
		if *value == "" {
			*value = map[string]string{"overlap": "2m", "full_every": "168h"}[key]
		}
		if d, err := time.ParseDuration(*value); err != nil || d < 0 {
			return fmt.Errorf("%s: %q is no span of time; expected one such as 2m or 168h", key, *value)
		}
	}
	if s.AtOnce < 0 || s.AtOnce > 64 {
		return fmt.Errorf("at_once is 1 to 64, or 0 for the default, not %d", s.AtOnce)
	}
	if generic := s.Kind == rest.Name || s.Kind == "graphql"; !generic && len(s.Lists) > 0 {
		return fmt.Errorf("lists are for the kinds rest and graphql: %s knows its own", s.Kind)
	} else if generic && len(s.Lists) == 0 {
		return fmt.Errorf("the kind %s reads the lists that a file of settings describes: lists", s.Kind)
	}
	seen := map[string]bool{}
	for i, l := range s.Lists {
		if err := l.check(s.Kind); err != nil {
			return fmt.Errorf("lists[%d]: %w", i, err)
		}
		if seen[l.Name] {
			return fmt.Errorf("lists[%d]: there are two lists %q", i, l.Name)
		}
		seen[l.Name] = true
	}
	return nil
}

// Span is the duration of a setting that Check has accepted.
func Span(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return d
}
