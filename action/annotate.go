package action

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/deploy/guard"
)

// annotate shows a failure, at the files that caused it as far as they are known.
func (j *run) annotate(fail *failure.Error) {
	all := []workflow.Annotation{{Text: fail.Why}}
	if stopped, ok := errors.AsType[*guard.Error](fail.Err); ok {
		all = append(all, j.violations(stopped)...)
	}
	if located, ok := errors.AsType[*shell.LocatedError](fail.Err); ok {
		all = append(all, j.located(located.Locations)...)
	}
	j.GitHub.Annotate(all...)
}

// violations are annotations for the violations of guards, each at the first of its files
// that is in the workspace.
func (j *run) violations(stopped *guard.Error) []workflow.Annotation {
	var out []workflow.Annotation
	for _, v := range stopped.Violations {
		a := workflow.Annotation{Title: "check: " + v.Name, Text: j.Console.Hide(v.Detail)}
		if len(v.Paths) > 0 {
			a.Text += ": " + strings.Join(v.Paths, ", ")
		}
		for _, path := range v.Paths {
			if a.File = j.inWorkspace(filepath.Join(j.options.Output, filepath.FromSlash(path))); a.File != "" {
				break
			}
		}
		out = append(out, a)
	}
	return out
}

// located are annotations at the locations in files of the workspace, in their order.
func (j *run) located(locations []shell.Location) []workflow.Annotation {
	var out []workflow.Annotation
	for _, p := range locations {
		a := workflow.Annotation{File: j.inWorkspace(p.File), Line: p.Line, Col: p.Col, Title: "the build failed here", Text: j.Console.Hide(p.Text)}
		if a.File != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
		if len(out) == workflow.MaxAnnotations {
			break
		}
	}
	return out
}

// inWorkspace is the path of a file from the workspace, with slashes, as GitHub names it; ""
// when the repository has no such file. file is from the frontend's folder, or absolute.
func (j *run) inWorkspace(file string) string {
	workspace, err := filepath.Abs(cmp.Or(j.GitHub.Workspace(), j.options.Dir))
	if err != nil {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(j.options.Dir, file)
	}
	if file, err = filepath.Abs(file); err != nil {
		return ""
	}
	rel, err := filepath.Rel(workspace, file)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	rel = filepath.ToSlash(rel)
	for _, foreign := range []string{"node_modules", ".git"} {
		if slices.Contains(strings.Split(rel, "/"), foreign) {
			return ""
		}
	}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return rel
}
