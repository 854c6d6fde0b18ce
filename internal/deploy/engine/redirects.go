package engine

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// toldRules is how many rules a warning names.
const toldRules = 5

// makeRedirects turns the build's own rules of redirects into files of the
// release, which from there on are planned, sent and deleted as any other.
func (d *run) makeRedirects(b build) error {
	text, err := b.content(redirect.FileName)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	rules, undone, err := redirect.ParseFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	// Only a folder stages a whole release, and only a folder keeps no headers.
	_, folder := d.dest.Site.(store.Stager)
	made, clashes := redirect.Settle(rules, d.tree, folder)
	undone = append(undone, clashes...)
	if len(undone) > 0 {
		d.warn("not all rules in %[2]s can be carried out by stored files (%[1]d can't); set up at the CDN those that matter: %[3]s",
			len(undone), redirect.FileName, theFirst(undone, redirect.Skipped.String))
	}
	b.made = make(map[string]redirect.Rule, len(made))
	temporary := 0
	for _, r := range made {
		b.made[r.Path()] = r
		if !r.Permanent() {
			temporary++
		}
	}
	if temporary > 0 && !folder && d.opts.Redirects == nil {
		d.warn("temporary redirects (302, 303, 307) are made as pages that lead on (%d): S3 itself can only answer 301, which browsers may keep for ever", temporary)
	}
	d.tree = redirect.WithRedirects(d.tree, made)
	d.from = b
	if missing := redirect.Dangling(made, d.tree); len(missing) > 0 {
		d.warn("rules in %[2]s lead to addresses of this site at which the build has nothing (%[1]d): %[3]s", len(missing), redirect.FileName,
			theFirst(missing, func(r redirect.Rule) string { return fmt.Sprintf("line %d, /%s %s", r.Line, r.From, r.To) }))
	}
	return nil
}

// theFirst names the first few of many.
func theFirst[T any](of []T, name func(T) string) string {
	told := make([]string, 0, toldRules)
	for _, o := range of[:min(len(of), toldRules)] {
		told = append(told, name(o))
	}
	if len(of) > toldRules {
		told = append(told, "...")
	}
	return strings.Join(told, "; ")
}
