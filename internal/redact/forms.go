package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// forms are the ways in which programs print a value: as it is, encoded for an address,
// JSON, HTML or a shell, in hex, and in base64 at each of the three offsets.
func forms(value string) []string {
	out := []string{
		value, strings.Trim(value, `"'`), url.QueryEscape(value), url.PathEscape(value), percent(value, "!'()*"), percent(value, ""),
		html.EscapeString(value), entities.Replace(value), // Go's, and that of PHP and Python
		url.QueryEscape(url.QueryEscape(value)), percent(percent(value, ""), ""), // an address within an address
		strings.ReplaceAll(value, `'`, `'\''`), strings.ReplaceAll(value, `'`, `'"'"'`), backslashed(value), quotedDouble(value),
	}
	for _, encoded := range slices.Clone(out) {
		if strings.Contains(encoded, "%") && encoded != value {
			out = append(out, lowerPercent(encoded))
		}
	}
	if quoted, err := json.Marshal(value); err == nil {
		out = append(out, string(quoted[1:len(quoted)-1]))
	}
	plain := &strings.Builder{}
	enc := json.NewEncoder(plain)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) == nil {
		escaped := strings.TrimSuffix(plain.String(), "\n")
		escaped = escaped[1 : len(escaped)-1]
		out = append(out, escaped, strings.ReplaceAll(escaped, "/", `\/`)) // PHP's json_encode escapes slashes
	}
	digits := hex.EncodeToString([]byte(value))
	out = append(out, digits, strings.ToUpper(digits))
	for offset := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, inBase64(encoding, value, offset))
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(form string) bool { return len(form) < passwordLength })
}

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")

// inBase64 is the certain part of a value in base64 that begins offset bytes into a group
// of three: the characters that depend on no other byte.
func inBase64(encoding *base64.Encoding, value string, offset int) string {
	encoded := encoding.EncodeToString(append(make([]byte, offset), value...))
	first := (offset*8 + 5) / 6
	last := (offset + len(value)) * 8 / 6
	return encoded[first:max(first, last)]
}

// percent encodes all but the unreserved characters of RFC 3986 and those in
// kept. JavaScript's encodeURIComponent keeps some more than Go.
func percent(value, kept string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~"+kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func lowerPercent(encoded string) string {
	out := []byte(encoded)
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			copy(out[i+1:i+3], strings.ToLower(string(out[i+1:i+3])))
		}
	}
	return string(out)
}

// backslashed is a value in the form of a shell's printf %q.
func backslashed(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if strings.IndexByte(" \t!\"#$&'()*,;<>?[\\]^`{|}", c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// quotedDouble is a value between a shell's double quotes.
func quotedDouble(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(value)
}
