package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestPreviewsOfPullRequests(t *testing.T) {
	for previews, want := range map[string]string{
		"{address: 'https://*.preview.example.gov'}":                          "",
		"{address: 'https://*.preview.example.gov', label: show me}":          "",
		"{address: 'https://*.preview.example.gov', content: [live, drafts]}": "",
		"{address: 'https://*.preview.example.gov', content: [draft]}":        "no content of a preview",
		"{address: 'https://*.preview.example.gov', content: [live, live]}":   "there twice",
		"{}": "has not one *",
		"{address: 'https://preview.example.gov'}":                                   "has not one *",
		"{address: 'javascript:*'}":                                                  "is no http or https address",
		"{address: 'https://*.example.gov', workflow: content-release.yml}":          "releases site www",
		"{address: 'https://*.example.gov', workflow: other.yml}":                    "releases site other",
		"{address: 'https://*.example.gov', workflow: ../../x.yml}":                  "is no workflow",
		"{address: 'https://*.example.gov', label: " + strings.Repeat("x", 51) + "}": "is no label",
	} {
		text := "tokens:\n  - {name: ada, role: operator, sha256: 3f786850e387550fdab836ed7e6dc881de23001bcf1a0b9e1d5c4a2f0c8d9e7b}\nurl: https://pressrun.example.gov\ngithub: {app_id: 7}\nsites:\n  www: {runner: github, github: {repository: acme/www, previews: " + previews + "}}\n" +
			"  other: {runner: github, github: {repository: Acme/www, workflow: other.yml}}\n"
		c, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(text))
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) {
			t.Errorf("%s: got %v, want an error with %q", previews, err, want)
		}
		if err == nil && (c.Sites["www"].GitHub.Previews.Workflow != "preview-pull-request.yml" || c.Sites["www"].GitHub.PreviewWorkflow() == "") {
			t.Errorf("%s: got %+v", previews, *c.Sites["www"].GitHub.Previews)
		}
	}
}
