package ansi

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestColoursAreNames(t *testing.T) {
	for line, want := range map[string][]Span{
		"plain":                        {{"", "plain"}},
		"":                             nil,
		"\x1b[31mred\x1b[0m not":       {{"ansi-red", "red"}, {"", " not"}},
		"\x1b[1;32mdone\x1b[m":         {{"ansi-green ansi-bold", "done"}},
		"\x1b[91;4mbright":             {{"ansi-red ansi-underline", "bright"}},
		"\x1b[38;5;9mof 256":           {{"ansi-red", "of 256"}},
		"\x1b[31m\x1b[38;5;200mother":  {{"", "other"}},
		"\x1b[38;2;1;2;3;1mof all":     {{"ansi-bold", "of all"}},
		"\x1b[48;5;1mbackground":       {{"", "background"}},
		"\x1b[2J\x1b[1;1Hmoved":        {{"", "moved"}},
		"\x1b]0;title\x07text":         {{"", "text"}},
		"\x1b]8;;https://evil\x1b\\it": {{"", "it"}},
		"10 %\r50 %\r100 %":            {{"", "100 %"}},
		"\x1b[31m10 %\r100 %\r\n":      {{"ansi-red", "100 %"}},
		"\x1b[31":                      {{"", `\x1b[31`}},
		"a\x00b\x08c":                  {{"", `a\x00b\x08c`}},
		"\u202egnp.exe":                {{"", `\u{202e}gnp.exe`}},
		"\x1b[31;<script>m":            {{"", "cript>m"}},
		"caf\xe9":                      {{"", `caf\xe9`}},
		"\x1b[99999999999999999999m x": {{"", " x"}},
	} {
		var s Style
		if diff := cmp.Diff(want, s.Line(line)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

func TestAColourGoesOnToTheNextLine(t *testing.T) {
	var s Style
	s.Line("\x1b[33mwarning: a")
	if diff := cmp.Diff([]Span{{"ansi-yellow", "  of two lines"}, {"", " end"}}, s.Line("  of two lines\x1b[39m end")); diff != "" {
		t.Error(diff)
	}
}

func FuzzLine(f *testing.F) {
	for _, line := range []string{"\x1b[31mred", "\x1b]8;;x\x1b\\", "\x1b[38;5", "\u202e\u2066", "\xff\r\x1b[m", "\x1b[1;2;3;4;38;2;;m"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var s Style
		known := Classes()
		for _, span := range s.Line(line) {
			for name := range strings.FieldsSeq(span.Class) {
				if !slices.Contains(known, name) {
					t.Fatalf("%q has the style %q", line, name)
				}
			}
			if !utf8.ValidString(span.Text) {
				t.Fatalf("%q gives text that is no UTF-8: %q", line, span.Text)
			}
			for _, r := range span.Text {
				if r != '\t' && r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Fatalf("%q shows %U as it is", line, r)
				}
			}
		}
	})
}
