package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/cli/demo"
	"github.com/pressrun/pressrun/internal/cli/probe"
	"github.com/pressrun/pressrun/internal/cli/story"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../docs/json/program.txt", map[string]any{
		"why": story.Story{}, "bake": judge.Account{}, "probe": probe.Document{}, "doctor": cli.DoctorDocument{}, "version": cli.VersionInfo{}, "an error": cli.Failure{}, "demo --once": demo.OnceDocument{},
	})
}

// TestEveryDocumentIsListed walks the grammar: a command that prints JSON is in docs/json.
func TestEveryDocumentIsListed(t *testing.T) {
	files, err := filepath.Glob("../../docs/json/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	listed := ""
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		listed += string(text)
	}
	parser, err := cli.NewParser(t.Context(), &terminal.Terminal{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Now: time.Now, Local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		var names []string
		for _, word := range strings.Fields(leaf.FullPath())[1:] {
			if !strings.ContainsAny(word, "<[") {
				names = append(names, word)
			}
		}
		command := strings.Join(names, " ")
		if command == "hook test" {
			continue // prints what the hook answered, as each CMS expects it
		}
		prints := false
		for _, flag := range leaf.Flags {
			prints = prints || flag.Name == "json"
		}
		if prints && names[0] != "action" && !regexp.MustCompile(`(?m)(^|, )`+command+`[ ,]`).MatchString(listed) {
			t.Errorf("docs/json does not have what pressrun %s --json prints", command)
		}
	}
}
