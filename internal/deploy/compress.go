package deploy

import (
	"fmt"
	"regexp"
	"strings"
)

// The encodings of a compress rule.
const (
	EncodingGzip = "gzip"
	EncodingNone = "none"
)

// CompressRule asks that the text files that match are stored compressed, and
// served with Content-Encoding, where that makes them smaller. Match is a glob as
// in HeaderRule.
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

// EncodingFor says how the rules want a file stored: "gzip", or "" for as it is.
// Later rules win. A file that is no text stays as it is, and so does one that a
// header rule gives an encoding: the build has compressed it itself. Rules must be
// compiled.
func (r Rules) EncodingFor(name string) (string, error) {
	encoding := EncodingNone
	for i, re := range r.compress {
		if re.MatchString(name) {
			encoding = r.Compress[i].Encoding
		}
	}
	if encoding == EncodingNone || !IsText(name) {
		return "", nil
	}
	headers, err := r.HeadersFor(name)
	if err != nil || headers.Get(encodingHeader) != "" {
		return "", err
	}
	return encoding, nil
}

const encodingHeader = "content-encoding"

// Encoded is a built file as it is stored: in an encoding, with the size and sums
// of the encoded bytes.
func (f File) Encoded(encoding string, size int64, sum Sum, crc uint64) File {
	f = f.AsBuilt()
	f.Encoding, f.Size, f.Sum, f.CRC = encoding, size, sum, crc
	return f
}

// AsBuilt is a built file that is stored as it is, since compressing does not
// make it smaller: the manifest remembers that.
func (f File) AsBuilt() File {
	f.Origin, f.OriginCRC = f.Built(), f.CRC
	return f
}

// Built is the file as it was built.
func (f File) Built() Origin {
	if f.Origin == (Origin{}) {
		return Origin{f.Size, f.Sum}
	}
	return f.Origin
}

// As is a built file as a release holds it that has the same one in the same
// encoding: nothing need be compressed to know what is stored, whatever version of
// the compressor did it.
func (f File) As(held Entry, encoding string) (File, bool) {
	if held.Origin == (Origin{}) || held.Origin.Sum != f.Sum {
		return f, false
	}
	if !held.Compressed() {
		return f.AsBuilt(), true
	}
	if held.Headers.Get(encodingHeader) != encoding {
		return f, false
	}
	return f.Encoded(encoding, held.Size, held.Sum, held.CRC), true
}

// headerEncoder gives header sets an encoding. Each pair is made once and its string
// shared, as in HeadersFor.
type headerEncoder map[[2]string]Headers

func (m headerEncoder) add(h Headers, encoding string) (Headers, error) {
	if encoding == "" {
		return h, nil
	}
	id := [2]string{string(h), encoding}
	if known, ok := m[id]; ok {
		return known, nil
	}
	made, err := h.With(encodingHeader, encoding)
	if err == nil {
		m[id] = made
	}
	return made, err
}

// With is the set with one more header, or another value of it; "" takes it away.
func (h Headers) With(name, value string) (Headers, error) {
	set := map[string]string{}
	for n, v := range h.All() {
		set[n] = v
	}
	set[strings.ToLower(name)] = value
	return NewHeaders(set)
}
