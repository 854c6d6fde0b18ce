package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// maxRules is the largest size of a rules file, in bytes.
const maxRules = 1 << 20

// ReadRules reads a JSON file of rules (see rules.ParseRules); "" gives no rules.
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
		return rules, fmt.Errorf("read the rules in %s: %w", name, err)
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
		err = fmt.Errorf("%s is too large: it may have 1 MiB", name)
	}
	return text, err
}

// readRuleFiles carries out the build's own _redirects and _headers files, and takes them
// out of the published files. Header rules of the options win over those of _headers.
func (r *read) readRuleFiles() error {
	b, ok := r.build()
	if !ok {
		return nil
	}
	r.leaveOut()
	var found []string
	r.tree.Files = slices.DeleteFunc(r.tree.Files, func(f manifest.File) bool {
		if f.Path != rules.HeadersFile && f.Path != redirect.FileName {
			return false
		}
		found = append(found, f.Path)
		return true
	})
	if slices.Contains(found, redirect.FileName) {
		if err := r.makeRedirects(b); err != nil {
			return err
		}
	}
	if !slices.Contains(found, rules.HeadersFile) {
		return nil
	}
	text, err := b.Text(rules.HeadersFile)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	parsed, err := rules.ParseHeadersFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	if len(parsed.Unkept) > 0 {
		r.warn("%s asks for headers that can't be kept with a stored file; set them at the CDN: %s", rules.HeadersFile, strings.Join(parsed.Unkept, ", "))
	}
	if err := r.warnUnmatched(parsed); err != nil {
		return err
	}
	r.rules.Headers = append(parsed.Rules, r.rules.Headers...)
	if r.rules, err = r.rules.Compile(); err != nil {
		return fmt.Errorf("%s: %w", rules.HeadersFile, err)
	}
	return nil
}

// warnUnmatched warns of addresses in _headers that set nothing.
func (r *read) warnUnmatched(parsed rules.HeadersFileRules) error {
	if len(parsed.Skipped) > 0 {
		r.warn("not all of %s can be kept with stored files; set up at the CDN what matters (%d): %s", rules.HeadersFile, len(parsed.Skipped), firstFew(parsed.Skipped, strings.Clone))
	}
	unmatched, err := parsed.Unmatched(func(yield func(string) bool) {
		for _, f := range r.tree.Files {
			if !yield(f.Path) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", rules.HeadersFile, err)
	}
	if len(unmatched) > 0 {
		r.warn("addresses in %s match no file of the build (%d): %s", rules.HeadersFile, len(unmatched), firstFew(unmatched, func(line int) string { return fmt.Sprintf("line %d", line) }))
	}
	return nil
}

// leaveOut takes files out of the build that must not be published, and warns of them.
func (r *read) leaveOut() {
	left := map[string][]string{}
	why := func(name string) string {
		why := r.rules.LeftOut(name)
		if why != "" {
			left[why] = append(left[why], name)
		}
		return why
	}
	r.tree.Files = slices.DeleteFunc(r.tree.Files, func(f manifest.File) bool { return why(f.Path) != "" })
	r.tree.Refused = slices.DeleteFunc(r.tree.Refused, func(f manifest.Refused) bool { return why(f.Path) != "" })
	for _, why := range []string{rules.LeftOutSecret, rules.LeftOutJunk} {
		if names := left[why]; len(names) > 0 {
			r.warn(`files are left out of the release, since %s (%d): %s (to publish one all the same, write "exclude": ["!NAME"] into the rules)`, why, len(names), firstFew(names, strings.Clone))
		}
	}
	var untyped []string
	for _, f := range r.tree.Files {
		if headers, err := r.rules.HeadersFor(f.Path); err == nil && rules.IsUntyped(f.Path) && headers.Get("content-type") == rules.ContentType(f.Path) {
			untyped = append(untyped, f.Path)
		}
	}
	if len(untyped) > 0 {
		r.warn("files below .well-known have no known type and are served as downloads (%d): %s (set content-type in the rules or in _headers)", len(untyped), firstFew(untyped, strings.Clone))
	}
}

// makeRedirects turns the rules of _redirects into files of the release, which are then
// planned, sent and deleted as any other.
func (r *read) makeRedirects(b *content.Build) error {
	text, err := b.Text(redirect.FileName)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	asked, skipped, err := redirect.ParseFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	made, clashes := redirect.Resolve(asked, r.tree, r.folder())
	skipped = append(skipped, clashes...)
	if len(skipped) > 0 {
		r.warn("not all rules in %[2]s can be carried out by stored files (%[1]d can't); set up at the CDN those that matter: %[3]s",
			len(skipped), redirect.FileName, firstFew(skipped, redirect.Skipped.String))
	}
	b.SetRedirects(made)
	temporary := 0
	for _, rule := range made {
		if !rule.Permanent() {
			temporary++
		}
	}
	if temporary > 0 && !r.folder() && r.opts.Redirects == nil {
		r.warn("temporary redirects (302, 303, 307) become pages that redirect (%d): S3 itself can only answer 301, which browsers may cache for ever", temporary)
	}
	r.tree = redirect.WithRedirects(r.tree, made)
	if missing := redirect.Dangling(made, r.tree); len(missing) > 0 {
		r.warn("rules in %[2]s lead to addresses of this site at which the build has no file (%[1]d): %[3]s", len(missing), redirect.FileName,
			firstFew(missing, func(rule redirect.Rule) string { return fmt.Sprintf("line %d, /%s %s", rule.Line, rule.From, rule.To) }))
	}
	return nil
}
