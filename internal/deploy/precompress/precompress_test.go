package precompress_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/minio/crc64nvme"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/precompress"
)

func write(t testing.TB, dir, name string, content []byte) manifest.File {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return manifest.File{Path: name, Size: int64(len(content)), Sum: sha256.Sum256(content), CRC: crc64nvme.Checksum(content)}
}

func packer(t testing.TB, dir string) *precompress.Compressor {
	t.Helper()
	p := precompress.New(dir, t.TempDir())
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func body(t testing.TB, p *precompress.Compressor, path string) []byte {
	t.Helper()
	r, ok := p.Body(path)
	if !ok {
		t.Fatalf("%s has no compressed content", path)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// text is content that compresses as pages do.
func text(words int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(words)))
	var b bytes.Buffer
	for range words {
		fmt.Fprintf(&b, "<p class=\"%x\">word</p>\n", r.Uint32N(5000))
	}
	return b.Bytes()
}

func TestAFileIsStoredCompressedWhenThatIsSmaller(t *testing.T) {
	dir := t.TempDir()
	p := packer(t, dir)
	for name, content := range map[string][]byte{
		"empty.html": nil, "short.html": []byte("x"), "a b/é.html": text(50), "large.json": text(20_000),
		"noise.txt": bytes.Repeat([]byte("abc"), 10)[:7],
	} {
		f := write(t, dir, name, content)
		stored, err := p.Compress(f)
		if err != nil {
			t.Fatal(err)
		}
		if stored.Built() != (manifest.Origin{Size: f.Size, Sum: f.Sum}) || stored.OriginCRC != f.CRC {
			t.Errorf("%s: built from %+v", name, stored.Origin)
		}
		if len(content) < 100 {
			if _, ok := p.Body(name); ok || stored.Encoding != "" || stored.Sum != f.Sum || stored.Size != f.Size || stored.CRC != f.CRC {
				t.Errorf("%s is larger compressed, and yet: %+v", name, stored)
			}
			continue
		}
		packed := body(t, p, name)
		if stored.Encoding != "gzip" || stored.Size != int64(len(packed)) || stored.Sum != sha256.Sum256(packed) || stored.CRC != crc64nvme.Checksum(packed) || stored.Size >= f.Size {
			t.Errorf("%s: %+v does not describe its %d bytes", name, stored, len(packed))
		}
		r, err := stdgzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if r.Name != "" || !r.ModTime.IsZero() || r.Comment != "" || len(r.Extra) > 0 {
			t.Errorf("%s: its gzip header says more than it must: %+v", name, r.Header)
		}
		if back, err := io.ReadAll(r); err != nil || !bytes.Equal(back, content) {
			t.Errorf("%s does not come back: %v", name, err)
		}
	}
}

// Machines differ in how many files they compress at a time, and in which order.
func TestEqualContentGivesEqualBytesWhateverCameBefore(t *testing.T) {
	contents := map[string][]byte{}
	for i := range 20 {
		contents[fmt.Sprintf("p%02d.html", i)] = text(10 + i*97)
	}
	var first map[string]manifest.File
	for round := range 3 {
		dir := t.TempDir()
		p := packer(t, dir)
		got := map[string]manifest.File{}
		var mu sync.Mutex
		var group sync.WaitGroup
		for name, content := range contents { // in no order
			f := write(t, dir, name, content)
			group.Go(func() {
				stored, err := p.Compress(f)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got[name] = stored
			})
		}
		group.Wait()
		if round == 0 {
			first = got
		}
		for name, want := range first {
			if got[name] != want {
				t.Errorf("round %d, %s: %+v, first %+v", round, name, got[name], want)
			}
			if sum := sha256.Sum256(body(t, p, name)); sum != want.Sum {
				t.Errorf("round %d, %s: the content is another file's", round, name)
			}
		}
	}
}

func TestAnythingComesBack(t *testing.T) {
	dir := t.TempDir()
	p := packer(t, dir)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		content := []byte(strings.Repeat(rapid.String().Draw(r, "text"), rapid.IntRange(1, 50).Draw(r, "times")))
		f := write(t, dir, fmt.Sprintf("%d.txt", n), content)
		stored, err := p.Compress(f)
		if err != nil {
			r.Fatal(err)
		}
		if stored.Encoding == "" {
			return
		}
		z, err := stdgzip.NewReader(bytes.NewReader(body(t, p, f.Path)))
		if err != nil {
			r.Fatal(err)
		}
		if back, err := io.ReadAll(z); err != nil || !bytes.Equal(back, content) {
			r.Fatalf("%q came back as %q, %v", content, back, err)
		}
	})
}

func TestAFileThatChangesMeanwhileIsRefused(t *testing.T) {
	dir := t.TempDir()
	p := packer(t, dir)
	f := write(t, dir, "a.html", text(100))
	write(t, dir, "a.html", text(101))
	if _, err := p.Compress(f); err == nil || !strings.Contains(err.Error(), "compress a.html: the file changed while") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "a.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Compress(f); err == nil || !strings.Contains(err.Error(), "compress a.html") {
		t.Errorf("gone: %v", err)
	}
	if _, ok := p.Body("a.html"); ok {
		t.Error("and yet it has content")
	}
}

func TestNoRoomForTemporaryFilesIsSaid(t *testing.T) {
	dir := t.TempDir()
	p := precompress.New(dir, filepath.Join(dir, "not", "there"))
	if _, err := p.Compress(write(t, dir, "a.html", text(100))); err == nil || !strings.Contains(err.Error(), "make a temporary file") {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	p := precompress.New(dir, temp)
	if _, err := p.Compress(write(t, dir, "a.html", text(1000))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestMemoryIsBoundedWhateverTheSize(t *testing.T) {
	dir := t.TempDir()
	p := packer(t, dir)
	small, large := write(t, dir, "small.json", text(1000)), write(t, dir, "large.json", text(150_000))
	if _, err := p.Compress(small); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stored, err := p.Compress(large)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; err != nil || grown > 2<<20 {
		t.Errorf("%d bytes compressed to %d took %d bytes of memory, %v", large.Size, stored.Size, grown, err)
	}
}

// The bytes of this version of the compressor, on every kind of machine. When an
// upgrade of it changes them, so does this sum, and docs/deploy.md says what that
// means for sites.
func TestEveryMachineMakesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	stored, err := packer(t, dir).Compress(write(t, dir, "a.html", text(5000)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "6cc1086d82cc81b429c66b40c5815d23072b01908f5391d94f6d8def0319f042"
	if got := stored.Sum.String(); got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
}

// BenchmarkPack compresses pages of 20 kB on all processors.
func BenchmarkPack(b *testing.B) {
	dir := b.TempDir()
	var files []manifest.File
	for i := range 200 {
		files = append(files, write(b, dir, fmt.Sprintf("p%d.html", i), text(800+i%7)))
	}
	b.SetBytes(200 * files[0].Size)
	b.ReportAllocs()
	for b.Loop() {
		p := precompress.New(dir, b.TempDir())
		var group sync.WaitGroup
		for part := range 4 {
			group.Go(func() {
				for i := part; i < len(files); i += 4 {
					if _, err := p.Compress(files[i]); err != nil {
						b.Error(err)
					}
				}
			})
		}
		group.Wait()
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
