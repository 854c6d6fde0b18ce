package config_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pressrun/pressrun/internal/config"
)

// examples are the configurations that ship; those with tokens have placeholders.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%q, %v", files, err)
	}
	return files
}

func TestExamplesAreGoodOnceTheyHaveATokenOfYours(t *testing.T) {
	for _, file := range examples(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "sha256:") {
			_, err := config.Parse(file, "/etc/pressrun", text)
			if err == nil || !strings.Contains(err.Error(), "is a placeholder; make a token with") {
				t.Errorf("%s: as it ships: %v", file, err)
			}
		}
		n := 0
		for strings.Contains(string(text), placeholder) {
			n++
			text = []byte(strings.Replace(string(text), placeholder, fmt.Sprintf("%x", sha256.Sum256([]byte{byte(n), 7})), 1))
		}
		c, err := config.Parse(file, "/etc/pressrun", text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if len(c.Sites) == 0 {
			t.Errorf("%s has no site", file)
		}
		if problem := validateText(t, text); problem != nil {
			t.Errorf("%s: by the schema: %v", file, problem)
		}
	}
}

const placeholder = "PUT-A-HASH-HERE-see-pressrun-token-new"

// TestNoExampleHoldsAUsableHash looks at all that ships to be copied.
func TestNoExampleHoldsAUsableHash(t *testing.T) {
	guides, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	hash := regexp.MustCompile(`sha256:\s*"?[0-9a-f]{64}`)
	for _, file := range append(examples(t), append(guides, "../../README.md")...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := hash.Find(text); found != nil {
			t.Errorf("%s: %s", file, found)
		}
	}
}

func TestExamplesNameTheirSchema(t *testing.T) {
	for _, example := range examples(t) {
		text, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(text), "\n")
		named, ok := strings.CutPrefix(header, "# yaml-language-server: $schema=")
		if !ok {
			t.Fatalf("%s: the first line is %q", example, header)
		}
		committed, err := os.ReadFile(filepath.Join(filepath.Dir(example), named))
		if err != nil || !bytes.Equal(committed, config.Schema()) {
			t.Errorf("%s is not the schema (%v)", named, err)
		}
	}
}

// What the schema refuses, the loader refuses: an editor never marks a file
// that Pressrun would take.
func TestTheSchemaIsNoStricterThanTheLoader(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, file := range files {
		if !strings.Contains(file, "syntax") && validate(t, file) != nil {
			refused++
		}
	}
	// Some mistakes are beyond any schema, most are not.
	if refused < len(files)/3 {
		t.Errorf("the schema refuses %d of %d bad configurations", refused, len(files))
	}
	good := filepath.Join(t.TempDir(), "good.yaml")
	if err := os.WriteFile(good, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	if problem := validate(t, good); problem != nil {
		t.Errorf("the schema refuses what the loader takes: %v", problem)
	}
}

func validate(t *testing.T, file string) error {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return validateText(t, text)
}

func validateText(t *testing.T, text []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	var doc any
	if err := json.Unmarshal(config.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("pressrun.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("pressrun.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}
