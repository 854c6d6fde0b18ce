package store

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// With is the set with a header set to a value; "" removes it.
func (h Headers) With(name, value string) (Headers, error) {
	set := map[string]string{}
	for n, v := range h.All() {
		set[n] = v
	}
	set[strings.ToLower(name)] = value
	return NewHeaders(set)
}

// Headers are the response headers of a file, and the storage options that S3 takes as
// headers (x-amz-meta-*, x-amz-storage-class, ...). The value is canonical: names in lower
// case, sorted, one "name: value" a line. So equal headers are equal strings, and a plan
// sees a change of headers that no ETag shows.
type Headers string

// NewHeaders makes the canonical form of a header set, without empty values. A name or value
// with a line break is an error.
func NewHeaders(set map[string]string) (Headers, error) {
	lower := make(map[string]string, len(set))
	for name, value := range set {
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(value)
		if name == "" || strings.ContainsAny(name, ":\r\n ") {
			return "", fmt.Errorf("header name %q is not valid", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return "", fmt.Errorf("value of header %s has a line break", name)
		}
		if value != "" {
			lower[name] = value
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lower)) {
		b.WriteString(name + ": " + lower[name] + "\n")
	}
	return Headers(b.String()), nil
}

// Get returns the value of the header with this lower-case name, or "".
func (h Headers) Get(name string) string {
	for n, v := range h.All() {
		if n == name {
			return v
		}
	}
	return ""
}

// All yields every name and value in the order of names.
func (h Headers) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for line := range strings.Lines(string(h)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if !yield(name, value) {
				return
			}
		}
	}
}
