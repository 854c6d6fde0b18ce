package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/environ"
)

func TestProfileReadsLinesAsDotEnvDoes(t *testing.T) {
	got, err := Profile("A=1\r\n  B = x\n\n# C=3\nD=\"a\\nb\"\nE=\nF=a=b\n")
	if err == nil {
		t.Errorf("a name with a space was read: %v", got)
	}
	got, err = Profile("A=1\r\n\n# C=3\nD=\"a\\nb\"\nE=\nF=a=b\n")
	want := map[string]string{"A": "1", "D": "a\nb", "E": "", "F": "a=b"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, bad := range []string{"=1", "1A=1", "A", `A="open`, "PRESSRUN_X=1", "input_x=1", `A="\u0000"`} {
		if got, err := Profile(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}

func FuzzProfile(f *testing.F) {
	f.Add("A=1\nB=\"x\\n\"")
	f.Add("#\n=\n\x00=")
	f.Fuzz(func(t *testing.T, lines string) {
		vars, err := Profile(lines)
		if err != nil {
			if _, ok := err.(*failure.UsageError); !ok { //nolint:errorlint // the very type is the promise
				t.Errorf("the error is a %T", err)
			}
			return
		}
		for name, value := range vars {
			if !isName(name) || environ.KeptFromBuilds(name) || strings.ContainsRune(value, 0) {
				t.Errorf("read %q=%q", name, value)
			}
		}
	})
}

func TestTailKeepsTheEnd(t *testing.T) {
	end := &tail{max: 64}
	for i := range 1000 {
		fmt.Fprintf(end, "\x1b[32mline %d\x1b[0m\r\n", i)
	}
	lines := end.lines(2, strings.Clone)
	if diff := cmp.Diff([]string{"line 998", "line 999"}, lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	fmt.Fprint(end, strings.Repeat("x", 1000))
	if len(end.text) != 64 {
		t.Errorf("it keeps %d bytes", len(end.text))
	}
}
