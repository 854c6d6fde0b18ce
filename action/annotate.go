package action

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/guard"
)

// maxAnnotations is how many errors of a step GitHub shows; what comes after
// them nobody sees (docs.github.com: workflow commands, limits).
const maxAnnotations = 10

// annotation is an error as GitHub shows it beside a file, or, without one,
// on the run's page.
type annotation struct {
	file      string // relative to the workspace, with slashes
	line, col int
	title     string
	text      string
}

// command is the workflow command of an annotation. Nothing in it can end the
// command, or begin a property or another command.
func (a annotation) command() string {
	var properties []string
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, name+"="+escapeProperty(value))
		}
	}
	add("file", a.file)
	if a.file != "" && a.line > 0 {
		add("line", strconv.Itoa(a.line))
		if a.col > 0 {
			add("col", strconv.Itoa(a.col))
		}
	}
	add("title", cut(oneLine(a.title), 200))
	return "::" + strings.TrimSpace("error "+strings.Join(properties, ",")) + "::" + escapeData(cut(oneLine(a.text), 2000))
}

// escapeData and escapeProperty are those of GitHub's own toolkit
// (actions/toolkit, packages/core/src/command.ts).
func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func escapeProperty(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// annotate shows annotations on the run's page.
func (w *workflow) annotate(all ...annotation) {
	if !w.on {
		return
	}
	for _, a := range all[:min(len(all), maxAnnotations)] {
		fmt.Fprintln(w.out, a.command())
	}
}

// annotate shows a failure, and the files that are known to be behind it.
func (j *job) annotate(fail *FailError) {
	all := []annotation{{text: fail.Why}}
	if guard, ok := errors.AsType[*guard.Error](fail.Err); ok {
		all = append(all, j.guarded(guard)...)
	}
	if placed, ok := errors.AsType[*placedError](fail.Err); ok {
		all = append(all, j.placed(placed.places)...)
	}
	j.gh.annotate(all...)
}

// guarded tells of each violation at the first of its files that was built.
func (j *job) guarded(guard *guard.Error) []annotation {
	var out []annotation
	for _, v := range guard.Violations {
		a := annotation{title: "check: " + v.Name, text: j.hide(v.Detail)}
		if len(v.Paths) > 0 {
			a.text += ": " + strings.Join(v.Paths, ", ")
		}
		for _, path := range v.Paths {
			if a.file = j.inWorkspace(filepath.Join(j.opts.Output, filepath.FromSlash(path))); a.file != "" {
				break
			}
		}
		out = append(out, a)
	}
	return out
}

// placedError is a command's failure with the places that its output named.
type placedError struct {
	err    error
	places []place
}

func (e *placedError) Error() string { return e.err.Error() }

func (e *placedError) Unwrap() error { return e.err }

// placed are annotations at those places that are files of the workspace, the
// first ones first.
func (j *job) placed(places []place) []annotation {
	var out []annotation
	for _, p := range places {
		a := annotation{file: j.inWorkspace(p.file), line: p.line, col: p.col, title: "the build failed here", text: j.hide(p.text)}
		if a.file != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
		if len(out) == maxAnnotations {
			break
		}
	}
	return out
}

// inWorkspace gives a file, named as a command in the frontend's folder does,
// as GitHub names it; "" when the repository has no such file.
func (j *job) inWorkspace(file string) string {
	workspace, err := filepath.Abs(cmp.Or(j.env.get("GITHUB_WORKSPACE"), j.opts.Dir))
	if err != nil {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(j.opts.Dir, file)
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
