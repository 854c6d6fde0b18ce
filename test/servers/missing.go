package servers

import (
	"os"
	"testing"
)

// Missing ends a test that lacks something it needs, and says how to get it:
// skipped on a developer's machine, failed where CI=true.
func Missing(t testing.TB, what, how string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("MISSING: %s (%s)", what, how)
	}
	t.Skipf("MISSING: %s. Not tested here. To have it: %s, or make test", what, how)
}
