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

// annotate shows a failure, and the files that are known to be behind it.
func (j *run) annotate(fail *failure.Error) {
	all := []workflow.Annotation{{Text: fail.Why}}
	if stopped, ok := errors.AsType[*guard.Error](fail.Err); ok {
		all = append(all, j.guarded(stopped)...)
	}
	if located, ok := errors.AsType[*shell.LocatedError](fail.Err); ok {
		all = append(all, j.located(located.Locations)...)
	}
	j.GitHub.Annotate(all...)
}

// guarded tells of each violation at the first of its files that was built.
func (j *run) guarded(stopped *guard.Error) []workflow.Annotation {
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

// located are annotations at those locations that are files of the workspace, the
// first ones first.
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

// inWorkspace gives a file, named as a command in the frontend's folder does,
// as GitHub names it; "" when the repository has no such file.
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
