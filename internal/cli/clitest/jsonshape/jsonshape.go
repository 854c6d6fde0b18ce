// Package jsonshape holds the JSON documents of commands to what docs/json says of
// them: what was told once is told for as long as their version stays.
package jsonshape

import (
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Hold compares the documents, by command, with a file of docs/json. With -update it
// adds what is new, and refuses to take away: that needs another version.
func Hold(t *testing.T, file string, documents map[string]any) {
	t.Helper()
	var got []string
	for command, v := range documents {
		got = append(got, Of(command, reflect.TypeOf(v))...)
	}
	slices.Sort(got)
	got = slices.Compact(got)
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	was := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range was {
		if line != "" && !slices.Contains(got, line) {
			t.Errorf("%s promises %q, and the command does not keep it: keep the field as it was, or raise the version of the JSON documents", file, line)
		}
	}
	if f := flag.Lookup("update"); !t.Failed() && f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, line := range got {
		if !slices.Contains(was, line) {
			t.Errorf("%s does not name %q: go test -update adds it", file, line)
		}
	}
}

// Of lists the fields of a document: "status sites[].name: text". A field that may be
// left out has a question mark.
func Of(command string, t reflect.Type) []string { return walk(command+" ", "", t, nil) }

var (
	instant   = reflect.TypeFor[time.Time]()
	marshaler = reflect.TypeFor[json.Marshaler]()
	texter    = reflect.TypeFor[encoding.TextMarshaler]()
)

func walk(path, optional string, t reflect.Type, above []reflect.Type) []string {
	leaf := func(kind string) []string { return []string{strings.TrimRight(path, " ") + optional + ": " + kind} }
	switch {
	case t.Kind() == reflect.Pointer:
		return walk(path, optional, t.Elem(), above)
	case t == instant:
		return leaf("instant")
	case t.Implements(marshaler):
		return leaf("anything")
	case t.Implements(texter):
		return leaf("text")
	case slices.Contains(above, t):
		return leaf("as above")
	}
	switch t.Kind() { //nolint:exhaustive // all others are numbers
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return leaf("text")
		}
		return walk(path+optional+"[]", "", t.Elem(), above)
	case reflect.Map:
		return walk(path+optional+"{}", "", t.Elem(), above)
	case reflect.Struct:
		return fields(path+optional, t, append(slices.Clone(above), t))
	case reflect.String:
		return leaf("text")
	case reflect.Bool:
		return leaf("yes or no")
	case reflect.Interface:
		return leaf("anything")
	default:
		return leaf("number")
	}
}

func fields(path string, t reflect.Type, above []reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			out = append(out, fields(path, inner, above)...)
			continue
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		optional := ""
		if strings.Contains(options, "omit") {
			optional = "?"
		}
		dot := "."
		if strings.HasSuffix(path, " ") {
			dot = ""
		}
		out = append(out, walk(fmt.Sprintf("%s%s%s", path, dot, name), optional, f.Type, above)...)
	}
	return out
}
