package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy"
)

// maxRules bounds a file of rules, in bytes.
const maxRules = 1 << 20

// ReadRules reads a JSON file of rules, as deploy.ParseRules has them; "" for none.
func ReadRules(name string) (deploy.Rules, error) {
	if name == "" {
		return deploy.Rules{}, nil
	}
	text, err := readBounded(name)
	if err != nil {
		return deploy.Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	rules, err := deploy.ParseRules(text)
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
	d.tree.Files = slices.DeleteFunc(d.tree.Files, func(f deploy.File) bool {
		if f.Path != deploy.HeadersFile && f.Path != deploy.RedirectsFile {
			return false
		}
		found = append(found, f.Path)
		return true
	})
	if slices.Contains(found, deploy.RedirectsFile) {
		if err := d.makeRedirects(b); err != nil {
			return err
		}
	}
	if !slices.Contains(found, deploy.HeadersFile) {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(b.dir, deploy.HeadersFile))
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	parsed, err := deploy.ParseHeadersFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	if len(parsed.Unkept) > 0 {
		d.warn("%s asks for headers that can't be kept with a stored file; set them at the CDN: %s", deploy.HeadersFile, strings.Join(parsed.Unkept, ", "))
	}
	rules := d.opts.Rules
	rules.Headers = append(parsed.Rules, rules.Headers...)
	if d.opts.Rules, err = rules.Compile(); err != nil {
		return fmt.Errorf("%s: %w", deploy.HeadersFile, err)
	}
	return nil
}
