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

// maxNodes bounds the nodes that aliases can make of a small file.
const maxNodes = 100_000

// decoder fills a struct from a YAML tree. It goes on after a mistake, so that all are
// reported at once.
type decoder struct {
	*File
	nodes int
	// places are the positions of the keys of the value that is decoded.
	places map[string]place
	// below returns the layers from which the value of a key inherits, the nearest last;
	// nil for none.
	below func(key string, own layer) []layer
	// parts is the section of the inherited values.
	parts string
	// partial says that required keys may be missing, since others complete the value.
	partial bool
}

// layer is a value of a key in a file. A section that inherits has several: its keys are
// those of all layers, and the last layer with a key counts.
type layer struct {
	n  ast.Node
	in *Text
	// site is the value of {site} in it; "" to leave {site} as it is.
	site string
}

// of is another node of the same file.
func (l layer) of(n ast.Node) layer { return layer{n, l.in, l.site} }

func (l layer) place() place { return l.in.placeOf(l.n) }

// value decodes layers into a target. The tag is the field's: the enum in its jsonschema
// is the one list of allowed words.
func (d *decoder) value(layers []layer, to reflect.Value, key string, tag reflect.StructTag) {
	top := layers[len(layers)-1]
	if top.n = d.resolve(top, key); top.n == nil {
		return
	}
	if _, ok := d.places[key]; !ok || key != "" && !isSection(top.n) {
		d.places[key] = top.place()
	}
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.add(top.place(), key, "the aliases make this file too large")
		}
		return
	}
	if top.n.Type() == ast.NullType {
		d.add(d.at(key), key, "has no value; expected "+shape(to.Type(), tag)+", or leave the key out")
		return
	}
	switch {
	case to.Kind() == reflect.Pointer:
		fresh := reflect.New(to.Type().Elem())
		d.value(layers, fresh.Elem(), key, tag)
		to.Set(fresh)
	case to.Type() == reflect.TypeFor[time.Time](), to.Kind() != reflect.Struct && to.Kind() != reflect.Map && to.Kind() != reflect.Slice:
		d.scalar(top, to, key, tag)
	case to.Kind() == reflect.Slice:
		d.list(top, to, key)
	default:
		d.mapping(append(slices.Clip(layers[:len(layers)-1]), top), to, key)
	}
}

// at is the position of a key, or of the nearest section around it if it is missing.
func (d *decoder) at(key string) place {
	for k := key; ; k = around(k) {
		if p, ok := d.places[k]; ok {
			return p
		}
		if k == "" {
			return d.File.at(key)
		}
	}
}

// resolve follows anchors and aliases and refuses tags. It returns nil when it has
// reported a mistake.
func (d *decoder) resolve(l layer, key string) ast.Node {
	switch n := l.n.(type) {
	case *ast.AnchorNode:
		l.in.anchors[n.Name.GetToken().Value] = n.Value
		return d.resolve(l.of(n.Value), key)
	case *ast.AliasNode:
		target, ok := l.in.anchors[n.Value.GetToken().Value]
		if !ok {
			d.add(l.place(), key, fmt.Sprintf("the alias *%s names no anchor above it", n.Value.GetToken().Value))
			return nil
		}
		return d.resolve(l.of(target), key)
	case *ast.TagNode:
		d.add(l.place(), key, "tags such as !!str are not used here; write the value alone")
		return nil
	default:
		return n
	}
}

func (d *decoder) list(l layer, to reflect.Value, key string) {
	seq, ok := l.n.(*ast.SequenceNode)
	if !ok {
		d.add(l.place(), key, fmt.Sprintf("is %s; expected %s", kindOf(l.n), shape(to.Type(), "")))
		return
	}
	// The items of a list must be complete, even in a partial section.
	partial := d.partial
	d.partial = false
	defer func() { d.partial = partial }()
	to.Set(reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		itemKey := key + "[" + strconv.Itoa(i) + "]"
		d.places[itemKey] = l.of(item).place()
		d.value([]layer{l.of(item)}, to.Index(i), itemKey, "")
	}
}

func (d *decoder) mapping(layers []layer, to reflect.Value, key string) {
	top := layers[len(layers)-1]
	if _, ok := entriesOf(top.n); !ok {
		d.add(top.place(), key, fmt.Sprintf("is %s; expected %s", kindOf(top.n), shape(to.Type(), "")))
		return
	}
	if to.Kind() == reflect.Map && to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	given := map[string]bool{}
	for _, e := range d.entries(layers, key) {
		given[e.name] = true
		d.places[join(key, e.name)] = e.place
		if to.Kind() == reflect.Map {
			d.mapValue(e, to, key)
			continue
		}
		d.field(e, to, key)
	}
	if to.Kind() == reflect.Struct && !d.partial {
		d.required(to.Type(), given, key)
	}
}

