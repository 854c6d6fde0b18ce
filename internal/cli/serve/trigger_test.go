package serve_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
)

const withTriggers = `pages: {access: loopback}
sites:
  www:
    runner: local
    source: {folder: .}
    build: {output: public}
    deploy: {to: live}
    hooks:
      - {name: drupal, dialect: drupal}
      - {name: button, dialect: netlify}
    triggers:
      otherwise: wait
      rules:
        - {rule: banners, type: [banner], status: [published], then: release}
        - {rule: drafts, status: [draft], then: ignore}
`

func TestTriggerExplainSaysWhichRuleDecides(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pressrun.yaml")
	if err := os.WriteFile(file, []byte(withTriggers), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in, hook string
		want     []string
		code     int
	}{
		"a rule that applies":     {`{"event":"banner.published","type":"banner","status":"published"}`, "", []string{"release: banner.published published banner", `The rule "banners" applies`}, 0},
		"none, and why not":       {`{"event":"page.saved","type":"page"}`, "", []string{"wait: page.saved", "No rule applies", `banners  type is "page", not "banner"`, "drafts   status is not known"}, 0},
		"the dialect of a hook":   {`{"event":"entity:node:update","entity":{"type":[{"target_id":"banner"}],"moderation_state":[{"value":"draft"}]}}`, "drupal", []string{"ignore: entity:node:update", `The rule "drafts" applies`}, 0},
		"a build hook's own way":  {`{}`, "button", []string{"release: build_hook", "No rule applies: it asks for a release now."}, 0},
		"a body that is not JSON": {`{"event":`, "", []string{"the body is no JSON object"}, 2},
		"a hook that is not":      {`{}`, "nobody", []string{`site www has no hook "nobody"`}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"trigger", "explain", "-", "--site", "www", "--config", file}
			if c.hook != "" {
				args = append(args, "--hook", c.hook)
			}
			got := clitest.Run(t, clitest.Invocation{In: c.in, Args: args})
			if got.Code != c.code {
				t.Errorf("%+v", got)
			}
			for _, want := range c.want {
				if !strings.Contains(got.Out+got.Err, want) {
					t.Errorf("%q is not in %q", want, got.Out+got.Err)
				}
			}
		})
	}
}
