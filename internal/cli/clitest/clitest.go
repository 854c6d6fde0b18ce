// Package clitest runs command lines within a test, and holds what they print to
// files of expected output.
package clitest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

var update = flag.Bool("update", false, "write the expected files anew")

// Noon is the time at which all happens in the tests.
var Noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

// Invocation is one run of the program as a test sees it.
type Invocation struct {
	Args             []string
	In               string
	Token            string
	Screen, Progress bool
	// Width and Colour are those of a terminal.
	Width  int
	Colour bool
}

// Outcome is how a run of the program ended, and what it printed.
type Outcome struct {
	Code     int
	Out, Err string
}

// Run carries out a command line at Noon.
func Run(t *testing.T, v Invocation) Outcome {
	t.Helper()
	t.Setenv("PRESSRUN_TOKEN", v.Token)
	var out bytes.Buffer
	var errs lines
	code := cli.Run(t.Context(), v.Args, &terminal.Terminal{
		In: strings.NewReader(v.In), Out: &out, Err: &errs, IsTerminal: v.Screen, Screen: v.Screen, Progress: v.Progress,
		Colour: v.Colour, Width: func() int { return v.Width },
		Now: func() time.Time { return Noon }, Local: time.UTC,
	})
	return Outcome{code, out.String(), errs.String()}
}

// lines takes what is told from several places at once, as a file does.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds to the text.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was written.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Addresses and measured times differ from run to run.
var (
	address = regexp.MustCompile(`127\.0\.0\.1:[0-9]{5}`)
	seconds = regexp.MustCompile(`"seconds": [0-9.e-]+`)
)

// Text is a run as a file of expected output has it: the command line, the exit
// code, the calls that it made of an app, and what it printed.
func (o Outcome) Text(args, calls []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ pressrun %s\nexit code %d\n", strings.Join(args, " "), o.Code)
	for _, part := range []struct{ name, text string }{
		{"calls", strings.Join(calls, "\n")}, {"standard output", o.Out}, {"standard error", o.Err},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n--- %s\n%s", part.name, part.text)
			if !strings.HasSuffix(part.text, "\n") {
				b.WriteString("\n")
			}
		}
	}
	text := address.ReplaceAllString(b.String(), "127.0.0.1:PORT")
	return seconds.ReplaceAllString(text, `"seconds": 0`)
}

// Golden compares a text with testdata/golden/NAME.txt. The folder of the test is
// called FOLDER there.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	got = strings.ReplaceAll(got, folder, "FOLDER")
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got; go test -update writes %s anew)\n%s", file, diff)
	}
}

// Build writes the files of a built site into a new folder.
func Build(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
