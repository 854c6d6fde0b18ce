package app

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// mustRefuse asks, and wants a refusal that says why; the app lives, and is not ready.
func (b *bench) mustRefuse(t *testing.T, key, why string) {
	t.Helper()
	if _, status, detail := b.askedWith(t, key); status != http.StatusServiceUnavailable || !strings.Contains(detail, why) {
		t.Errorf("%s: %d %q, want 503 that says %q", key, status, detail, why)
	}
	b.app.current.Load().api.Ready.Again()
	if status, text := b.callAs(t, "", http.MethodGet, "/readyz", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, why) {
		t.Errorf("/readyz says %d %s, want 503 that says %q", status, text, why)
	}
	// A reading that was given up takes its connection along, and no new one can be
	// opened; the others serve when they are free.
	eventually.Holds(t, "/healthz says that it can still read", func() bool {
		status, _ := b.callAs(t, "", http.MethodGet, "/healthz", "")
		return status == http.StatusOK
	})
}

// mustTake asks, and wants it taken; the app is ready.
func (b *bench) mustTake(t *testing.T, key string) string {
	t.Helper()
	b.app.current.Load().api.Ready.Again()
	if status, text := b.callAs(t, "", http.MethodGet, "/readyz", ""); status != http.StatusOK {
		t.Errorf("/readyz says %d %s", status, text)
	}
	id, status, detail := b.askedWith(t, key)
	if status != http.StatusCreated {
		t.Fatalf("%s: %d %q", key, status, detail)
	}
	return id
}

// mustHave says that what was acknowledged is in the ledger.
func (b *bench) mustHave(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		eventually.Succeeds(t, "request "+id+", which was acknowledged, to be told of", func() error {
			_, err := b.client.Request(t.Context(), id)
			return err
		})
	}
}

func TestNothingIsAcknowledgedIntoAStateFolderThatIsGone(t *testing.T) {
	const gone = "was removed or replaced while the app runs"
	for name, then := range map[string]func(t *testing.T, state string){
		"moved away": func(*testing.T, string) {},
		"an empty one in its place": func(t *testing.T, state string) {
			t.Helper()
			if err := os.Mkdir(state, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"a copy in its place": func(t *testing.T, state string) {
			t.Helper()
			if err := os.CopyFS(state, os.DirFS(state+".away")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, func(c *config.Config) { c.State = filepath.Join(c.State, "state") })
			state := b.app.current.Load().config.State
			first := b.mustTake(t, "first")
			if err := os.Rename(state, state+".away"); err != nil {
				t.Fatal(err)
			}
			then(t, state)
			b.mustRefuse(t, "second", gone)
			if status, text := b.callAs(t, operatorToken, http.MethodGet, "/v1/backup", ""); status == http.StatusOK && name != "a copy in its place" || status == http.StatusInternalServerError {
				t.Errorf("a backup is answered with %d %.200s", status, text)
			}
			b.mustHave(t, first)
			if err := os.RemoveAll(state); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(state+".away", state); err != nil {
				t.Fatal(err)
			}
			b.mustHave(t, first, b.mustTake(t, "second"))
		})
	}
}

func TestAWriteAheadLogThatSomebodyRemovedIsNoticed(t *testing.T) {
	b := start(t, nil)
	b.mustTake(t, "first")
	if err := os.Remove(filepath.Join(b.app.current.Load().config.State, "pressrun.db-wal")); err != nil {
		t.Fatal(err)
	}
	b.mustRefuse(t, "second", "was removed or replaced while the app runs")
}

func TestAFullStateFolderIsToldAndServingResumes(t *testing.T) {
	b := start(t, func(c *config.Config) { c.State = servers.SmallDisk(t, 8<<20) })
	ids := []string{b.mustTake(t, "first")}
	for _, round := range []string{"second", "third"} {
		free := servers.Fill(t, b.app.current.Load().config.State, 0)
		refused := false
		for i := 0; i < 10_000 && !refused; i++ { // until the log's own room is used up
			id, status, _ := b.askedWith(t, round+strings.Repeat("x", i%50)+string(rune('a'+i%26)))
			if refused = status != http.StatusCreated; !refused {
				ids = append(ids, id)
			}
		}
		b.mustRefuse(t, round, "the disk is full")
		free()
		ids = append(ids, b.mustTake(t, round))
	}
	b.mustHave(t, ids...)
}

// An ext4 file system that met an error turns read-only under the files that are
// open, and has to be mounted anew.
func TestAStateFolderThatTurnsReadOnlyIsToldAndLosesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		servers.Missing(t, "a file system of its own", "run the tests as root")
	}
	image, disk := filepath.Join(t.TempDir(), "image"), t.TempDir()
	mount := func(steps ...[]string) error {
		for _, s := range steps {
			if said, err := exec.CommandContext(t.Context(), s[0], s[1:]...).CombinedOutput(); err != nil {
				t.Logf("%v: %v: %s", s, err, said)
				return err
			}
		}
		return nil
	}
	attach := []string{"mount", "-o", "loop,errors=remount-ro", image, disk}
	if mount([]string{"truncate", "-s", "32M", image}, []string{"mkfs.ext4", "-q", "-F", image}, attach) != nil {
		servers.Missing(t, "an ext4 image on a loop device", "run the tests as root, with e2fsprogs")
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	source, err := exec.CommandContext(t.Context(), "findmnt", "-n", "-o", "SOURCE", disk).Output()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	opts := Options{}
	t.Run("under the app", func(t *testing.T) {
		b := startWith(t, opts, func(c *config.Config) { c.State = filepath.Join(disk, "state") })
		ids = append(ids, b.mustTake(t, "first"), b.mustTake(t, "second"))
		trigger := "/sys/fs/ext4/" + filepath.Base(strings.TrimSpace(string(source))) + "/trigger_fs_error"
		if err := os.WriteFile(trigger, []byte("1"), 0o200); err != nil {
			servers.Missing(t, "an ext4 that can be given an error", "run the tests with /sys mounted writable")
		}
		b.mustRefuse(t, "third", "")
		b.mustHave(t, ids...)
	})
	if err := mount([]string{"umount", disk}, []string{"e2fsck", "-p", "-f", image}); err != nil && !strings.Contains(err.Error(), "exit status 1") { // 1: it mended
		t.Fatal(err)
	}
	if err := mount(attach); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(disk, "state", "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := l.Read(t.Context(), func(ctx context.Context, s *ledger.Snapshot) error {
		for _, id := range ids {
			if _, _, err := s.Request(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
