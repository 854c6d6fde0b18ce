package boundedfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRefusesLargerFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(name, 5); err != nil || string(got) != "12345" {
		t.Errorf("a file as large as the bound: %q, %v", got, err)
	}
	if got, err := Read(name, 4); err == nil || got != nil || !strings.Contains(err.Error(), name+" is larger than 4 bytes") {
		t.Errorf("a file that is larger: %q, %v", got, err)
	}
	if _, err := Read(name+"-none", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}
