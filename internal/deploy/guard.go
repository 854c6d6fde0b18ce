package deploy

import (
	"fmt"
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
	GuardVanishedFiles = "vanished-files"
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
		GuardEmptyOutput, GuardMissingIndex, GuardMissing404, GuardZeroBytePages, GuardVanishedPages, GuardVanishedFiles,
		GuardShrunkPages, GuardSecretFiles, GuardRefusedFiles, GuardReservedNames, GuardBrokenLinks, GuardOlderRelease, GuardForeignFiles,
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

// GuardError stops a deploy before its first write to the site; of foreign files
// also later, when somebody changes one while the deploy goes on.
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
	// MaxVanishedShare of the last release's pages may be missing, from 0 to 1, and
	// as large a share of its documents. Default: 0.5 up to 100, 0.3 up to 1,000,
	// else 0.2.
	MaxVanishedShare float64 `json:"max_vanished_share,omitempty"`
	// MinVanished of them may be missing whatever share that is; default 5.
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
		missingIndex, missing404, zeroBytePages, vanishedPages, vanishedFiles, shrunkPages, secretFiles, refusedFiles, reservedNames,
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

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func violation(name string, paths []string, format string, args ...any) *Violation {
	return &Violation{Name: name, Detail: fmt.Sprintf(format, args...), Paths: paths[:min(len(paths), maxPaths)]}
}
