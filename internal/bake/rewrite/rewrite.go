package rewrite

import (
	"bytes"
	"strings"
)

// Use says what a document does with an address.
type Use uint8

// The uses of an address.
const (
	Link       Use = iota // readers follow it
	Resource              // the browser loads it for the page
	Metadata              // citations, feeds and canonical addresses
	Submission            // a form, or a ping: only a program can answer
	InText                // the CMS's own address in text, data or a script
	BareHost              // the CMS's host alone, with no scheme before it
)

// Reference is an address in a document, its escapes resolved.
type Reference struct {
	Target string
	Use    Use
	// Base is the href of the page's <base>; "" for none, and for what never counts
	// from there.
	Base string
}

// Change gives the replacement of a reference; false leaves it as it is.
type Change func(Reference) (string, bool)

// Rewriter changes the addresses of one CMS. It may be used by many goroutines.
type Rewriter struct {
	host []byte // in lower case, without the port
	port string // ":8080"; "" for the scheme's own
}

// New makes a Rewriter for a host, in lower case, with a port that is not the scheme's own.
func New(host string) *Rewriter {
	r := &Rewriter{host: []byte(host)}
	if i := bytes.LastIndexByte(r.host, ':'); i >= 0 && r.host[len(r.host)-1] != ']' {
		r.host, r.port = r.host[:i], host[i:]
	}
	return r
}

// inside also changes addresses in the query of an address that was changed, as in
// /login?to=https%3A%2F%2Fcms.example.gov%2F.
func (r *Rewriter) inside(change Change) Change {
	return func(ref Reference) (string, bool) {
		with, ok := change(ref)
		if !ok || !containsFold([]byte(with), r.host) {
			return with, ok
		}
		_, query, asks := strings.Cut(with, "?")
		if !asks {
			return with, ok
		}
		return with[:len(with)-len(query)] + string(r.Text([]byte(query), false, change)), true
	}
}

// splicer copies a text with some of it replaced, from its start to its end.
type splicer struct {
	text, out []byte
	done      int // how much of text is in out
}

// replace puts other bytes in the place of some that come after all replaced before.
func (s *splicer) replace(from, to int, with string) {
	s.out = append(s.out, s.text[s.done:from]...)
	s.out = append(s.out, with...)
	s.done = to
}

// bytes are the text with all replaced: itself, where nothing was.
func (s *splicer) bytes() []byte {
	if s.done == 0 && len(s.out) == 0 {
		return s.text
	}
	return append(s.out, s.text[s.done:]...)
}
