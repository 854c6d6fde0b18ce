package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// maxNodes bounds what aliases can make of a small file.
const maxNodes = 100_000

// decoder fills a struct from a YAML tree. It goes on after a mistake, so that all are
// told at once.
type decoder struct {
	*File
	anchors map[string]ast.Node
	nodes   int
}

// value decodes a node into a target. The tag is that of the field: the enum
// of its jsonschema is the one list of allowed words.
func (d *decoder) value(n ast.Node, to reflect.Value, key string, tag reflect.StructTag) {
	n = d.resolve(n, key)
	if n == nil {
		return
	}
	if _, ok := d.places[key]; !ok || key != "" && !isSection(n) {
		d.places[key] = placeOf(n)
	}
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.add(placeOf(n), key, "the aliases make this file too large")
		}
		return
	}
	if n.Type() == ast.NullType {
		d.add(d.at(key), key, "has no value; expected "+shape(to.Type(), tag)+", or leave the key out")
		return
	}
	switch {
	case to.Kind() == reflect.Pointer:
		fresh := reflect.New(to.Type().Elem())
		d.value(n, fresh.Elem(), key, tag)
		to.Set(fresh)
	case to.Type() == reflect.TypeFor[time.Time](), to.Kind() != reflect.Struct && to.Kind() != reflect.Map && to.Kind() != reflect.Slice:
		d.scalar(n, to, key, tag)
	case to.Kind() == reflect.Slice:
		d.list(n, to, key)
	default:
		d.mapping(n, to, key)
	}
}

// resolve follows anchors and aliases and refuses tags. It gives nil when it
// has reported a mistake.
func (d *decoder) resolve(n ast.Node, key string) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		d.anchors[n.Name.GetToken().Value] = n.Value
		return d.resolve(n.Value, key)
	case *ast.AliasNode:
		target, ok := d.anchors[n.Value.GetToken().Value]
		if !ok {
			d.add(placeOf(n), key, fmt.Sprintf("the alias *%s names no anchor above it", n.Value.GetToken().Value))
			return nil
		}
		return d.resolve(target, key)
	case *ast.TagNode:
		d.add(placeOf(n), key, "tags such as !!str are not used here; write the value alone")
		return nil
	default:
		return n
	}
}

func (d *decoder) list(n ast.Node, to reflect.Value, key string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(placeOf(n), key, fmt.Sprintf("is %s; expected %s", kindOf(n), shape(to.Type(), "")))
		return
	}
	to.Set(reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		itemKey := key + "[" + strconv.Itoa(i) + "]"
		d.places[itemKey] = placeOf(item)
		d.value(item, to.Index(i), itemKey, "")
	}
}

func (d *decoder) mapping(n ast.Node, to reflect.Value, key string) {
	entries, ok := d.entries(n)
	if !ok {
		d.add(placeOf(n), key, fmt.Sprintf("is %s; expected %s", kindOf(n), shape(to.Type(), "")))
		return
	}
	if to.Kind() == reflect.Map && to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	given := d.merged(entries, to, key)
	for _, e := range entries {
		name, ok := d.keyName(e, key)
		if !ok {
			continue
		}
		d.forget(join(key, name))
		d.places[join(key, name)] = placeOf(e.Key)
		if to.Kind() == reflect.Map {
			d.mapValue(e.Value, to, key, name)
			continue
		}
		given[name] = true
		d.field(e, to, key, name)
	}
	if to.Kind() == reflect.Struct {
		d.required(to.Type(), given, key)
	}
}

// entries are the entries of a mapping. A mapping of one entry can come
// without its frame.
func (d *decoder) entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// merged decodes what `<<` brings in, before the mapping's own keys, which
// override it. It gives the names that it brought.
func (d *decoder) merged(entries []*ast.MappingValueNode, to reflect.Value, key string) map[string]bool {
	given := map[string]bool{}
	for _, e := range entries {
		if e.Key.Type() != ast.MergeKeyType {
			continue
		}
		n := d.resolve(e.Value, key)
		if n == nil {
			continue
		}
		from, ok := d.entries(n)
		if !ok {
			d.add(placeOf(e), key, "<< takes an alias of one mapping, such as <<: *www")
			continue
		}
		d.mergeInto(from, to, key, given)
	}
	return given
}

func (d *decoder) mergeInto(from []*ast.MappingValueNode, to reflect.Value, key string, given map[string]bool) {
	for _, e := range from {
		if e.Key.Type() == ast.MergeKeyType {
			d.add(placeOf(e), key, "<< within what is merged by another << is too much; name each mapping once")
			continue
		}
		name, ok := d.keyName(e, key)
		if !ok {
			continue
		}
		d.places[join(key, name)] = placeOf(e.Key)
		if to.Kind() == reflect.Map {
			d.mapValue(e.Value, to, key, name)
			continue
		}
		given[name] = true
		d.field(e, to, key, name)
	}
}

// keyName is the name of an entry's key; false for `<<`, which merged does,
// and for what is no name, which it reports.
func (d *decoder) keyName(e *ast.MappingValueNode, key string) (string, bool) {
	switch k := e.Key.(type) {
	case *ast.MergeKeyNode:
		return "", false
	case *ast.StringNode:
		return k.Value, true
	default:
		d.add(placeOf(e.Key), key, fmt.Sprintf("the key %s is %s; expected a name (put it in quotes)", e.Key.GetToken().Value, kindOf(e.Key)))
		return "", false
	}
}

func (d *decoder) mapValue(n ast.Node, to reflect.Value, key, name string) {
	value := reflect.New(to.Type().Elem()).Elem()
	d.value(n, value, join(key, name), "")
	to.SetMapIndex(reflect.ValueOf(name), value)
}

func (d *decoder) field(e *ast.MappingValueNode, to reflect.Value, key, name string) {
	known := fieldNames(to.Type())
	i := slices.Index(known, name)
	if i < 0 {
		d.add(placeOf(e.Key), join(key, name), unknownKey(name, known))
		return
	}
	fresh := reflect.New(to.Field(i).Type()).Elem()
	d.value(e.Value, fresh, join(key, name), to.Type().Field(i).Tag)
	to.Field(i).Set(fresh)
}

// required reports the keys that must be there and are not: those whose JSON
// may not be left out, as in the schema.
func (d *decoder) required(t reflect.Type, given map[string]bool, key string) {
	for i, name := range fieldNames(t) {
		field := t.Field(i)
		if given[name] || strings.Contains(field.Tag.Get("json"), ",omit") {
			continue
		}
		d.add(d.at(key), join(key, name), "is missing; expected "+shape(field.Type, field.Tag))
	}
}

// forget drops the places below a key that is about to be overridden.
func (d *decoder) forget(key string) {
	if _, seen := d.places[key]; !seen {
		return
	}
	for k := range d.places {
		if strings.HasPrefix(k, key+".") || strings.HasPrefix(k, key+"[") {
			delete(d.places, k)
		}
	}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// fieldNames are the names of a struct's fields in the file, by index.
func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("yaml")
	}
	return names
}
