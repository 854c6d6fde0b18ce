package rewrite

import (
	"bytes"
	"html"
	"net/url"
	"strings"
)

// form is a notation of addresses in texts.
type form struct {
	slash, colon string
	// ends are the bytes that end an address.
	ends string
	// decode and encode resolve and make the escapes of an address.
	decode, encode func(string) string
}

const quotes = "\"'`<>|^{} \t\r\n\f\v\x00"

// forms are the known notations: plain, in JSON with and without escaped slashes,
// percent-encoded once and twice, as character references, and as escapes of scripts.
// The longest of two that begin alike comes first.
var forms = []form{
	{slash: `\\/`, colon: ":", ends: quotes, decode: replacer(`\\/`, "/"), encode: replacer("/", `\\/`)}, // JSON within JSON
	{slash: `\/`, colon: ":", ends: quotes, decode: replacer(`\/`, "/", `\u0026`, "&"), encode: replacer("/", `\/`, "&", `\u0026`)},
	{slash: `\u002f`, colon: ":", ends: quotes, decode: replacer(`\u002f`, "/", `\u002F`, "/"), encode: replacer("/", `\u002F`)},
	{slash: `\x2f`, colon: ":", ends: quotes, decode: replacer(`\x2f`, "/", `\x2F`, "/"), encode: replacer("/", `\x2F`)},
	{slash: "&#x2f;", colon: ":", ends: quotes, decode: html.UnescapeString, encode: replacer("/", "&#x2F;", "&", "&amp;")},
	{slash: "&#47;", colon: ":", ends: quotes, decode: html.UnescapeString, encode: replacer("/", "&#47;", "&", "&amp;")},
	{slash: "%252f", colon: "%253a", ends: quotes + "&;,()", decode: percent(2), encode: func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
	{slash: "%2f", colon: "%3a", ends: quotes + "&;,()", decode: percent(1), encode: url.QueryEscape},
	{slash: "/", colon: ":", ends: quotes + `()\[]`, decode: html.UnescapeString, encode: replacer("&", "&amp;")},
}

func replacer(pairs ...string) func(string) string {
	r := strings.NewReplacer(pairs...)
	return r.Replace
}

func percent(times int) func(string) string {
	return func(s string) string {
		for range times {
			if plain, err := url.QueryUnescape(s); err == nil {
				s = plain
			}
		}
		return s
	}
}

// Text finds and changes the CMS's own addresses in any text: XML, JSON, scripts.
// markup says that "&" begins a character reference.
func (r *Rewriter) Text(text []byte, markup bool, change Change) []byte {
	s := splicer{text: text}
	r.within(&s, 0, len(text), markup, change)
	return s.bytes()
}

// within changes the CMS's addresses in a part of a text.
func (r *Rewriter) within(s *splicer, from, to int, markup bool, change Change) {
	if !containsFold(s.text[from:to], r.host) {
		return
	}
	lower := lowered(s.text[from:to])
	for at := 0; ; {
		i := bytes.Index(lower[at:], r.host)
		if i < 0 {
			return
		}
		at += i
		if f, ok := r.find(lower, at, markup); ok {
			if with, ok := r.changed(s.text[from:to], f, change); ok {
				s.replace(from+f.start, from+f.end, with)
			}
			at = max(f.end, at+1)
			continue
		}
		at += len(r.host)
	}
}

// found is an address that was found in a text.
type found struct {
	start, end int
	form       *form // nil for a bare host
	schemed    bool
	markup     bool
}

// find looks around a place where the host stands, in lower case.
func (r *Rewriter) find(lower []byte, at int, markup bool) (found, bool) {
	end := at + len(r.host)
	before := lower[:at]
	for i := range forms {
		f := &forms[i]
		rest, ok := bytes.CutSuffix(before, []byte(f.slash+f.slash))
		if !ok {
			continue
		}
		after, ok := r.ends(lower, end, f.colon)
		if !ok {
			return found{}, false
		}
		out := found{start: len(rest), form: f, markup: markup}
		for _, colon := range []string{f.colon, ":", `\u003a`, `\x3a`, "&#58;"} {
			scheme, ok := bytes.CutSuffix(rest, []byte(colon))
			if !ok {
				continue
			}
			for _, name := range []string{"https", "http"} {
				if bytes.HasSuffix(scheme, []byte(name)) {
					out.start, out.schemed = len(scheme)-len(name), true
					break
				}
			}
			break
		}
		out.end = after + addressEnd(lower[after:], f)
		return out, true
	}
	if at > 0 && (isNamePart(lower[at-1]) || lower[at-1] == '.' || lower[at-1] == '@' || lower[at-1] == '/') {
		return found{}, false
	}
	after, ok := r.ends(lower, end, ":")
	return found{start: at, end: after}, ok
}

// ends says whether the host ends at a place, and where its port does.
func (r *Rewriter) ends(lower []byte, at int, colon string) (int, bool) {
	if r.port != "" {
		digits := r.port[1:]
		for _, c := range []string{":", colon, `\u003a`} {
			if bytes.HasPrefix(lower[at:], []byte(c+digits)) {
				at += len(c) + len(digits)
				return at, at == len(lower) || lower[at] < '0' || lower[at] > '9'
			}
		}
		return at, false
	}
	if at == len(lower) {
		return at, true
	}
	next := byte(0)
	if at+1 < len(lower) {
		next = lower[at+1]
	}
	switch c := lower[at]; {
	case isNamePart(c):
		return at, false
	case c == '.':
		return at, !isNamePart(next)
	case c == ':':
		return at, next < '0' || next > '9'
	}
	return at, true
}

func isNamePart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// longestAddress bounds an address, in bytes; longer text is taken for none.
const longestAddress = 4096

// addressEnd is where an address ends whose host ends at the start of rest.
func addressEnd(rest []byte, f *form) int {
	if f.slash == "/" && (len(rest) == 0 || strings.IndexByte("/?#", rest[0]) < 0) {
		return 0
	}
	end := 0
	for end < len(rest) && end < longestAddress && strings.IndexByte(f.ends, rest[end]) < 0 {
		if rest[end] == '\\' && !bytes.HasPrefix(rest[end:], []byte(f.slash)) && !bytes.HasPrefix(rest[end:], []byte(`\u0026`)) {
			break // as before a quote
		}
		if rest[end] == '&' && anyPrefix(rest[end:], "&quot;", "&#34;", "&#039;", "&#39;", "&apos;", "&lt;", "&gt;", "&nbsp;") {
			break
		}
		end++
	}
	for end > 0 && strings.IndexByte(".,;:!?*", rest[end-1]) >= 0 {
		end-- // of the sentence
	}
	return end
}

func anyPrefix(text []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(text, []byte(p)) {
			return true
		}
	}
	return false
}

