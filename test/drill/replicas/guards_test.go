//go:build unix

package replicas

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/program"
)

var without = flag.String("drill.without", "", "a guard that the replicas lack (fence, lock, clock, mark): the drill must fail")

// guard is what keeps a promise: a place in the program, and how that reads without it.
type guard struct{ file, is, becomes string }

// guards are those without which the drill must fail.
var guards = map[string]guard{
	"fence": {"internal/ledger/writer.go", "if o.fence != nil {", "if false {"},
	"lock":  {"internal/ledger/postgres/postgres.go", "SELECT pg_advisory_xact_lock((", "SELECT abs(("},
	"clock": {"internal/ledger/postgres/postgres.go", "Clock:  `SELECT", "Clock: ``, //"},
	"mark":  {"internal/ledger/unknown.go", "if err == nil || b.leaves {", "if true {"},
}

// replaced are the files that a program without its guard is built of, by the files whose
// place they take; none for a whole one.
func replaced(t *testing.T) map[string]string {
	t.Helper()
	if *without == "" {
		return nil
	}
	g, ok := guards[*without]
	if !ok {
		t.Fatalf("there is no guard %q, but %q", *without, slices.Sorted(maps.Keys(guards)))
	}
	file, err := filepath.Abs(filepath.Join("../../..", g.file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := filepath.Join(t.TempDir(), "spoilt.go")
	if err := os.WriteFile(spoilt, []byte(strings.Replace(string(source), g.is, g.becomes, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{file: spoilt}
}

// build makes the program of all replicas.
func build(t *testing.T) string {
	t.Helper()
	spoilt := replaced(t)
	if spoilt == nil {
		path, err := program.Build(t.Context(), program.Main)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir := t.TempDir()
	text, err := json.Marshal(map[string]any{"Replace": spoilt})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pressrun")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", filepath.Join(dir, "overlay.json"), "-o", path, program.Main).CombinedOutput(); err != nil {
		t.Fatalf("build a program without its guard: %v\n%s", err, out)
	}
	return path
}

// Where a guard has gone elsewhere, the drill without it would show nothing.
func TestEachGuardIsWhereTheDrillTakesItAway(t *testing.T) {
	for name, g := range guards {
		source, err := os.ReadFile(filepath.Join("../../..", g.file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(source), g.is) != 1 {
			t.Errorf("%s: %s does not have %q once", name, g.file, g.is)
		}
	}
}
