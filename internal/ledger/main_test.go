package ledger

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// childVar makes the test binary play another process: see TestMain.
const childVar = "PRESSRUN_LEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	play := map[string]func(context.Context, string) error{"hold": childHolds, "write": childWrites, "ask": childAsks}[os.Getenv(childVar)]
	if play == nil {
		// Each check writes to a real disk. -rapid.checks asks for more.
		if err := flag.Set("rapid.checks", "40"); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
	if err := play(context.Background(), os.Args[1]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// child starts the test binary as another process on a ledger.
func child(t *testing.T, play, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], path)
	cmd.Env = append(os.Environ(), childVar+"="+play)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has usually ended
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

func childOpen(ctx context.Context, path string) (*Ledger, error) {
	return Open(ctx, sqlite.At(path), Options{Sites: policies("www")})
}

func childHolds(ctx context.Context, path string) error {
	if _, err := childOpen(ctx, path); err != nil {
		return err
	}
	fmt.Println("open")
	time.Sleep(10 * time.Minute) // longer than anybody waits for its end
	return errors.New("nobody killed this process")
}

// childWrites asks from 16 goroutines for ever and prints each id once it is
// acknowledged.
func childWrites(ctx context.Context, path string) error {
	l, err := childOpen(ctx, path)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := 0; err == nil; n++ {
				r, _, e := accept(ctx, l, Request{Site: "www", Key: fmt.Sprintf("%d-%d-%d", os.Getpid(), i, n), Source: release.FromContent})
				if e != nil {
					fmt.Println("error:", e)
					return
				}
				fmt.Println(r.ID)
			}
		})
	}
	wg.Wait()
	return err
}

// childAsks asks once a line and says how it went.
func childAsks(ctx context.Context, path string) error {
	l, err := childOpen(ctx, path)
	if err != nil {
		return err
	}
	fmt.Println("open")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		_, err := l.Accept(ctx, Request{Site: "www", Source: release.FromEditor})
		if u, ok := errors.AsType[*Unavailable](err); ok {
			fmt.Println("unavailable:", u.Why)
			continue
		}
		fmt.Println("asked:", err)
	}
	return errors.Join(in.Err(), l.Close())
}

func TestASecondProcessIsKeptOutAndGetsInAtOnceWhenTheFirstIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	first, out := child(t, "hold", path)
	if !out.Scan() || out.Text() != "open" {
		t.Fatalf("the first process: %q", out.Text())
	}
	_, err := childOpen(t.Context(), path)
	in, ok := errors.AsType[*InUse](err)
	if !ok {
		t.Fatalf("got %v, want InUse", err)
	}
	if want := fmt.Sprint("process ", first.Process.Pid); in.Holder != want {
		t.Errorf("the holder is %q, want %q", in.Holder, want)
	}
	// Another name of the same file is the same file.
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := childOpen(t.Context(), link); !errors.As(err, new(*InUse)) {
		t.Errorf("through a link: got %v, want InUse", err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	l, err := childOpen(t.Context(), path)
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatWasAcknowledgedIsThereAfterAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	acknowledged := map[string]bool{}
	const cycles = 6
	for cycle := range cycles {
		writer, out := child(t, "write", path)
		// Read until so many are acknowledged, so that a slow machine tests
		// as much as a fast one; then kill it in the middle of its work.
		for enough := len(acknowledged) + 150 + 37*cycle; len(acknowledged) < enough && out.Scan(); {
			collect(t, acknowledged, out.Text())
		}
		if err := writer.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it had said before it died counts too
			collect(t, acknowledged, out.Text())
		}
		_ = writer.Wait() // it was killed
		l := openSites(t, path, "www")
		there := map[string]bool{}
		for _, r := range allRequests(t, l, "www") {
			there[r.ID] = true
		}
		for id := range acknowledged {
			if !there[id] {
				t.Fatalf("cycle %d: request %s was acknowledged and is lost", cycle, id)
			}
		}
		mustBeSound(t, l, "www")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := sqlite.Verify(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged requests, %d kills, none lost", len(acknowledged), cycles)
}

func collect(t *testing.T, ids map[string]bool, line string) {
	t.Helper()
	// The last line may be cut short by the kill: an id has 28 characters.
	if len(line) != len(newID("req_", time.Now())) {
		return
	}
	if !strings.HasPrefix(line, "req_") {
		t.Fatalf("the child says %q", line)
	}
	if ids[line] {
		t.Fatalf("id %s was given twice", line)
	}
	ids[line] = true
}
