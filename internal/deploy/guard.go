package deploy

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Guard names: what an operator writes to let one pass, once (--allow NAME).
const (
	GuardEmptyOutput   = "empty-output"
	GuardMissingIndex  = "missing-index"
	GuardMissing404    = "missing-404"
	GuardZeroBytePages = "zero-byte-pages"
	GuardVanishedPages = "vanished-pages"
	GuardShrunkPages   = "shrunk-pages"
	GuardSecretFiles   = "secret-files"
	GuardRefusedFiles  = "refused-files"
	GuardReservedNames = "reserved-names"
	GuardBrokenLinks   = "broken-links"
	GuardOlderRelease  = "older-release"
	GuardForeignFiles  = "foreign-files"
)

// GuardNames are the names of all guards.
func GuardNames() []string {
	return []string{
		GuardEmptyOutput, GuardMissingIndex, GuardMissing404, GuardZeroBytePages, GuardVanishedPages, GuardShrunkPages,
		GuardSecretFiles, GuardRefusedFiles, GuardReservedNames, GuardBrokenLinks, GuardOlderRelease, GuardForeignFiles,
	}
}

// maxPaths is how many paths a violation names; its Detail has the count.
const maxPaths = 20

// Violation is one reason not to publish a build.
type Violation struct {
	Name   string   `json:"name"`
	Detail string   `json:"detail"`
	Paths  []string `json:"paths,omitempty"` // the first of those concerned
}

// GuardError stops a deploy before its first write to the site.
type GuardError struct {
	Violations []Violation
}

// Error lists what is wrong and how to publish all the same.
func (e *GuardError) Error() string {
	lines := make([]string, 0, len(e.Violations))
	for _, v := range e.Violations {
		line := v.Detail
		if len(v.Paths) > 0 {
			line += ": " + quoteAll(v.Paths[:min(len(v.Paths), 3)])
			if len(v.Paths) > 3 {
				line += ", ..."
			}
		}
		lines = append(lines, fmt.Sprintf("%s (to publish all the same, this once: --allow %s)", line, v.Name))
	}
	return "the release was stopped: " + strings.Join(lines, "; ")
}

// Names are the guards that stopped the release.
func (e *GuardError) Names() []string {
	names := make([]string, 0, len(e.Violations))
	for _, v := range e.Violations {
		names = append(names, v.Name)
	}
	return names
}

func quoteAll(paths []string) string {
	quoted := make([]string, 0, len(paths))
	for _, p := range paths {
		quoted = append(quoted, fmt.Sprintf("%q", p))
	}
	return strings.Join(quoted, ", ")
}

// Limits are how much a build may differ from the last release. Zero values
// give the defaults.
type Limits struct {
	// MaxVanishedShare of the last release's pages may be missing, from 0 to 1.
	// Default: 0.5 up to 100 pages, 0.3 up to 1,000, else 0.2.
	MaxVanishedShare float64 `json:"max_vanished_share,omitempty"`
	// MinVanished pages may be missing whatever share that is; default 5.
	MinVanished int `json:"min_vanished,omitempty"`
	// MaxZeroBytePages that are let through; default 0.
	MaxZeroBytePages int `json:"max_zero_byte_pages,omitempty"`
	// MaxShrunkShare of pages may shrink to a fifth of their size or less;
	// default 0.1, and never fewer than 5 pages.
	MaxShrunkShare float64 `json:"max_shrunk_share,omitempty"`
	// MaxBrokenShare of the changed pages may name files that the build does not
	// have; default 0.1, and never fewer than 5 pages. 1 turns the guard off.
	MaxBrokenShare float64 `json:"max_broken_share,omitempty"`
	// NoIndex is for sites that have no index.html at their root.
	NoIndex bool `json:"no_index,omitempty"`
	// StatePrefix and Marker are names that a build may not use.
	StatePrefix string `json:"-"`
}

