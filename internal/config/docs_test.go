package config_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/config"
)

func TestDocsNameEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	var walk func(of reflect.Type, prefix string)
	walk = func(of reflect.Type, prefix string) {
		for f := range of.Fields() {
			key := prefix + f.Tag.Get("yaml")
			inner := f.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
				inner = inner.Elem()
			}
			if keys++; inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() {
				below := key + "."
				if f.Type.Kind() != reflect.Struct {
					below = "" // the items of a list or map are described by themselves
				}
				walk(inner, below)
				continue
			}
			if !strings.Contains(string(text), "`"+key+"`") {
				t.Errorf("docs/configuration.md does not name `%s`", key)
			}
			if _, value, ok := strings.Cut(f.Tag.Get("jsonschema"), "default="); ok && !strings.Contains(string(text), "| `"+key+"` | `"+value+"` |") {
				t.Errorf("docs/configuration.md does not say that `%s` is `%s` when left out", key, value)
			}
		}
	}
	walk(reflect.TypeFor[config.Config](), "")
	if keys < 50 {
		t.Fatalf("found %d keys", keys)
	}
}
