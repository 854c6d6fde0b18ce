package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// HeadersFile is the file of header rules that Netlify and Cloudflare Pages read from
// a build. It is read here too, and never published.
const HeadersFile = "_headers"

// HeadersFileRules are what a _headers file asks for.
type HeadersFileRules struct {
	Rules []HeaderRule
	// Unkept are headers that can't be kept with a stored file: they have to be
	// set at the CDN. Each once, sorted.
	Unkept []string
}

// ParseHeadersFile reads a _headers file: a line with a path, then indented
// lines "Name: value", or "! Name" to take a header away (Cloudflare). "*" in a
// path matches across folders, ":name" within one. Sources: Netlify docs,
// "Custom headers"; Cloudflare Pages docs, "Headers".
func ParseHeadersFile(text []byte) (HeadersFileRules, error) {
	var out HeadersFileRules
	var globs []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
		case strings.HasPrefix(trimmed, "/") && line[0] == '/':
			globs = globsOf(trimmed)
		case line[0] != ' ' && line[0] != '\t':
			return out, fmt.Errorf("%s line %d: expected a path that starts with /", HeadersFile, n)
		case globs == nil:
			return out, fmt.Errorf("%s line %d: a header before any path", HeadersFile, n)
		default:
			name, value, err := headerLine(trimmed)
			if err != nil {
				return out, fmt.Errorf("%s line %d: %w", HeadersFile, n, err)
			}
			out.add(globs, name, value)
		}
	}
	if err := lines.Err(); err != nil {
		return out, fmt.Errorf("%s: %w", HeadersFile, err)
	}
	slices.Sort(out.Unkept)
	out.Unkept = slices.Compact(out.Unkept)
	return out, nil
}

func headerLine(line string) (name, value string, err error) {
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		return strings.ToLower(strings.TrimSpace(rest)), "", nil
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
	if !ok || name == "" || strings.ContainsAny(name, " \t") {
		return "", "", fmt.Errorf("%q is no header: expected Name: value", line)
	}
	return name, value, nil
}

func (r *HeadersFileRules) add(globs []string, name, value string) {
	if !settable[name] && !strings.HasPrefix(name, "x-amz-meta-") {
		r.Unkept = append(r.Unkept, name)
		return
	}
	for _, glob := range globs {
		r.Rules = append(r.Rules, HeaderRule{Match: glob, Set: map[string]string{name: value}})
	}
}

// globsOf turns an address of a _headers file into the globs of the files that
// answer it.
func globsOf(address string) []string {
	parts := strings.Split(strings.TrimPrefix(address, "/"), "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i] = "*"
		} else {
			parts[i] = strings.ReplaceAll(part, "*", "**")
		}
	}
	glob := strings.Join(parts, "/")
	switch {
	case glob == "" || strings.HasSuffix(glob, "/"):
		return []string{glob + "index.html"}
	case strings.HasSuffix(glob, "*") || path.Ext(glob) != "":
		return []string{glob}
	}
	return []string{glob, glob + ".html", glob + "/index.html"}
}
