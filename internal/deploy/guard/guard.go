package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// The names of the guards. An operator allows a violation, once, by --allow NAME.
const (
	EmptyOutput      = "empty-output"
	MissingIndex     = "missing-index"
	Missing404       = "missing-404"
	MissingWellKnown = "missing-well-known"
	ZeroBytePages    = "zero-byte-pages"
	VanishedPages    = "vanished-pages"
	VanishedFiles    = "vanished-files"
	ShrunkPages      = "shrunk-pages"
	SecretFiles      = "secret-files"
	RefusedFiles     = "refused-files"
	ReservedNames    = "reserved-names"
	BrokenLinks      = "broken-links"
	OlderRelease     = "older-release"
	ForeignFiles     = "foreign-files"
)

// Names are the names of all guards.
func Names() []string {
	return []string{
		EmptyOutput, MissingIndex, Missing404, MissingWellKnown, ZeroBytePages, VanishedPages, VanishedFiles,
		ShrunkPages, SecretFiles, RefusedFiles, ReservedNames, BrokenLinks, OlderRelease, ForeignFiles,
	}
}

// MaxPaths is how many paths a violation names; its Detail has the count.
const MaxPaths = 20

// Violation is one reason not to publish a build.
type Violation struct {
	Name   string   `json:"name"`
	Detail string   `json:"detail"`
	Paths  []string `json:"paths,omitempty"` // the first MaxPaths
}

// Error stops a deploy before its first write to the site; for ForeignFiles also later, if
// somebody changes a file during the deploy.
type Error struct {
	Violations []Violation
}

// Error lists the violations, and how to publish all the same.
func (e *Error) Error() string {
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
func (e *Error) Names() []string {
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

// Check runs the guards on a build. previous is the live release; nil before the first.
func Check(tree manifest.Tree, previous *manifest.Manifest, limits Limits) []Violation {
	if len(tree.Files) == 0 {
		return []Violation{{Name: EmptyOutput, Detail: "the build has no files at all"}}
	}
	var out []Violation
	for _, check := range []func(manifest.Tree, *manifest.Manifest, Limits) *Violation{
		missingIndex, missing404, missingWellKnown, zeroBytePages, vanishedPages, vanishedFiles, shrunkPages, secretFiles, refusedFiles, reservedNames,
	} {
		if v := check(tree, previous, limits); v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// Stop is an *Error for the violations whose guards are not allowed; nil for none.
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
	return &Error{Violations: left}
}

// NewViolation is a violation that names the first MaxPaths of paths.
func NewViolation(name string, paths []string, format string, args ...any) *Violation {
	return &Violation{Name: name, Detail: fmt.Sprintf(format, args...), Paths: paths[:min(len(paths), MaxPaths)]}
}
