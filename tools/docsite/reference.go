package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/config"
)

// schema is what of the configuration's JSON schema the reference shows.
type schema struct {
	Ref         string            `json:"$ref"`
	Type        any               `json:"type"`
	Description string            `json:"description"`
	Default     any               `json:"default"`
	Enum        []any             `json:"enum"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	Additional  json.RawMessage   `json:"additionalProperties"`
	Defs        map[string]schema `json:"$defs"`
	Required    []string          `json:"required"`
}

// configuration is a page of all keys, made of the schema that the program prints: a
// table for each kind of section.
func configuration() ([]byte, error) {
	var whole schema
	if err := json.Unmarshal(config.Schema(), &whole); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	var b strings.Builder
	b.WriteString("# All keys of the configuration\n\nMade of the schema that `pressrun config schema` prints. [configuration.md](../configuration.md) explains.\n")
	for _, name := range slices.Sorted(maps.Keys(whole.Defs)) {
		of := whole.Defs[name]
		if len(of.Properties) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | value | what it is |\n|---|---|---|\n", name, of.Description)
		for _, key := range slices.Sorted(maps.Keys(of.Properties)) {
			p := of.Properties[key]
			value := p.kind()
			if slices.Contains(of.Required, key) {
				value += ", required"
			}
			if p.Default != nil {
				value += fmt.Sprintf(", `%v` when left out", p.Default)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key, value, cell(p.Description))
		}
	}
	return []byte(b.String()), nil
}

// cell is text as a cell of a table may hold it.
func cell(text string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|", "<", "&lt;", "*", "\\*", "[", "\\[").Replace(text)
}

// kind is what a value may be.
func (s schema) kind() string {
	switch {
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, one := range s.Enum {
			words[i] = fmt.Sprintf("`%v`", one)
		}
		return strings.Join(words, ", ")
	case s.Items != nil:
		return "list of " + s.Items.kind()
	}
	var each schema
	if len(s.Additional) > 0 && json.Unmarshal(s.Additional, &each) == nil {
		return "by name, each " + each.kind()
	}
	if s.Type == nil {
		return "any"
	}
	return fmt.Sprint(s.Type)
}
