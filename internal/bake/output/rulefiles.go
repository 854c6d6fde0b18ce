package output

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// rules writes the files in which the deploy finds redirects and media types.
func (b *builder) rules(files []file) error {
	headers := headersFile(files)
	redirects := b.redirects()
	var err error
	if headers != "" {
		err = b.write(filepath.Join(b.to, rules.HeadersFile), rules.HeadersFile, []byte(headers))
	}
	if redirects != "" {
		err = errors.Join(err, b.write(filepath.Join(b.to, redirect.FileName), redirect.FileName, []byte(redirects)))
	}
	return err
}

// headersFile is a _headers file with the media types that the files' names do not give.
func headersFile(files []file) string {
	var lines []string
	for _, f := range files {
		if f.place.Type == "" || strings.ContainsAny(f.place.Type, "\r\n") {
			continue
		}
		at := f.place.Path
		if strings.HasSuffix(at, "/") {
			at += "index.html"
		}
		lines = append(lines, fmt.Sprintf("%s\n  Content-Type: %s\n", escapeRule(at), f.place.Type))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// escapeRule escapes the spaces of an address, which end a field in these files. "?" and
// "#" are encoded already.
func escapeRule(at string) string { return strings.ReplaceAll(at, " ", "%20") }

// redirects is a _redirects file with the CMS's own redirects.
func (b *builder) redirects() string {
	served := map[string]bool{}
	for _, f := range b.files() {
		served[f.place.File] = true
	}
	var lines []string
	for _, p := range b.Pages {
		if !judge.IsRedirect(p) || p.Address == b.Missing || p.Address.Query() != "" {
			continue
		}
		if line, ok := b.redirect(p, served); ok {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (b *builder) redirect(p *state.Page, served map[string]bool) (string, bool) {
	from, err := rules.ParseAddress(p.Address.Path())
	if err != nil || from.Depends != "" || from.Splat || from.Placeholder || served[from.File()] {
		return "", false // a page answers there: /a and /a/ are one
	}
	to := p.Location
	if p.To != "" {
		t, ok := b.Mapping.Origin.Follow(address.Base{Address: p.Address}, p.Location)
		if !ok {
			return "", false
		}
		to = b.Mapping.path(t.Address) + t.Fragment
		if strings.TrimSuffix(to, "/") == strings.TrimSuffix(p.Address.Path(), "/") {
			return "", false // to itself
		}
	}
	return fmt.Sprintf("%s %s %d\n", escapeRule(p.Address.Path()), escapeRule(to), p.Status), true
}
