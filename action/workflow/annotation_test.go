package workflow

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestACommandCannotBeEnded(t *testing.T) {
	a := Annotation{File: "a,b:c%\nd", Line: 3, Col: 4, Title: "x,line=9::y\r\n::error::z", Text: "100 %\n::set-output name=live::true\u202e"}
	const want = "::error file=a%2Cb%3Ac%25%0Ad,line=3,col=4,title=x%2Cline=9%3A%3Ay %3A%3Aerror%3A%3Az::100 %25 ::set-output name=live::true"
	if diff := cmp.Diff(want, a.command()); diff != "" {
		t.Error(diff)
	}
}

func FuzzAnnotation(f *testing.F) {
	f.Add("src/a,b.ts", 3, 5, "bad\n::error::x\r\n")
	f.Add("%0A::x", 0, 0, "x\u202e\x1b[31m\xff")
	f.Fuzz(func(t *testing.T, file string, line, col int, words string) {
		command := Annotation{File: file, Line: line, Col: col, Title: words, Text: words}.command()
		properties, _, ok := strings.Cut(strings.TrimPrefix(command, "::error"), "::")
		if !ok || strings.ContainsAny(command, "\r\n") || strings.Count(properties, ",") > 3 || strings.Contains(properties, ":") {
			t.Fatalf("not one command: %q", command)
		}
	})
}

func FuzzLine(f *testing.F) {
	f.Add("a\r\n::error::x\u202e\x1b[1m<b>")
	f.Add("####[[x] #\x00#[y]")
	f.Fuzz(func(t *testing.T, words string) {
		if line := Line(words); strings.ContainsAny(line, "\n\r\x1b\x00\u2028") || strings.Contains(line, "##[") || !utf8.ValidString(line) {
			t.Errorf("%q is not one plain line", line)
		}
	})
}
