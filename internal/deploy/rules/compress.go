package rules

import (
	"fmt"
	"regexp"
)

// The encodings of a compress rule.
const (
	EncodingGzip = "gzip"
	EncodingNone = "none"
)

// CompressRule has the matching text files stored compressed, where that makes them
// smaller, and served with Content-Encoding. Match is a glob as in HeaderRule.
type CompressRule struct {
	Match    string `json:"match"`
	Encoding string `json:"encoding"` // "gzip", or "none" for files that an earlier rule names
}

func (r Rules) compileCompress() ([]*regexp.Regexp, error) {
	var globs []*regexp.Regexp
	for i, rule := range r.Compress {
		re, err := Glob(rule.Match)
		if err != nil {
			return nil, fmt.Errorf("compress rule %d: %w", i+1, err)
		}
		if rule.Encoding != EncodingGzip && rule.Encoding != EncodingNone {
			return nil, fmt.Errorf("compress rule %d (%s): the encoding %q is not known: expected %s or %s", i+1, rule.Match, rule.Encoding, EncodingGzip, EncodingNone)
		}
		globs = append(globs, re)
	}
	return globs, nil
}

// EncodingFor is the encoding to store a file in: "gzip", or "" for none. Later rules win. A
// file that is not compressible has none, nor has a file to which a header rule gives an
// encoding: the build has compressed that. Rules must be compiled.
func (r Rules) EncodingFor(name string) (string, error) {
	encoding := EncodingNone
	for i, re := range r.compress {
		if re.MatchString(name) {
			encoding = r.Compress[i].Encoding
		}
	}
	if encoding == EncodingNone || !compressible(name) {
		return "", nil
	}
	headers, err := r.HeadersFor(name)
	if err != nil || headers.Get(EncodingHeader) != "" {
		return "", err
	}
	return encoding, nil
}

// EncodingHeader is the header of a compressed file.
const EncodingHeader = "content-encoding"
