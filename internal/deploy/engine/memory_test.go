package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
)

// mostPerFile is what a deploy may keep in memory for each file, in bytes, at its end,
// when the build, the last release and this one are all known: 300,000 files take
// no more than 180 MB.
const mostPerFile = 600

// TestMemoryGrowsByLittleForEachFile deploys two sites of different size, twice each, and
// counts what is still referred to just after the commit. No other test runs beside it.
func TestMemoryGrowsByLittleForEachFile(t *testing.T) {
	const few, many = 1000, 6000
	for _, again := range []string{"the first release", "the next one"} {
		grown := int64(held(t, many, again != "the first release")) - int64(held(t, few, again != "the first release"))
		perFile := grown / (many - few)
		t.Logf("%s: %d bytes a file", again, perFile)
		if perFile > mostPerFile {
			t.Errorf("%s keeps %d bytes for each file", again, perFile)
		}
	}
}

// held is the heap in use just after the commit of a release of so many files.
func held(t *testing.T, files int, again bool) (bytes uint64) {
	t.Helper()
	source, dest := t.TempDir(), filepath.Join(t.TempDir(), "www")
	for i := range files {
		dir := filepath.Join(source, fmt.Sprintf("section-%02d", i/500))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("page-%05d.html", i)), []byte("page"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(source, "index.html"), []byte("home"), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := destination.Open(t.Context(), "file://"+dest, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := options(source)
	if again {
		mustRun(t, place{dest: to}, o)
		if err := os.WriteFile(filepath.Join(source, "index.html"), []byte("home, edited"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Invalidate = func(context.Context, deploy.Result) error {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		bytes = m.HeapAlloc
		return nil
	}
	if _, err := engine.Run(t.Context(), to, o); err != nil {
		t.Fatal(err)
	}
	return bytes
}
