package servers_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/servers"
)

func TestAProgramThatIsNoTestStartsWhatTestsStart(t *testing.T) {
	var said []string
	var dir string
	err := servers.Outside(t.Context(), func(t testing.TB) {
		t.Helper()
		dir = t.TempDir()
		t.Cleanup(func() { said = append(said, "first") })
		t.Cleanup(func() {
			said = append(said, "second")
			t.Fatal("a mistake at the end")
		})
		t.Errorf("mistake %d", 1)
		defer func() { said = append(said, "deferred") }()
		if t.Failed() {
			t.Fatal("the last mistake")
		}
		said = append(said, "never")
	})
	if !slices.Equal(said, []string{"deferred", "second", "first"}) {
		t.Errorf("cleaned up in the order %q", said)
	}
	if err == nil || err.Error() != "mistake 1\nthe last mistake\na mistake at the end" {
		t.Errorf("it was said: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

func TestWhatIsMissingIsAnErrorOfAProgram(t *testing.T) {
	err := servers.Outside(t.Context(), func(t testing.TB) {
		t.Helper()
		servers.Missing(t, "a server", "apt-get install it")
	})
	if err == nil || !strings.Contains(err.Error(), "MISSING: a server") {
		t.Errorf("it was said: %v", err)
	}
}
