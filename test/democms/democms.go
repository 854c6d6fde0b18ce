// Package democms gives tests the demo's CMS, with its library in it, and reads
// what is built from it.
package democms

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
)

// Base is the public address of the library.
const Base = "https://library.example"

// Start serves a CMS until the test ends, and gives its address.
func Start(t testing.TB) (c *cms.CMS, address string) {
	t.Helper()
	c, err := cms.New(cms.Options{Site: content.Site{Name: "Library", Tagline: "For everyone.", URL: Base + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

// Files reads a built site: the content by the path.
func Files(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
