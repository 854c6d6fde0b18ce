package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// maxRules bounds a file of rules, in bytes.
const maxRules = 1 << 20

// ReadRules reads a JSON file of rules, as deploy.ParseRules has them; "" for none.
func ReadRules(name string) (rules.Rules, error) {
	if name == "" {
		return rules.Rules{}, nil
	}
	text, err := readBounded(name)
	if err != nil {
		return rules.Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	rules, err := rules.ParseRules(text)
	if err != nil {
		return rules, fmt.Errorf("%s holds no rules: %w", name, err)
	}
	return rules, nil
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: closing can't lose anything
	text, err := io.ReadAll(io.LimitReader(f, maxRules+1))
	if err == nil && len(text) > maxRules {
		err = fmt.Errorf("%s is too large, it may have 1 MiB", name)
	}
	return text, err
}

// readRuleFiles takes the build's own files of rules out of what is published.
// Headers that it asks for come before those of the options, which win.
func (d *run) readRuleFiles() error {
	b, ok := d.from.(build)
	if !ok {
		return nil
	}
	var found []string
	d.tree.Files = slices.DeleteFunc(d.tree.Files, func(f manifest.File) bool {
		if f.Path != rules.HeadersFile && f.Path != redirect.FileName {
			return false
		}
		found = append(found, f.Path)
		return true
	})
	if slices.Contains(found, redirect.FileName) {
		if err := d.makeRedirects(b); err != nil {
			return err
		}
	}
	if !slices.Contains(found, rules.HeadersFile) {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(b.dir, rules.HeadersFile))
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	parsed, err := rules.ParseHeadersFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	if len(parsed.Unkept) > 0 {
		d.warn("%s asks for headers that can't be kept with a stored file; set them at the CDN: %s", rules.HeadersFile, strings.Join(parsed.Unkept, ", "))
	}
	rs := d.opts.Rules
	rs.Headers = append(parsed.Rules, rs.Headers...)
	if d.opts.Rules, err = rs.Compile(); err != nil {
		return fmt.Errorf("%s: %w", rules.HeadersFile, err)
	}
	return nil
}
