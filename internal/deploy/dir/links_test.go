package dir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/dir"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// strangers is a folder that somebody has filled, beside others that are not the
// destination's.
type strangers struct {
	t    *testing.T
	base string
	site *dir.Site
}

func newStrangers(t *testing.T) *strangers {
	t.Helper()
	base := t.TempDir()
	s := &strangers{t: t, base: base}
	s.write("www/theirs.txt", "theirs")
	s.write("others/img/a.png", "pic")
	s.write("outside/kept.txt", "kept")
	s.reopen()
	return s
}

func (s *strangers) reopen() {
	s.t.Helper()
	site, _, err := dir.Open(filepath.Join(s.base, "www"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.site = site
}

func (s *strangers) write(name, body string) {
	s.t.Helper()
	file := filepath.Join(s.base, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(body), 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *strangers) link(target, name string) {
	s.t.Helper()
	if err := os.Symlink(target, filepath.Join(s.base, name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *strangers) read(name string) string {
	s.t.Helper()
	body, err := os.ReadFile(filepath.Join(s.base, name))
	if err != nil {
		s.t.Errorf("%v", err)
	}
	return string(body)
}

// swap makes a release live that changes nothing but what write does.
func (s *strangers) swap(sequence int64, write func()) {
	s.t.Helper()
	if err := s.site.Stage(s.t.Context(), sequence); err != nil {
		s.t.Fatal(err)
	}
	if write != nil {
		write()
	}
	if err := s.site.Publish(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *strangers) put(key, body string) error {
	s.t.Helper()
	_, err := s.site.Put(s.t.Context(), store.SmallPut(key, "", []byte(body), store.Condition{}))
	return err
}

func (s *strangers) untouched() {
	s.t.Helper()
	for folder, want := range map[string]string{"outside": "kept.txt", "others/img": "a.png"} {
		entries, err := os.ReadDir(filepath.Join(s.base, folder))
		if err != nil || len(entries) != 1 || entries[0].Name() != want {
			s.t.Errorf("%s holds %v, %v", folder, entries, err)
		}
	}
	if s.read("outside/kept.txt") != "kept" || s.read("others/img/a.png") != "pic" {
		s.t.Error("a file outside the destination was changed")
	}
}

func TestNothingIsWrittenOrDeletedThroughALink(t *testing.T) {
	for name, c := range map[string]struct {
		target string // of www/l; BASE is where everything lies
		key    string
	}{
		"to a folder outside":     {"BASE/outside", "l/new.txt"},
		"over a file outside":     {"BASE/outside", "l/kept.txt"},
		"relative":                {"../outside", "l/kept.txt"},
		"deeper":                  {"BASE", "l/outside/kept.txt"},
		"inside the destination":  {"real", "l/a.txt"},
		"to the destination":      {".", "l/a.txt"},
		"a loop":                  {"l", "l/a.txt"},
		"to nothing":              {"nowhere", "l/a.txt"},
		"to a link":               {"m", "l/kept.txt"},
		"to a file":               {"theirs.txt", "l/a.txt"},
		"to the trees themselves": {"BASE/www.pressrun/trees", "l/a.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStrangers(t)
			s.write("www/real/a.txt", "real")
			s.link(strings.ReplaceAll(c.target, "BASE", s.base), "www/l")
			s.link(filepath.Join(s.base, "outside"), "www/m")
			s.swap(1, func() {
				err := s.put(c.key, "ours")
				if err == nil || !strings.Contains(err.Error(), "l is a link to") || !strings.Contains(err.Error(), "move the link away") {
					t.Errorf("a write through a link: %v", err)
				}
			})
			if _, err := s.site.Stat(t.Context(), c.key); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what lies behind a link is told of as ours: %v", err)
			}
			if _, err := s.site.Get(t.Context(), c.key); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what lies behind a link is read as ours: %v", err)
			}
			if err := s.site.Delete(t.Context(), []store.Deletion{{Key: c.key}})[0]; err != nil {
				t.Errorf("a delete of what is not there: %v", err)
			}
			if s.read("www/real/a.txt") != "real" || s.read("www/theirs.txt") != "theirs" {
				t.Error("a stranger's file was changed")
			}
			if info, err := os.Lstat(filepath.Join(s.base, "www", "l")); err != nil || info.Mode()&os.ModeSymlink == 0 {
				t.Errorf("the stranger's link is gone: %v", err)
			}
			s.untouched()
		})
	}
}

func TestALinkInThePlaceOfAFileIsReplacedAndNotFollowed(t *testing.T) {
	for _, target := range []string{"../outside/kept.txt", "theirs.txt", "a.html", "nowhere"} {
		t.Run(target, func(t *testing.T) {
			s := newStrangers(t)
			s.link(target, "www/a.html")
			info, err := s.site.Stat(t.Context(), "a.html")
			if err != nil || info.HasCRC {
				t.Fatalf("a link passes for a file whose content is known: %+v, %v", info, err)
			}
			listed := ""
			if err := s.site.List(t.Context(), "a.html", func(i store.Info) error { listed = i.ETag; return nil }); err != nil || listed != info.ETag {
				t.Errorf("listed as %q, looked at as %q, %v", listed, info.ETag, err)
			}
			s.swap(1, func() {
				put := store.SmallPut("a.html", "", []byte("ours"), store.Condition{IfAbsent: true})
				if _, err := s.site.Put(t.Context(), put); !errors.Is(err, store.ErrPrecondition) {
					t.Errorf("a new file in the place of a link: %v", err)
				}
				if _, err := s.site.Copy(t.Context(), store.Copy{From: "a.html", Key: "copy.html"}); err == nil {
					t.Error("what a link leads to was copied")
				}
				if err := s.put("a.html", "ours"); err != nil {
					t.Error(err)
				}
			})
			if s.read("www/a.html") != "ours" || s.read("www/theirs.txt") != "theirs" {
				t.Error("the file is not as it was written, or another is")
			}
			s.untouched()
		})
	}
}

// TestALinkLeadsWhereItLedAfterTheSwap: the first release puts the folder elsewhere,
// and each one makes a tree of its own.
func TestALinkLeadsWhereItLedAfterTheSwap(t *testing.T) {
	for name, c := range map[string]struct{ at, target, then, want string }{
		"out of the folder":            {"www/img", "../others/img", "/a.png", "pic"},
		"out of a folder in it":        {"www/deep/er/img", "../../../others/img", "/a.png", "pic"},
		"to a file":                    {"www/a.png", "../others/img/a.png", "", "pic"},
		"absolute":                     {"www/img", "BASE/others/img", "/a.png", "pic"},
		"beside it":                    {"www/x.txt", "theirs.txt", "", "theirs"},
		"up and down inside":           {"www/deep/x.txt", "../theirs.txt", "", "theirs"},
		"out and in again":             {"www/x.txt", "../www/theirs.txt", "", "theirs"},
		"absolute, into the folder":    {"www/x.txt", "BASE/www/theirs.txt", "", "theirs"},
		"through another of its links": {"www/x.png", "far/../img/a.png", "", "pic"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStrangers(t)
			s.link("../others/img", "www/far")
			s.write("www/deep/er/page.html", "page")
			s.link(strings.ReplaceAll(c.target, "BASE", s.base), c.at)
			if got := s.read(c.at + c.then); got != c.want {
				t.Fatalf("before: %q", got)
			}
			for sequence := int64(1); sequence < 6; sequence++ {
				s.swap(sequence, nil)
				if got := s.read(c.at + c.then); got != c.want {
					t.Fatalf("after release %d it leads to %q", sequence, got)
				}
			}
			s.untouched()
		})
	}
	t.Run("made by hand into the live tree", func(t *testing.T) {
		s := newStrangers(t)
		s.swap(1, nil)
		resolved, err := filepath.EvalSymlinks(filepath.Join(s.base, "www"))
		if err != nil {
			t.Fatal(err)
		}
		s.link(filepath.Join(resolved, "theirs.txt"), "www/x.txt")
		for sequence := int64(2); sequence < 6; sequence++ {
			s.swap(sequence, nil)
		}
		if got := s.read("www/x.txt"); got != "theirs" {
			t.Errorf("it leads to %q", got)
		}
	})
}

func TestAFileWithASecondNameElsewhereKeepsItsContentThere(t *testing.T) {
	s := newStrangers(t)
	if err := os.Link(filepath.Join(s.base, "outside/kept.txt"), filepath.Join(s.base, "www/a.html")); err != nil {
		t.Fatal(err)
	}
	s.swap(1, func() {
		if err := s.put("a.html", "ours"); err != nil {
			t.Error(err)
		}
	})
	if s.read("www/a.html") != "ours" {
		t.Error("the file is not as it was written")
	}
	if err := s.site.Delete(t.Context(), []store.Deletion{{Key: "a.html"}})[0]; err != nil {
		t.Error(err)
	}
	s.untouched()
}

func TestAFileWhereAFolderIsToBeSaysSo(t *testing.T) {
	s := newStrangers(t)
	s.write("www/about/notes.txt", "theirs")
	s.swap(1, func() {
		if err := s.put("theirs.txt/index.html", "ours"); err == nil || !strings.Contains(err.Error(), "theirs.txt is a file at the destination, and the release needs a folder") {
			t.Errorf("a folder in the place of a file: %v", err)
		}
		if err := s.put("about", "ours"); err == nil || !strings.Contains(err.Error(), "about is a folder at the destination, and the release has a file") {
			t.Errorf("a file in the place of a folder: %v", err)
		}
	})
	if s.read("www/theirs.txt") != "theirs" || s.read("www/about/notes.txt") != "theirs" {
		t.Error("a stranger's file was changed")
	}
}

func TestADestinationThatIsSomebodysLinkIsRefused(t *testing.T) {
	for name, target := range map[string]string{"relative": "outside", "absolute": "BASE/outside", "to nothing": "nowhere", "a loop": "site", "to another's tree": "www.pressrun/trees/0000000001"} {
		t.Run(name, func(t *testing.T) {
			s := newStrangers(t)
			s.swap(1, nil)
			s.link(strings.ReplaceAll(target, "BASE", s.base), "site")
			if _, _, err := dir.Open(filepath.Join(s.base, "site")); err == nil || !strings.Contains(err.Error(), "is a link to") {
				t.Errorf("opened: %v", err)
			}
			s.reopen() // the link of the swap is our own
			s.swap(2, nil)
			s.untouched()
		})
	}
}

// TestAPrivateFolderStaysPrivate: the new tree has folders of its own.
func TestAPrivateFolderStaysPrivate(t *testing.T) {
	s := newStrangers(t)
	s.write("www/private/secret.txt", "secret")
	if err := os.Chmod(filepath.Join(s.base, "www/private"), 0o700); err != nil {
		t.Fatal(err)
	}
	for sequence := int64(1); sequence < 4; sequence++ {
		s.swap(sequence, nil)
		info, err := os.Stat(filepath.Join(s.base, "www/private"))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("release %d: %v, %v", sequence, info.Mode(), err)
		}
	}
}

// TestWhatCannotBeReadIsNotLost: a folder that this user may not read can't be taken
// into the new tree, and the swap would lose what it holds.
func TestWhatCannotBeReadIsNotLost(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything: run it as another user")
	}
	s := newStrangers(t)
	s.write("www/private/secret.txt", "secret")
	private := filepath.Join(s.base, "www/private")
	if err := os.Chmod(private, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(private, 0o700) }()
	err := s.site.Stage(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), "www/private can't be taken into the new tree, and would be lost") {
		t.Errorf("staged: %v", err)
	}
	if err := s.site.Discard(); err != nil || s.read("www/theirs.txt") != "theirs" {
		t.Errorf("after it was given up: %v", err)
	}
}