// entry is a key of a section with its values in the layers, the nearest last.
type entry struct {
	name   string
	place  place
	values []layer
}

// entries are the entries of all layers, in the order of the files.
func (d *decoder) entries(layers []layer, key string) []*entry {
	var all []*entry
	known := map[string]*entry{}
	for _, l := range layers {
		if l.n = d.resolve(l, key); l.n == nil {
			continue
		}
		if _, ok := entriesOf(l.n); !ok {
			clear(known) // a value that is not a section replaces all layers below it
			all = nil
			continue
		}
		for _, e := range d.ofLayer(l, key) {
			under, ok := known[e.name]
			if !ok {
				known[e.name] = e
				all = append(all, e)
				continue
			}
			under.place, under.values = e.place, append(under.values, e.values...)
		}
	}
	return all
}

// entriesOf are the entries of a mapping. The parser returns a mapping of one entry as that entry.
func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// ofLayer are the entries of one file: its own, and those merged by `<<` that it does not override.
func (d *decoder) ofLayer(l layer, key string) []*entry {
	own, _ := entriesOf(l.n)
	all := d.merged(l, own, key)
	for _, e := range own {
		name, ok := d.keyName(l.of(e.Key), key)
		if !ok {
			continue
		}
		one := &entry{name, l.of(e.Key).place(), []layer{l.of(e.Value)}}
		if i := slices.IndexFunc(all, func(m *entry) bool { return m.name == name }); i >= 0 {
			all = slices.Delete(all, i, i+1)
		}
		all = append(all, one)
	}
	return all
}

// merged are the entries that `<<` merges.
func (d *decoder) merged(l layer, own []*ast.MappingValueNode, key string) []*entry {
	var all []*entry
	for _, e := range own {
		if e.Key.Type() != ast.MergeKeyType {
			continue
		}
		n := d.resolve(l.of(e.Value), key)
		if n == nil {
			continue
		}
		from, ok := entriesOf(n)
		if !ok {
			d.add(l.of(e).place(), key, "<< takes an alias of one mapping, such as <<: *www")
			continue
		}
		for _, m := range from {
			if m.Key.Type() == ast.MergeKeyType {
				d.add(l.of(m).place(), key, "<< within what is merged by another << is too much; name each mapping once")
				continue
			}
			if name, ok := d.keyName(l.of(m.Key), key); ok {
				all = append(all, &entry{name, l.of(m.Key).place(), []layer{l.of(m.Value)}})
			}
		}
	}
	return all
}

// keyName is the name of an entry's key; false for `<<`, which merged handles, and for an
// invalid name, which it reports.
func (d *decoder) keyName(l layer, key string) (string, bool) {
	switch k := l.n.(type) {
	case *ast.MergeKeyNode:
		return "", false
	case *ast.StringNode:
		return k.Value, true
	default:
		d.add(l.place(), key, fmt.Sprintf("the key %s is %s; expected a name (put it in quotes)", l.n.GetToken().Value, kindOf(l.n)))
		return "", false
	}
}

func (d *decoder) mapValue(e *entry, to reflect.Value, key string) {
	at, value := join(key, e.name), reflect.New(to.Type().Elem()).Elem()
	layers := e.values
	if d.below != nil {
		if base := d.below(at, layers[len(layers)-1]); base != nil {
			layers = append(base, layers...)
			d.nodes = 0 // inherited values do not count as aliases
		}
	}
	if key != "" && key == d.parts {
		d.partial = true
		defer func() { d.partial = false }()
	}
	d.value(layers, value, at, "")
	to.SetMapIndex(reflect.ValueOf(e.name), value)
}

func (d *decoder) field(e *entry, to reflect.Value, key string) {
	known := fieldNames(to.Type())
	i := slices.Index(known, e.name)
	if i < 0 {
		d.add(e.place, join(key, e.name), unknownKey(e.name, known))
		return
	}
	d.value(e.values, to.Field(i), join(key, e.name), to.Type().Field(i).Tag)
}

// required reports missing keys that must be set: those without omit in their JSON tag,
// as in the schema.
func (d *decoder) required(t reflect.Type, given map[string]bool, key string) {
	for i, name := range fieldNames(t) {
		field := t.Field(i)
		if given[name] || strings.Contains(field.Tag.Get("json"), ",omit") {
			continue
		}
		d.add(d.at(key), join(key, name), "is missing; expected "+shape(field.Type, field.Tag))
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
