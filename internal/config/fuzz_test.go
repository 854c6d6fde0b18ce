package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

// Any text gives a configuration with everything set, or mistakes with places
// in the file; never a panic.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../../examples/two-sites.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("pressrun.yaml", "/etc/pressrun", text)
		if err == nil {
			if c.Listen == "" || len(c.Sites) == 0 || len(c.Tokens) == 0 || !filepath.IsAbs(c.State) {
				t.Errorf("accepted, and not complete: %+v", c)
			}
			return
		}
		mistakes, ok := errors.AsType[*config.Error](err)
		if !ok || len(mistakes.Problems) == 0 {
			t.Fatalf("got %T %v, expected mistakes", err, err)
		}
		for _, p := range mistakes.Problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("a mistake without a place: %+v", p)
			}
		}
	})
}
