package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Newcomers learn from the map what may use what: a room uses those below it alone.
func TestEachRoomOfTheMapUsesThoseBelowItAlone(t *testing.T) {
	const root, module = "../..", "github.com/pressrun/pressrun/"
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		rooms[m[1]] = len(rooms)
	}
	// room finds the row of a folder: its own, or that of the nearest folder above.
	room := func(dir string) (string, bool) {
		for ; dir != "."; dir = filepath.Dir(dir) {
			if _, ok := rooms[dir]; ok {
				return dir, true
			}
		}
		return "", false
	}
	looked := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		from, ok := room(filepath.ToSlash(filepath.Dir(rel)))
		if !ok {
			t.Errorf("%s is in no room of ARCHITECTURE.md", rel)
			return nil
		}
		if from == "test" || from == "tools/docsite" {
			return nil // they may use all
		}
		looked++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			name, ours := strings.CutPrefix(name, module)
			if !ours {
				continue
			}
			if to, ok := room(name); !ok || rooms[to] < rooms[from] {
				t.Errorf("%s imports %s, whose room is above its own in ARCHITECTURE.md", rel, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 500 {
		t.Errorf("only %d files were looked at", looked)
	}
}
