package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

// TestTheConfigurationsOfTheGuidesAreTaken reads what docs/cms tells people to write,
// in a configuration that has the rest.
func TestTheConfigurationsOfTheGuidesAreTaken(t *testing.T) {
	guides, err := filepath.Glob("../../docs/cms/*.md")
	if err != nil {
		t.Fatal(err)
	}
	const site = "sites:\n  www:\n"
	block, found := regexp.MustCompile("(?s)```yaml\n(.*?)```"), 0
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range block.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(match[1], site) {
				t.Errorf("%s: its configuration does not begin with its site:\n%s", guide, match[1])
				continue
			}
			whole := "pages: {access: loopback}\n" + strings.Replace(match[1], site, site+"    source: {folder: frontend}\n    build: {output: public}\n    deploy: {to: live}\n    runner: local\n", 1)
			c, err := config.Parse(guide, "/etc/pressrun", []byte(whole))
			if err != nil {
				t.Errorf("%s: %v", guide, err)
				continue
			}
			found += len(c.Sites["www"].Hooks)
		}
	}
	if found != 10 {
		t.Errorf("the guides have %d hooks", found)
	}
}
