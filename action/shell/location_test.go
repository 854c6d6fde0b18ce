package shell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLocationsOfBuildsAreRecognised(t *testing.T) {
	for line, want := range map[string]Location{
		"src/a.ts:3:5: ERROR: Unexpected \"}\"":                       {"src/a.ts", 3, 5, "ERROR: Unexpected \"}\""},
		"./main.go:10:2: undefined: x":                                {"./main.go", 10, 2, "undefined: x"},
		"a.c:3:1: error: expected ';'":                                {"a.c", 3, 1, "error: expected ';'"},
		"Makefile:7: *** missing separator.  Stop.":                   {"Makefile", 7, 0, "*** missing separator.  Stop."},
		"src/a.ts(12,34): error TS2304: Cannot find name 'x'.":        {"src/a.ts", 12, 34, "error TS2304: Cannot find name 'x'."},
		"src/[slug]/(x)/page.tsx(1,2): error TS1005: ',' expected.":   {"src/[slug]/(x)/page.tsx", 1, 2, "error TS1005: ',' expected."},
		"src/a.ts:3:5 - error TS2322: Type 'a' is not":                {"src/a.ts", 3, 5, "error TS2322: Type 'a' is not"},
		`C:\site\a.ts:3:5: bad`:                                       {`C:\site\a.ts`, 3, 5, "bad"},
		`C:\site\a.ts(3,5): error TS1: bad`:                           {`C:\site\a.ts`, 3, 5, "error TS1: bad"},
		"[11ty] 2. (./src/a b.njk) [Line 3, Column 5]":                {"./src/a b.njk", 3, 5, ""},
		"Template render error: (./a.njk) [Line 1, Column 2] unknown": {"./a.njk", 1, 2, "unknown"},
		`Error: error building site: process: readAndProcessContent: "/s/content/a b.md:3:1": failed to unmarshal YAML`:       {"/s/content/a b.md", 3, 1, "failed to unmarshal YAML"},
		`ERROR render of "page" failed: "/s/layouts/index.html:5:3": execute of template failed: at <.X>: can't evaluate "X"`: {"/s/layouts/index.html", 5, 3, `execute of template failed: at <.X>: can't evaluate "X"`},
	} {
		got, ok := findLocation(line)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

func TestOtherLinesNameNoLocation(t *testing.T) {
	for _, line := range []string{
		"", ":", "12:30:05: building", "    at render (/site/a.js:3:5)", "https://example.gov:443: refused", "a.c:3:1: warning: unused", "a.c:3:1: note: here",
		"src/a.ts:3:5:", "src/a.ts:0:5: bad", "src/a.ts:99999999999:5: bad", "the file a.c:3:1: is bad", "a.ts(3): error", "Page x (1,2): y", "::error file=a.c,line=3::pwned",
	} {
		if got, ok := findLocation(line); ok {
			t.Errorf("%q was taken for %+v", line, got)
		}
	}
}

func TestLocationsAreFoundHoweverOutputComes(t *testing.T) {
	text := "begin\n\x1b[31msrc/a.ts:3:5: \x1b[1mbad\x1b[0m\r\n" + strings.Repeat("x", 3*maxLine) + ":1:1: too long\n[11ty] 2. (./b.njk) [Line 1, Column 2]\n[11ty]   unknown block tag\nlast.go:1:2: no newline"
	want := []Location{{"src/a.ts", 3, 5, "bad"}, {"./b.njk", 1, 2, "unknown block tag"}, {"last.go", 1, 2, "no newline"}}
	for _, size := range []int{1, 7, len(text)} {
		p := &locations{}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if wrote, err := p.Write([]byte(rest[:n])); wrote != n || err != nil {
				t.Fatal(wrote, err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, p.all()); diff != "" {
			t.Errorf("in pieces of %d (-want +got):\n%s", size, diff)
		}
	}
	p := &locations{}
	for range 10 * maxLocations {
		_, _ = p.Write([]byte("a.c:1:1: bad\n"))
	}
	if len(p.all()) != maxLocations || cap(p.line) > 2*maxLine {
		t.Errorf("%d places are kept, and a line of %d", len(p.all()), cap(p.line))
	}
}

func FuzzLocations(f *testing.F) {
	f.Add("src/a.ts:3:5: bad\n::error::x\r\n")
	f.Add("[11ty] 2. (./a,b.njk) [Line 3, Column 5]\n%0A::x\n")
	f.Add("Error: \"/s/a.md:3:1\": x\u202e\x1b[31m\xff")
	f.Add("a(1,2): x")
	f.Fuzz(func(t *testing.T, text string) {
		whole, split := &locations{}, &locations{}
		_, _ = whole.Write([]byte(text))
		for i := range len(text) {
			_, _ = split.Write([]byte{text[i]})
		}
		all := whole.all()
		if diff := cmp.Diff(all, split.all()); diff != "" {
			t.Fatalf("in pieces it is another (-whole +pieces):\n%s", diff)
		}
		for _, p := range all {
			if p.File == "" || p.Line < 1 || p.Col < 0 || p.Text == "" && strings.TrimSpace(text) == "" {
				t.Fatalf("no place: %+v", p)
			}
		}
	})
}
