package redact

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// Mask replaces a secret.
const Mask = "***"

// Redactor takes known secrets out of text, and text that looks like a secret. Its zero
// value knows no secret. It is safe for concurrent use.
type Redactor struct {
	mu      sync.RWMutex
	allowed []string
	known   []string // values
	forms   []string // of the values
	found   *literals
}

// Allow lets words of the site, such as its name, stay although a secret has the same
// value. It applies to secrets that are added afterwards.
func (r *Redactor) Allow(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		if name != "" {
			r.allowed = append(append(r.allowed, strings.ToLower(name)), split(name)...)
		}
	}
}

// Add adds values to take out from now on, in all their forms. Values that are short or
// common are ignored: they would be found in other words.
func (r *Redactor) Add(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range values {
		if value = strings.TrimSpace(value); isFound(value, r.allowed) && !slices.Contains(r.known, value) {
			r.known = append(r.known, value)
			r.forms = append(r.forms, forms(value)...)
		}
	}
	r.found = newLiterals(r.forms)
}

// Known are the values that are taken out.
func (r *Redactor) Known() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.known)
}

// Text is a text without secrets.
func (r *Redactor) Text(text string) string {
	r.mu.RLock()
	known := r.found // which is never changed
	r.mu.RUnlock()
	return masked(text, append(find(text, patterns()), known.find(text)...))
}

// Text is a text without anything that looks like a secret; no secrets are known.
func Text(text string) string { return new(Redactor).Text(text) }

// masked replaces spans, which may overlap, each run of them by one mask.
func masked(text string, found []span) string {
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	end, open := 0, -1
	for _, s := range found {
		if open >= 0 && s.from < open {
			open = max(open, s.to)
			continue
		}
		if open >= 0 {
			end = open
		}
		b.WriteString(text[end:s.from])
		b.WriteString(Mask)
		open = s.to
	}
	b.WriteString(text[open:])
	return b.String()
}

// longestLine bounds how many bytes of a line a Writer holds back.
const longestLine = 64 << 10

// longestKey bounds how many lines of a private key are hidden in a log: after a key
// without an end, the text is shown again.
const longestKey = 200

// Writer takes secrets out of the text written through it, line by line.
type Writer struct {
	to   io.Writer
	text func(string) string
	line []byte
	key  int // lines of a private key that may still come
}

// NewWriter makes a Writer to another; text is a Redactor's Text.
func NewWriter(to io.Writer, text func(string) string) *Writer { return &Writer{to: to, text: text} }

// Write implements io.Writer. A line is passed on once it has ended.
func (w *Writer) Write(p []byte) (int, error) {
	w.line = append(w.line, p...)
	rest := w.line
	var out strings.Builder
	for {
		end := bytes.IndexAny(rest, "\r\n") + 1
		if end == 0 && len(rest) > longestLine {
			end = len(rest)
		}
		if end == 0 {
			break
		}
		out.WriteString(w.one(string(rest[:end])))
		rest = rest[end:]
	}
	w.line = append(w.line[:0], rest...)
	if out.Len() == 0 {
		return len(p), nil
	}
	_, err := io.WriteString(w.to, out.String())
	return len(p), err
}

// one takes secrets out of a line, also those of a private key that began before it.
func (w *Writer) one(line string) string {
	begins := strings.Contains(line, "-----BEGIN ") && strings.Contains(line, "PRIVATE KEY")
	ends := strings.Contains(line, "-----END ")
	switch {
	case begins && !ends:
		w.key = longestKey
	case w.key > 0 && ends:
		w.key = 0
		return Mask + "\n"
	case w.key > 0:
		w.key--
		return Mask + "\n"
	}
	out := w.text(line)
	if begins && !strings.HasSuffix(out, "\n") {
		out += "\n" // the line end was part of the key
	}
	return out
}

// Flush passes on a line that has not ended.
func (w *Writer) Flush() error {
	if len(w.line) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, w.one(string(w.line)))
	w.line = w.line[:0]
	return err
}
