package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/internal/config"
)

// aSite is what each site needs, and a fragment of a page leaves out.
var aSite = map[string]any{
	"runner": "local", "source": map[string]any{"folder": "source"},
	"build": map[string]any{"output": "public"}, "deploy": map[string]any{"to": "live"},
}

// ofGitHub is what a site whose runs are GitHub's needs instead.
var ofGitHub = map[string]any{"runner": "github", "github": map[string]any{"repository": "acme/www"}}

// topLevel are the keys of a configuration; a fragment without any is of one site.
var topLevel = []string{"listen", "url", "state", "ledger", "ledger_file", "pages", "sign_in", "tokens", "keep", "slots", "github", "holidays", "sites"}

// aHash stands where a page has … for the hash of a token.
const aHash = "3f786850e387550fdab836ed7e6dc881de23001bcf1a0b9e1d5c4a2f0c8d9e7b"

// TestEveryConfigurationInTheDocsIsGood: what a page shows passes config check,
// with what it leaves out of a site added.
func TestEveryConfigurationInTheDocsIsGood(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		for _, b := range blocksOf(t, page) {
			if b.language != "yaml" || b.notRun != "" {
				continue
			}
			text, ok := whole(t, b)
			if !ok {
				continue
			}
			checked++
			if _, err := config.Parse(fmt.Sprintf("docs/%s", page), t.TempDir(), text); err != nil {
				t.Errorf("docs/%s:%d: %v\n%s", page, b.line, err, text)
			}
		}
	}
	if checked < 6 {
		t.Errorf("only %d configurations were found", checked)
	}
}

// whole is a configuration around a block; false for one that is none: a workflow,
// or a comment alone.
func whole(t *testing.T, b block) ([]byte, bool) {
	t.Helper()
	var found map[string]any
	text := strings.ReplaceAll(b.text, "sha256: …", "sha256: "+aHash)
	if err := yaml.Unmarshal([]byte(text), &found); err != nil {
		t.Errorf("docs/%s:%d: %v", b.page, b.line, err)
		return nil, false
	}
	keys := slices.Collect(maps.Keys(found))
	if len(found) == 0 || slices.Contains(keys, "jobs") || slices.Contains(keys, "on") || slices.Contains(keys, "uses") {
		return nil, false
	}
	if !slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(topLevel, key) }) {
		found = map[string]any{"sites": map[string]any{"www": found}}
	}
	sites, ok := found["sites"].(map[string]any)
	if !ok {
		site := map[string]any{}
		if found["github"] != nil {
			maps.Copy(site, ofGitHub)
		}
		sites = map[string]any{"www": site}
		found["sites"] = sites
	}
	for _, site := range sites {
		complete(site)
	}
	if found["tokens"] == nil {
		found["tokens"] = []any{map[string]any{"name": "ada", "role": "operator", "sha256": aHash}}
	}
	out, err := yaml.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	return out, true
}

func complete(site any) {
	s, ok := site.(map[string]any)
	if !ok || s["runner"] == "github" {
		return
	}
	for key, value := range aSite {
		if s[key] == nil {
			s[key] = value
		}
	}
}
