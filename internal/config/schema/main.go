// Command schema writes the JSON schema of Pressrun's configuration, with the
// comments of the Go types as its descriptions. Run it by go generate in
// internal/config.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/pressrun/pressrun/internal/config"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := generate("../..")
	if err != nil {
		return err
	}
	if err := os.WriteFile("schema/pressrun.schema.json", text, 0o600); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	return nil
}

// generate makes the schema. It reads the comments from the sources in the
// folder of the module.
func generate(module string) ([]byte, error) {
	r := &jsonschema.Reflector{
		Anonymous: true,
		Mapper:    mapType,
	}
	comments, err := commentsOf(r, module)
	if err != nil {
		return nil, err
	}
	r.CommentMap = comments
	schema := r.Reflect(&config.Config{})
	schema.ID = "https://raw.githubusercontent.com/pressrun/pressrun/main/internal/config/schema/pressrun.schema.json"
	schema.Title = "Pressrun configuration"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return append(bytes.TrimSpace(text), '\n'), nil
}

// commentsOf reads the comments of package config. The reflector needs paths relative to
// the module.
func commentsOf(r *jsonschema.Reflector, module string) (map[string]string, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working folder: %w", err)
	}
	if err := os.Chdir(module); err != nil {
		return nil, fmt.Errorf("go to the module: %w", err)
	}
	err = r.AddGoComments("github.com/pressrun/pressrun", "internal/config")
	if back := os.Chdir(here); back != nil {
		return nil, fmt.Errorf("go back to the working folder: %w", back)
	}
	if err != nil {
		return nil, fmt.Errorf("read the comments of package config: %w", err)
	}
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(text), " ")
	}
	return r.CommentMap, nil
}

// mapType is the schema of types whose form in the file differs from Go's JSON.
func mapType(t reflect.Type) *jsonschema.Schema {
	if t != reflect.TypeFor[config.Duration]() {
		return nil
	}
	return &jsonschema.Schema{
		Type:     "string",
		Pattern:  `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		Examples: []any{"90s", "15m", "1h30m"},
	}
}
