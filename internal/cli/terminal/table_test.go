package terminal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

var history = [][]string{
	{"RELEASE", "OUTCOME", "REQUESTED", "LIVE", "WHY"},
	{"#129", "in progress", "2026-11-21 17:00:00 UTC", "", ""},
	{"#127", "failed", "2026-11-21 17:00:10 UTC", "", "the build failed with exit code 1\nand a word: Ärger"},
}

func table(t *testing.T, width int, spare ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := (&Printer{Out: &out, Width: width}).Table(history, spare...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestATableEndsWithinItsTerminal(t *testing.T) {
	for _, width := range []int{40, 60, 80, 100, 200} {
		for line := range strings.Lines(table(t, width, "REQUESTED")) {
			if got := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); got > width {
				t.Errorf("%d columns: a line has %d: %s", width, got, line)
			}
		}
	}
}

func TestWhatIsLeftOutOfATable(t *testing.T) {
	for _, c := range []struct {
		name      string
		width     int
		has, miss string
	}{
		{"a pipe has all", 0, "and a word: Ärger", "…"},
		{"a wide terminal has all", 120, "and a word: Ärger", "…"},
		{"a narrower one has no spare columns", 75, "the build failed with exit code 1", "REQUESTED"},
		{"a narrow one has the beginnings of texts", 50, "…", "Ärger"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := table(t, c.width, "REQUESTED")
			if !strings.Contains(got, c.has) || strings.Contains(got, c.miss) {
				t.Errorf("expected %q, and no %q:\n%s", c.has, c.miss, got)
			}
		})
	}
}

// What somebody must do or know is not cut: it goes on in the next line.
func TestAValueGoesOnInTheNextLine(t *testing.T) {
	f := Fields{{"State", "held since 2026-11-21 17:00:01 UTC"}, {"Held", "the build failed with exit code 1, three times, and https://ci.example.gov/a/very/long/address says more"}}
	var out bytes.Buffer
	if err := (&Printer{Out: &out, Width: 40}).Fields(f); err != nil {
		t.Fatal(err)
	}
	want := `State  held since 2026-11-21 17:00:01
       UTC
Held   the build failed with exit code
       1, three times, and
       https://ci.example.gov/a/very/long/address
       says more
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	p := &Printer{Out: &out, Colour: true}
	if err := p.Table(history); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[1mRELEASE\x1b[0m  ", "\x1b[36min progress\x1b[0m  ", "\x1b[1;31mfailed\x1b[0m       2026"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
	if plain := table(t, 0); strings.Contains(plain, "\x1b") {
		t.Errorf("colours without being asked: %q", plain)
	}
}

func TestWhereColoursAreShown(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		env      string
		want     bool
	}{
		{"a terminal", true, "", true},
		{"a pipe", false, "", false},
		{"NO_COLOR", true, "NO_COLOR=1", false},
		{"an empty NO_COLOR is none", true, "NO_COLOR=", true},
		{"a dumb terminal", true, "TERM=dumb", false},
		{"CLICOLOR=0", true, "CLICOLOR=0", false},
		{"a pipe that is forced", false, "CLICOLOR_FORCE=1", true},
		{"not forced", false, "CLICOLOR_FORCE=0", false},
		{"NO_COLOR wins", false, "CLICOLOR_FORCE=1 NO_COLOR=1", false},
		{"a dumb terminal that is forced", true, "TERM=dumb CLICOLOR_FORCE=1", true},
	} {
		env := map[string]string{}
		for _, v := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(v, "=")
			env[name] = value
		}
		if got := ShowsColours(c.terminal, func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
