package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// numbered is a line with its number.
func (l logLine) numbered() string { return fmt.Sprint(l.Line, ":", l.Text) }

func readLines(t interface{ Fatal(args ...any) }, text string) []logLine {
	var lines []logLine
	for line := range strings.Lines(text) {
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// However the output comes in pieces, its lines are the same.
func TestEachLineOfOutputIsALineOfJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z"{\x1b]{0,9}(\n|\r\n)){0,9}[a-z]{0,3}`).Draw(t, "output")
		var out bytes.Buffer
		l := jsonLines(&terminal.Printer{Out: &out}, "www", 7)
		for left := text; left != ""; {
			n := rapid.IntRange(1, len(left)).Draw(t, "piece")
			if _, err := l.Write([]byte(left[:n])); err != nil {
				t.Fatal(err)
			}
			left = left[n:]
		}
		if err := l.end(); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for line := range strings.Lines(text) {
			want = append(want, fmt.Sprint(len(want)+1, ":", strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")))
		}
		for _, line := range readLines(t, out.String()) {
			got = append(got, line.numbered())
			if line.Site != "www" || line.Release != 7 || line.Continues {
				t.Fatalf("got %+v", line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func TestALineWithoutEndIsToldInPieces(t *testing.T) {
	var out bytes.Buffer
	l := jsonLines(&terminal.Printer{Out: &out}, "www", 7)
	long := strings.Repeat("x", 2*maxLogLine+5)
	if _, err := fmt.Fprintf(l, "%s\nnext\n", long); err != nil {
		t.Fatal(err)
	}
	lines := readLines(t, out.String())
	if len(lines) != 4 || !lines[0].Continues || !lines[1].Continues || lines[2].Continues || lines[0].Line != 1 || lines[2].Line != 1 || lines[3].numbered() != "2:next" {
		t.Fatalf("there are %d lines", len(lines))
	}
	if lines[0].Text+lines[1].Text+lines[2].Text != long {
		t.Error("something is lost")
	}
}

// A terminal's control sequence that comes in two pieces is none of the output either.
func TestABuildsOutputDoesNotSteerTheTerminal(t *testing.T) {
	var out bytes.Buffer
	l := plainLines(&out)
	for _, piece := range []string{"a\tb \x1b[", "31mred\x1b[0m\r\nlast \x1b]0;title\x07", "words"} {
		if _, err := l.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.end(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "a\tb red\nlast words\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