// changed is the replacement of an address.
func (r *Rewriter) changed(text []byte, f found, change Change) (string, bool) {
	written := string(text[f.start:f.end])
	if f.form == nil {
		return change(Reference{Target: written, Use: BareHost})
	}
	decode, encode := f.form.decode, f.form.encode
	if f.form.slash == "/" && !f.markup {
		decode, encode = same, same
	}
	with, ok := change(Reference{Target: decode(written), Use: InText})
	if !ok {
		return "", false
	}
	return encode(with), true
}

func same(s string) string { return s }

// Leaks are the places of the CMS's host in a text, at most so many.
func (r *Rewriter) Leaks(text []byte, most int) []int {
	if !containsFold(text, r.host) {
		return nil
	}
	var out []int
	lower := lowered(text)
	for at := 0; len(out) < most; {
		i := bytes.Index(lower[at:], r.host)
		if i < 0 {
			break
		}
		at += i
		end := at + len(r.host)
		_, ends := r.ends(lower, end, "%3a")
		if ends && (at == 0 || !isNamePart(lower[at-1]) && lower[at-1] != '.' || escapeBefore(lower[:at])) {
			out = append(out, at)
		}
		at = end
	}
	return out
}

// escapeBefore says whether an escape stands before a host, as in %2Fcms.example.gov: its
// last letter is no part of the name.
func escapeBefore(before []byte) bool {
	for _, end := range []string{"%2f", `\u002f`, `\x2f`, "%20", "%3d", "%40"} {
		if bytes.HasSuffix(before, []byte(end)) {
			return true
		}
	}
	return false
}

// containsFold says whether a host is in a text, in whatever case. It looks at dots, of
// which there are few, and each host has one but localhost.
func containsFold(text, host []byte) bool {
	dot := bytes.IndexByte(host, '.')
	if bytes.Contains(text, host) {
		return true
	}
	if dot < 0 {
		return bytes.Contains(lowered(text), host)
	}
	for at := dot; at < len(text); at++ {
		i := bytes.IndexByte(text[at:], '.')
		if i < 0 {
			return false
		}
		at += i
		if start := at - dot; start+len(host) <= len(text) && bytes.EqualFold(text[start:start+len(host)], host) {
			return true
		}
	}
	return false
}

// lowered is a text whose letters of ASCII are in lower case; nothing moves.
func lowered(text []byte) []byte {
	out := make([]byte, len(text))
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		out[i] = c
	}
	return out
}
