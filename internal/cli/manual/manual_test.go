package manual_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/test/servers"
)

// write has all pages written to a folder.
func write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "man1")
	var out bytes.Buffer
	if code := cli.Run(t.Context(), []string{"man", dir}, &terminal.Terminal{Out: &out, Err: &out, Now: time.Now, Local: time.UTC}); code != 0 {
		t.Fatalf("man ended with %d: %s", code, out.String())
	}
	return dir
}

func TestEveryCommandHasAPageThatTheLinterFindsGood(t *testing.T) {
	mandoc := servers.Tool(t, "mandoc")
	pages, err := filepath.Glob(filepath.Join(write(t), "*.1"))
	if err != nil || len(pages) < 40 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	out, err := exec.CommandContext(t.Context(), mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A page says what its command's help says: no word of it is lost as a macro.
func TestAPageReadsAsTheHelpDoes(t *testing.T) {
	mandoc := servers.Tool(t, "mandoc")
	dir := write(t)
	for page, words := range map[string][]string{
		"pressrun.1":              {"Publish by hand", "pressrun-request(1)", "interrupted", "PRESSRUN_URL"},
		"pressrun-config-check.1": {"pressrun config check", "pressrun config check examples/pressrun.yaml", "--config=FILE"},
		"pressrun-status.1":       {"--interval=SPAN", "jq -r '.sites[] | select(.held) | .name'"},
		"pressrun-deploy.1":       {`"set": {"cache-control": "no-store"}`, "--dry-run"},
	} {
		text, err := exec.CommandContext(t.Context(), mandoc, "-T", "ascii", "-O", "width=400", filepath.Join(dir, page)).Output()
		if err != nil {
			t.Fatal(err)
		}
		plain := string(overstruck(text))
		for _, word := range words {
			if !strings.Contains(plain, word) {
				t.Errorf("%s: no %q in\n%s", page, word, plain)
			}
		}
	}
}

// overstruck takes out how mandoc writes bold and underlined characters: the one,
// a backspace, the other.
func overstruck(text []byte) []byte {
	var out []byte
	for _, c := range text {
		if c == '\b' {
			out = out[:len(out)-1]
		} else {
			out = append(out, c)
		}
	}
	return out
}

func TestAFolderThatCanNotBeWrittenIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code := cli.Run(t.Context(), []string{"man", filepath.Join(file, "man1")}, &terminal.Terminal{Out: &out, Err: &out, Now: time.Now, Local: time.UTC})
	if code != 1 || !strings.Contains(out.String(), "make the folder of the manual pages") {
		t.Errorf("ended with %d: %s", code, out.String())
	}
}
