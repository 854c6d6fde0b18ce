package engine

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy"
)

// toldUndone is how many rules that are not carried out a warning names.
const toldUndone = 5

// makeRedirects turns the build's own rules of redirects into files of the
// release, which from there on are planned, sent and deleted as any other.
func (d *run) makeRedirects(b build) error {
	text, err := b.content(deploy.RedirectsFile)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	rules, undone, err := deploy.ParseRedirectsFile(text)
	if err != nil {
		return fmt.Errorf("read the build: %w", err)
	}
	// Only a folder stages a whole release, and only a folder keeps no headers.
	_, folder := d.dest.Site.(deploy.Stager)
	made, clashes := deploy.Redirects(rules, d.tree, folder)
	undone = append(undone, clashes...)
	if len(undone) > 0 {
		told := make([]string, 0, toldUndone)
		for _, u := range undone[:min(len(undone), toldUndone)] {
			told = append(told, u.String())
		}
		if len(undone) > toldUndone {
			told = append(told, "...")
		}
		d.warn("%d of the rules in %s are not carried out by stored files, set up at the CDN those that matter: %s",
			len(undone), deploy.RedirectsFile, strings.Join(told, "; "))
	}
	b.made = make(map[string]deploy.Redirect, len(made))
	temporary := 0
	for _, r := range made {
		b.made[r.Path()] = r
		if !r.Permanent() {
			temporary++
		}
	}
	if temporary > 0 && !folder {
		d.warn("%d temporary redirects (302, 303, 307) are made as pages that lead on: S3 itself can only answer 301, which browsers may keep for ever", temporary)
	}
	d.tree = d.tree.WithRedirects(made)
	d.from = b
	return nil
}
