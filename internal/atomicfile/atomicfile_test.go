package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/atomicfile"
)

// wantFolder checks what a folder holds: files by name, with their content.
func wantFolder(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the folder (-want +got)\n%s", diff)
	}
}

func TestAFileIsWrittenAndReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	for _, text := range []string{"first", "", "second"} {
		if err := atomicfile.Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		wantFolder(t, dir, map[string]string{"state.json": text})
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v (%v), not for its owner only", info.Mode(), err)
	}
}

func TestAReplacedFileIsForItsOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no such modes")
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("seen by all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v (%v)", info.Mode(), err)
	}
}

func TestWhatFailsLeavesWhatWasThere(t *testing.T) {
	broken := errors.New("the connection broke")
	half := func() io.Reader { return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)) }
	for name, write := range map[string]func(string, io.Reader) (int64, error){"replace": atomicfile.Replace, "create": atomicfile.Create} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := write(filepath.Join(dir, "new"), half()); !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			wantFolder(t, dir, map[string]string{})
			if err := atomicfile.Write(filepath.Join(dir, "old"), []byte("old")); err != nil {
				t.Fatal(err)
			}
			if _, err := write(filepath.Join(dir, "old"), half()); !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			wantFolder(t, dir, map[string]string{"old": "old"})
		})
	}
}

func TestAPlaceThatIsAFolderIsLeft(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "taken", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "taken"), []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if _, err := atomicfile.Create(filepath.Join(dir, "taken"), strings.NewReader("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v)", entries, err)
	}
}

func TestANewFileReplacesNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "backup.db")
	n, err := atomicfile.Create(path, strings.NewReader("first"))
	if err != nil || n != 5 {
		t.Fatalf("wrote %d bytes: %v", n, err)
	}
	if _, err := atomicfile.Create(path, strings.NewReader("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	wantFolder(t, dir, map[string]string{"backup.db": "first"})
}

func TestOfTwoNewFilesOneWins(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	won := make(chan string, 20)
	for i := range cap(won) {
		all.Go(func() {
			text := strings.Repeat(string(rune('a'+i)), 1000)
			if _, err := atomicfile.Create(filepath.Join(dir, "one"), strings.NewReader(text)); err == nil {
				won <- text
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Fatalf("%d won", len(won))
	}
	wantFolder(t, dir, map[string]string{"one": <-won})
}

func TestAFileOfAnotherProgramIsPlaced(t *testing.T) {
	dir := t.TempDir()
	partial, path := filepath.Join(dir, "copy.partial"), filepath.Join(dir, "copy")
	for i, want := range []error{nil, fs.ErrExist} {
		if err := os.WriteFile(partial, []byte{byte('0' + i)}, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := atomicfile.Place(partial, path); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		wantFolder(t, dir, map[string]string{"copy": "0"})
	}
	if err := atomicfile.Place(partial, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestTheFolderMustBeThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "file")
	if err := atomicfile.Write(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := atomicfile.SyncFolder(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// stuck reads until it is let go of: the writer is caught in the middle.
type stuck struct {
	t   *testing.T
	dir string
}

func (s stuck) Read([]byte) (int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 2 {
		s.t.Errorf("in the middle there are %v (%v)", entries, err)
	}
	for _, e := range entries {
		if e.Name() == "state.json" {
			continue
		}
		// What a killed process would leave, under the name that it has.
		if err := os.WriteFile(filepath.Join(s.dir, strings.Replace(e.Name(), "-", "-9", 1)), []byte("half"), 0o600); err != nil {
			s.t.Error(err)
		}
	}
	return 0, io.EOF
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	if err := atomicfile.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.Replace(path, stuck{t, dir}); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{".profile", ".notes-1.txt", "a-1.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, own), []byte("own"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Fatalf("nothing was left: %v %v", entries, err)
	}
	if err := atomicfile.RemoveLeft(dir); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, dir, map[string]string{"state.json": "", ".profile": "own", ".notes-1.txt": "own", "a-1.tmp": "own"})
	if err := atomicfile.RemoveLeft(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
