//go:build unix

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// TestABuildThatChangesWhileItIsDeployed changes the build after its assets have
// gone out. No file of neither build goes live, and the next deploy is whole.
func TestABuildThatChangesWhileItIsDeployed(t *testing.T) {
	const page, film = "news/index.html", "files/film.zip"
	write := func(name, body string) func(string) error {
		return func(dir string) error {
			return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(body), 0o600)
		}
	}
	const ended = "let the build end first, then deploy again"
	const differs = "the content differs from its checksum: the file changed while it was being read"
	for _, c := range []struct {
		name   string
		size   int // of the film
		change func(dir string) error
		want   []string // any of these; empty when the deploy succeeds
		file   string   // what the change is about
	}{
		{"a page is written again", 0, write(page, "NEWS"), []string{page + " changed while it was being deployed: " + ended}, page},
		{"a page grows", 0, write(page, "news, and more"), []string{page + " changed while it was being deployed: " + ended}, page},
		{"a page shrinks", 0, write(page, "n"), []string{page + " changed while it was being deployed: " + ended}, page},
		{"a page vanishes", 0, func(dir string) error { return os.Remove(filepath.Join(dir, page)) }, []string{"which changed during the deploy: let it end first, then deploy again"}, page},
		{"a page appears", 0, write("late.html", "late"), nil, "late.html"},
		{"a file of 2 MB changes", 2 << 20, write(film, strings.Repeat("x", 2<<20)), []string{film + " changed", differs}, film},
		{"a file of 2 MB shrinks", 2 << 20, write(film, strings.Repeat("x", 1<<20)), []string{film + " changed", differs}, film},
		{"a file of 17 MB changes", 17 << 20, write(film, strings.Repeat("x", 17<<20)), []string{film + " changed", differs}, film},
		{"a file of 17 MB shrinks", 17 << 20, write(film, strings.Repeat("x", 9<<20)), []string{film + " changed", differs}, film},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p place) {
				t.Helper()
				mustRun(t, p, options(small().with(page, "old news").write(t)))
				next := small()
				next["assets/new-0a1b2c3d4e.css"] = "new{}"
				if c.size > 0 {
					next[film] = strings.Repeat("o", c.size)
				}
				dir := next.write(t)
				o := options(dir)
				var once sync.Once
				o.Progress = func(e deploy.Event) {
					if e.Phase == rules.ClassAsset.String() {
						once.Do(func() {
							if err := c.change(dir); err != nil {
								t.Error(err)
							}
						})
					}
				}
				result, err := engine.Run(t.Context(), p.dest, o)
				got := p.read(t)
				if len(c.want) == 0 {
					if _, there := got[c.file]; err != nil || !result.Live || there {
						t.Fatalf("live %v, %s there: %v, %v", result.Live, c.file, there, err)
					}
				} else {
					if err == nil || result.Live || !saysAny(err, c.want) {
						t.Fatalf("live %v, %v\nwant any of %q", result.Live, err, c.want)
					}
					if c.file == page && got[page] != "old news" || got[film] != "" {
						t.Errorf("half of it is live: %q, film of %d bytes", got[page], len(got[film]))
					}
				}
				after := readFolder(t, dir)
				mustRun(t, p, options(dir))
				if diff := cmp.Diff(after, p.read(t)); diff != "" {
					t.Errorf("the next deploy (-want +got):\n%.2000s", diff)
				}
			})
		})
	}
}

func saysAny(err error, words []string) bool {
	for _, w := range words {
		if strings.Contains(err.Error(), w) {
			return true
		}
	}
	return false
}

// TestABuildWhoseFilesBecomeSomethingElse: a pipe is not waited for, a link not
// followed, a folder not read.
func TestABuildWhoseFilesBecomeSomethingElse(t *testing.T) {
	const page, film = "news/index.html", "files/film.zip"
	for _, file := range []string{page, film} {
		for name, become := range map[string]func(at string) error{
			"a folder":       func(at string) error { return os.Mkdir(at, 0o700) },
			"a pipe":         func(at string) error { return syscall.Mkfifo(at, 0o600) },
			"a link":         func(at string) error { return os.Symlink("/etc/hostname", at) },
			"a link nowhere": func(at string) error { return os.Symlink("nowhere", at) },
			"a device":       func(at string) error { return os.Symlink("/dev/zero", at) },
		} {
			t.Run(file+" becomes "+name, func(t *testing.T) {
				everywhere(t, func(t *testing.T, p place) {
					t.Helper()
					mustRun(t, p, options(small().with(page, "old news").write(t)))
					next := small()
					next["assets/new-0a1b2c3d4e.css"] = "new{}"
					next[film] = strings.Repeat("o", 2<<20)
					dir := next.write(t)
					at := filepath.Join(dir, filepath.FromSlash(file))
					o := options(dir)
					var once sync.Once
					o.Progress = func(e deploy.Event) {
						if e.Phase == rules.ClassAsset.String() {
							once.Do(func() {
								if err := errors.Join(os.Remove(at), become(at)); err != nil {
									t.Error(err)
								}
							})
						}
					}
					result, err := engine.Run(t.Context(), p.dest, o)
					if err == nil || result.Live || !strings.Contains(err.Error(), "deploy again") {
						t.Fatalf("live %v, %v", result.Live, err)
					}
					if got := p.read(t); got[page] != "old news" && got[page] != "news" || got[film] != "" && file == film {
						t.Errorf("%s is %q, %s has %d bytes", page, got[page], film, len(got[film]))
					}
				})
			})
		}
	}
}
