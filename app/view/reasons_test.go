package view

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// The program's own sentences are said in Spanish; what people and other systems said is not touched.
func TestWhyAReleaseEndedIsSaidInTheReadersLanguage(t *testing.T) {
	es, _ := words.Named("es")
	for why, want := range map[string]string{
		"nothing has been heard of its run":                               "No se sabe nada de su ejecución.",
		"nothing to do: content and code are as they were for release #7": "Nada que hacer: el contenido y el código son los de la publicación #7.",
		"the run failed": "La ejecución falló.",
		`the run failed: at the step "Build" of the job "release"`:                            `La ejecución falló: en el paso "Build" del trabajo "release".`,
		"the run could not start: no such file":                                               "La ejecución no pudo empezar: no such file.",
		"it could not be dispatched: GitHub can't be reached":                                 "No se pudo entregar para su ejecución: no se puede contactar con GitHub.",
		"the build failed after 12s (exit status 2). The end of its output: error: no title.": "«build» falló tras 12s (exit status 2). El final de su salida: error: no title.",
		"reset: it hung: twice":                                                               "Reinicio: it hung: twice.",
		"the disk is full":                                                                    "The disk is full.",
		"the title is empty: see page 3":                                                      "The title is empty: see page 3.",
		"":                                                                                    "Sin motivo indicado.",
	} {
		for _, l := range []words.Language{es, words.English()} {
			r := Release{Language: l, Release: ledger.Release{Release: release.Release{Outcome: release.Failed, Why: why}}}
			got := r.Text(when.Clock{Language: l})
			if l == es && got != want {
				t.Errorf("%q is said as %q, want %q", why, got, want)
			}
			if l != es && why != "" && !strings.EqualFold(got, strings.TrimSuffix(why, ".")+".") {
				t.Errorf("in English, %q is said as %q", why, got)
			}
		}
	}
	said := Release{Language: es, Release: ledger.Release{Release: release.Release{Outcome: release.Cancelled, By: "Ada", Why: "the run failed"}}}
	if got := said.Text(when.Clock{Language: es}); got != "The run failed." {
		t.Errorf("what a person wrote is said as %q", got)
	}
}

// A sentence that is said otherwise from now on would stay English without a word.
func TestEachKnownReasonIsStillSaid(t *testing.T) {
	var said []string
	for _, dir := range []string{
		"internal/release", "internal/preview", "internal/preview/pull", "internal/githubapp", "internal/runner/local", "app/github",
		"action/steps", "action/shell", "action/failure",
	} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files (%v)", dir, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				said = append(said, literals(t, file)...)
			}
		}
	}
	for _, key := range slices.Concat(causes, reasons, previewReasons) {
		for _, part := range regexp.MustCompile(`%[sd]|: `).Split(string(key), -1) {
			part = strings.Trim(part, " .:,")
			if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, part) }) {
				t.Errorf("nothing says %q any more, of %q", part, key)
			}
		}
	}
	if !slices.Contains(said, ending) {
		t.Errorf("nothing says %q any more", ending)
	}
}

// literals are the texts that a Go file says.
func literals(t *testing.T, file string) (out []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if text, is := n.(*ast.BasicLit); is && text.Kind == token.STRING {
			if s, err := strconv.Unquote(text.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}