// Check says what forbids publishing a build. Previous is the release now live;
// nil for the first. No violation means that the build may go out.
func Check(tree Tree, previous *Manifest, limits Limits) []Violation {
	if len(tree.Files) == 0 {
		return []Violation{{Name: GuardEmptyOutput, Detail: "the build has no files at all"}}
	}
	var out []Violation
	for _, check := range []func(Tree, *Manifest, Limits) *Violation{
		missingIndex, missing404, zeroBytePages, vanishedPages, shrunkPages, secretFiles, refusedFiles, reservedNames,
	} {
		if v := check(tree, previous, limits); v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// Stop returns the error for the violations whose guards were not let pass.
func Stop(violations []Violation, allow []string) error {
	var left []Violation
	for _, v := range violations {
		if !slices.Contains(allow, v.Name) {
			left = append(left, v)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return &GuardError{Violations: left}
}

func missingIndex(tree Tree, _ *Manifest, limits Limits) *Violation {
	if limits.NoIndex || tree.Has("index.html") {
		return nil
	}
	return &Violation{Name: GuardMissingIndex, Detail: "the build has no index.html at its root"}
}

func missing404(tree Tree, previous *Manifest, _ Limits) *Violation {
	if previous == nil || tree.Has("404.html") {
		return nil
	}
	if _, had := previous.Find("404.html"); !had {
		return nil
	}
	return &Violation{Name: GuardMissing404, Detail: "the last release had a 404.html and this build has none"}
}

func zeroBytePages(tree Tree, _ *Manifest, limits Limits) *Violation {
	var empty []string
	for _, f := range tree.Files {
		if f.Size == 0 && IsPage(f.Path) {
			empty = append(empty, f.Path)
		}
	}
	if len(empty) <= limits.MaxZeroBytePages {
		return nil
	}
	return violation(GuardZeroBytePages, empty, "%s no bytes", count(len(empty), "page has", "pages have"))
}

func vanishedPages(tree Tree, previous *Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var gone []string
	for _, e := range previous.Entries {
		if IsPage(e.Path) && !tree.Has(e.Path) {
			gone = append(gone, e.Path)
		}
	}
	pages := previous.Pages()
	share := limits.MaxVanishedShare
	if share == 0 {
		share = vanishedShare(pages)
	}
	least := limits.MinVanished
	if least == 0 {
		least = 5
	}
	if len(gone) <= least || float64(len(gone)) <= share*float64(pages) {
		return nil
	}
	return violation(GuardVanishedPages, gone, "%d of the last release's %d pages are missing (limit: %.0f %%)", len(gone), pages, share*100)
}

// vanishedShare is smaller for larger sites: half of ten pages may go in one
// edit, half of ten thousand never do.
func vanishedShare(pages int) float64 {
	switch {
	case pages <= 100:
		return 0.5
	case pages <= 1000:
		return 0.3
	}
	return 0.2
}

func shrunkPages(tree Tree, previous *Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var shrunk []string
	both := 0
	for _, f := range tree.Files {
		old, ok := previous.Find(f.Path)
		if !ok || !IsPage(f.Path) {
			continue
		}
		both++
		if f.Size > 0 && f.Built().Size*5 <= old.Built().Size && !f.Redirect {
			shrunk = append(shrunk, f.Path)
		}
	}
	share := limits.MaxShrunkShare
	if share == 0 {
		share = 0.1
	}
	if len(shrunk) <= 5 || float64(len(shrunk)) <= share*float64(both) {
		return nil
	}
	return violation(GuardShrunkPages, shrunk, "%d of %d pages shrank to a fifth of their size or less, as when an error page replaces them", len(shrunk), both)
}

// secretNames must never be public, wherever they lie in a build.
var secretNames = regexp.MustCompile(`(?i)^(\.env(\..+)?|\.git|\.gitconfig|\.git-credentials|\.svn|\.hg|\.npmrc|\.netrc|\.pgpass|\.htpasswd|\.aws|\.ssh|\.kube|\.docker|id_(rsa|dsa|ecdsa|ed25519)|.+\.(pem|key|p12|pfx|jks|keystore|kdbx)|credentials\.json|terraform\.tfstate(\.backup)?|wp-config\.php)$`)

func secretFiles(tree Tree, _ *Manifest, _ Limits) *Violation {
	var secret []string
	for _, f := range tree.Files {
		if slices.ContainsFunc(strings.Split(f.Path, "/"), secretNames.MatchString) {
			secret = append(secret, f.Path)
		}
	}
	if len(secret) == 0 {
		return nil
	}
	return violation(GuardSecretFiles, secret, "%s that must not be public", count(len(secret), "file looks like a secret", "files look like secrets"))
}

func refusedFiles(tree Tree, _ *Manifest, _ Limits) *Violation {
	if len(tree.Refused) == 0 {
		return nil
	}
	paths := make([]string, 0, len(tree.Refused))
	for _, r := range tree.Refused {
		paths = append(paths, r.Path+" ("+r.Why+")")
	}
	return violation(GuardRefusedFiles, paths, "%s can't be published and would be left out", count(len(paths), "file", "files"))
}

func reservedNames(tree Tree, _ *Manifest, limits Limits) *Violation {
	var reserved []string
	for _, f := range tree.Files {
		if Reserved(f.Path, limits.StatePrefix) {
			reserved = append(reserved, f.Path)
		}
	}
	if len(reserved) == 0 {
		return nil
	}
	return violation(GuardReservedNames, reserved, "%s that Pressrun itself uses and would be left out", count(len(reserved), "file has a name", "files have names"))
}

// Reserved tells whether a path is one that Pressrun writes itself: the
// release's marker, or the state. A build's own file of that name is never sent.
func Reserved(name, statePrefix string) bool {
	return name == MarkerPath || (statePrefix != "" && strings.HasPrefix(name, path.Clean(statePrefix)+"/"))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func violation(name string, paths []string, format string, args ...any) *Violation {
	return &Violation{Name: name, Detail: fmt.Sprintf(format, args...), Paths: paths[:min(len(paths), maxPaths)]}
}
