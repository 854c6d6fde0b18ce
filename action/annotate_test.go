//go:build unix

package action_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
)

// annotations are the error commands in a run's output.
func annotations(b *bench) []string {
	var out []string
	for line := range strings.SplitSeq(b.out.String(), "\n") {
		if strings.HasPrefix(line, "::error") {
			out = append(out, line)
		}
	}
	return out
}

func (b *bench) inRepository(files ...string) {
	b.t.Helper()
	b.inWorkflow()
	b.opts.Environ = append(b.opts.Environ, "GITHUB_WORKSPACE="+filepath.Dir(b.opts.Dir))
	for _, name := range files {
		file := filepath.Join(b.opts.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestABuildsErrorsAreShownAtTheirFiles(t *testing.T) {
	b := newBench(t, `printf '%s\n' "src/a.ts(3,5): error TS1: 100 % ::bad::" "$PWD/src/b.js:7:1: bad" "gone.c:1:1: bad" "/etc/passwd:1:1: bad" "../../x.c:1:1: bad" "node_modules/m.js:1:1: bad" "src/a.ts(3,5): error TS1: 100 % ::bad::" "src/a.ts:1:1: warning: unused"; exit 1`)
	b.inRepository("src/a.ts", "src/b.js", "node_modules/m.js")
	b.wantExit(b.run("build"), failure.ExitFailed)
	folder := filepath.Base(b.opts.Dir)
	got := annotations(b)
	want := []string{
		"::error file=" + folder + "/src/a.ts,line=3,col=5,title=the build failed here::error TS1: 100 %25 ::bad::",
		"::error file=" + folder + "/src/b.js,line=7,col=1,title=the build failed here::bad",
	}
	if len(got) != 3 || !strings.HasPrefix(got[0], "::error::the build command failed") || got[1] != want[0] || got[2] != want[1] {
		t.Errorf("the annotations are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnnotationsAreBounded(t *testing.T) {
	b := newBench(t, `for i in $(seq 1 500); do echo "a.c:$i:1: bad"; done; exit 1`)
	b.inRepository("a.c")
	b.wantExit(b.run("build"), failure.ExitFailed)
	if got := annotations(b); len(got) != 10 || !strings.Contains(got[1], "line=1,") || !strings.Contains(got[9], "line=9,") {
		t.Errorf("%d annotations:\n%s", len(got), strings.Join(got, "\n"))
	}
}

func TestWithoutAWorkflowNothingIsAnnotated(t *testing.T) {
	b := newBench(t, `echo "a.c:1:1: bad"; exit 1`)
	b.inRepository("a.c")
	b.opts.Environ = []string{"PATH=" + os.Getenv("PATH")}
	b.wantExit(b.run("build"), failure.ExitFailed)
	if got := annotations(b); len(got) != 0 {
		t.Errorf("on no runner: %q", got)
	}
}

func TestAViolationIsShownAtItsFile(t *testing.T) {
	b := newBench(t, "")
	b.inRepository("public/index.html", "public/a,b.html")
	if err := os.WriteFile(filepath.Join(b.opts.Dir, "public", "a,b.html"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.wantExit(b.run("check"), failure.ExitRefused)
	got := annotations(b)
	if len(got) != 2 || !strings.HasPrefix(got[1], "::error file="+filepath.Base(b.opts.Dir)+"/public/a%2Cb.html,title=check%3A ") || !strings.HasSuffix(got[1], ": a,b.html") {
		t.Errorf("the annotations are\n%s", strings.Join(got, "\n"))
	}
}
