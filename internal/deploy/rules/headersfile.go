package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// HeadersFile is the file of header rules that Netlify and Cloudflare Pages read from
// a build. It is read here too, and never published.
const HeadersFile = "_headers"

// HeadersFileRules are the rules of a _headers file.
type HeadersFileRules struct {
	Rules []HeaderRule
	// Lines are the line numbers of the addresses of Rules, in the same places.
	Lines []int
	// Unkept are headers that can't be kept with a stored file, each once, sorted: they have
	// to be set at the CDN.
	Unkept []string
	// Skipped are addresses that don't depend on a stored file alone, each with its line and
	// the reason.
	Skipped []string
}

// maxHeadersLine is the longest line of a _headers file, in bytes; Cloudflare takes 2,000
// characters.
const maxHeadersLine = 64 << 10

// ParseHeadersFile reads a _headers file: a line with an address, then lines
// "Name: value", or "! Name" to take a header away (Cloudflare). "*" in an address
// matches across folders, ":name" within one. Several lines of one name below one
// address are one header, joined by commas (Netlify, "Multi-value headers"). Of
// several addresses that match, the later wins for each header. Sources:
// https://docs.netlify.com/routing/headers/ and
// https://developers.cloudflare.com/pages/configuration/headers/.
func ParseHeadersFile(text []byte) (HeadersFileRules, error) {
	p := headersParser{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.Buffer(nil, maxHeadersLine)
	n := 1
	for ; lines.Scan(); n++ {
		if err := p.line(n, strings.TrimSpace(lines.Text())); err != nil {
			return p.out, fmt.Errorf("%s line %d: %w", HeadersFile, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return p.out, fmt.Errorf("%s line %d is longer than %d bytes: %w", HeadersFile, n, maxHeadersLine, err)
	}
	slices.Sort(p.out.Unkept)
	p.out.Unkept = slices.Compact(p.out.Unkept)
	return p.out, nil
}

// headersParser is the parser's state between two lines of a _headers file.
type headersParser struct {
	out   HeadersFileRules
	begun bool     // an address has been read
	at    int      // its line
	globs []string // nil for an address that is skipped
	rules []int    // of this address, in out.Rules: one a glob
}

func (p *headersParser) line(n int, line string) error {
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
		return nil
	case strings.HasPrefix(line, "/") || hostAddress().MatchString(line):
		return p.address(n, line)
	case !p.begun && !strings.Contains(line, ":"):
		return fmt.Errorf("expected a path that starts with /")
	case !p.begun:
		return fmt.Errorf("a header before any path")
	}
	name, value, err := headerLine(line)
	if err != nil {
		return err
	}
	return p.header(name, value)
}

func (p *headersParser) address(n int, line string) error {
	a, err := ParseAddress(line)
	if err != nil {
		return err
	}
	p.begun, p.at, p.globs, p.rules = true, n, nil, nil
	if a.Depends != "" {
		p.out.Skipped = append(p.out.Skipped, fmt.Sprintf("line %d, %s: %s", n, line, a.Depends))
		return nil
	}
	p.globs = a.globs()
	return nil
}

func headerLine(line string) (name, value string, err error) {
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		name = strings.ToLower(strings.TrimSpace(rest))
		if name == "" || strings.ContainsAny(name, " \t:") {
			return "", "", fmt.Errorf("%q removes no header: expected ! Name", line)
		}
		return name, "", nil
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
	if !ok || name == "" || strings.ContainsAny(name, " \t") {
		return "", "", fmt.Errorf("%q is not a header: expected Name: value", line)
	}
	return name, value, nil
}

// header adds a header to the address.
func (p *headersParser) header(name, value string) error {
	if name == "basic-auth" {
		return fmt.Errorf("Basic-Auth can't be kept with stored files, and without it these pages would be open to all: protect them at the CDN, and take the line out")
	}
	if p.globs == nil {
		return nil
	}
	if !storable[name] && !strings.HasPrefix(name, "x-amz-meta-") {
		p.out.Unkept = append(p.out.Unkept, name)
		return nil
	}
	if placeholder().MatchString(value) {
		p.out.Skipped = append(p.out.Skipped, fmt.Sprintf("line %d, %s: its value depends on the address", p.at, name))
		return nil
	}
	if p.rules == nil {
		for _, glob := range p.globs {
			p.rules = append(p.rules, len(p.out.Rules))
			p.out.Rules = append(p.out.Rules, HeaderRule{Match: glob, Set: map[string]string{}})
			p.out.Lines = append(p.out.Lines, p.at)
		}
	}
	for _, i := range p.rules {
		set := p.out.Rules[i].Set
		if before := set[name]; before != "" && value != "" {
			set[name] = before + ", " + value
		} else {
			set[name] = value
		}
	}
	return nil
}

// Unmatched are the lines of addresses that match no file.
func (r HeadersFileRules) Unmatched(files iter.Seq[string]) ([]int, error) {
	globs := make([]*regexp.Regexp, len(r.Rules))
	for i, rule := range r.Rules {
		re, err := Glob(rule.Match)
		if err != nil {
			return nil, err
		}
		globs[i] = re
	}
	matched := map[int]bool{}
	for name := range files {
		for i, re := range globs {
			if !matched[r.Lines[i]] && re.MatchString(name) {
				matched[r.Lines[i]] = true
			}
		}
	}
	var unmatched []int
	for _, line := range r.Lines {
		if !matched[line] && !slices.Contains(unmatched, line) {
			unmatched = append(unmatched, line)
		}
	}
	return unmatched, nil
}
