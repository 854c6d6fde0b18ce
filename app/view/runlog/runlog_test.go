package runlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func numbers(l Log) string {
	shown := l.Shown()
	if len(shown) == 0 {
		return ""
	}
	return fmt.Sprint(shown[0].Number, "-", shown[len(shown)-1].Number, " of ", l.Total)
}

func TestAPartOfAnOutputIsRead(t *testing.T) {
	var long strings.Builder
	for n := range 5000 {
		fmt.Fprintf(&long, "line %d\n", n+1)
	}
	for name, c := range map[string]struct {
		q    Query
		want string
	}{
		"the end":       {Query{}, "4501-5000 of 5000"},
		"the beginning": {Query{From: 1}, "1-500 of 5000"},
		"some of it":    {Query{From: 4800}, "4800-5000 of 5000"},
		"beyond it":     {Query{From: 9000}, ""},
		"a search":      {Query{Words: "LINE 499"}, "499-4999 of 5000"},
	} {
		got, err := Read(strings.NewReader(long.String()), c.q)
		if err != nil || numbers(got) != c.want {
			t.Errorf("%s: %s, want %s (%v)", name, numbers(got), c.want, err)
		}
	}
	got, err := Read(strings.NewReader(long.String()), Query{Words: "line"})
	if err != nil || got.Hits != 5000 || len(got.Shown()) != hitsShown {
		t.Errorf("%d hits, %d shown (%v)", got.Hits, len(got.Shown()), err)
	}
}

func TestALineOfAnySizeIsOneLine(t *testing.T) {
	got, err := Read(strings.NewReader("a\n"+strings.Repeat("x", 3*lineKept)+"\nlast"), Query{})
	if err != nil || got.Total != 3 || !got.Lines[1].Cut || got.Lines[2].Cut || plainOf(got.Lines[2].Spans) != "last" {
		t.Errorf("%d lines (%v)", got.Total, err)
	}
	if n := len(plainOf(got.Lines[1].Spans)); n != lineKept {
		t.Errorf("%d bytes of a long line are kept", n)
	}
}

func TestAnOutputThatBreaksOffIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Read(iotest.ErrReader(broken), Query{}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestTheFirstErrorIsFound(t *testing.T) {
	for line, want := range map[string]bool{
		"Error: page about/visit has no title":                    true,
		"\x1b[31mERROR\x1b[0m in ./src/index.js":                  true,
		"2026-11-29T12:00:00.123Z error: out of memory":           true,
		"[12:00:01] [build] fatal: not a git repository":          true,
		"npm ERR! code ELIFECYCLE":                                true,
		"##[error]Process completed with exit code 1.":            true,
		"panic: runtime error":                                    true,
		"TypeError: undefined is no function":                     true,
		"  ✖ 2 problems":                                          true,
		"make: *** [all] Error 1":                                 true,
		"Build finished with 0 errors":                            false,
		"rendering pages/404-error.html":                          false,
		"Total: no error was found":                               false,
		"errors.html written":                                     false,
		"":                                                        false,
		"Copied the page about a fatal accident, and its failure": false,
	} {
		got, err := Read(strings.NewReader("fine\n"+line+"\nfine\n"), Query{})
		if err != nil || (got.FirstError == 2) != want {
			t.Errorf("%q: the first error is in line %d (%v)", line, got.FirstError, err)
		}
	}
}
