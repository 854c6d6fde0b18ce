package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pressrun/pressrun/internal/config"
)

const example = "../../examples/pressrun.yaml"

func TestTheExampleIsGood(t *testing.T) {
	c, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sites) != 2 || c.Sites["www-staging"].Source.Ref != "next" {
		t.Errorf("got %+v", c.Sites)
	}
	if problem := validate(t, example); problem != nil {
		t.Errorf("by the schema: %v", problem)
	}
}

func TestTheExampleNamesItsSchema(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(text), "\n")
	named, ok := strings.CutPrefix(header, "# yaml-language-server: $schema=")
	if !ok {
		t.Fatalf("the first line is %q", header)
	}
	committed, err := os.ReadFile(filepath.Join(filepath.Dir(example), named))
	if err != nil || !bytes.Equal(committed, config.Schema()) {
		t.Errorf("%s is not the schema (%v)", named, err)
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
