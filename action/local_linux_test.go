package action_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
)

// A build is the same user as its run, and can read what the run was started
// with: that is no more than its own site's secrets.
func TestARunHasNoSecretOfAnotherSitesCDN(t *testing.T) {
	t.Setenv("FASTLY_API_TOKEN", "of-another-site")
	t.Setenv("PRESSRUN_GITHUB_KEY", "of-the-app")
	m := newOnThisMachine(t, goodBuild+`; cat /proc/$PPID/environ > parent.txt`)
	m.release(t)
	if e := m.wait(t); e.Conclusion != release.RunSucceeded {
		t.Fatalf("it ended as %+v\n%s", e, m.log(t))
	}
	text, err := os.ReadFile(filepath.Join(m.source, "parent.txt"))
	if err != nil || !strings.Contains(string(text), "PRESSRUN_SITE=www") {
		t.Fatalf("the run's environment could not be read (%v)\n%s", err, text)
	}
	for _, secret := range []string{"of-another-site", "of-the-app"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the run has %s", secret)
		}
	}
}
