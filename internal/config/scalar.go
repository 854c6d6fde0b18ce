package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// scalar decodes a single value: text, a number, true or false, a span or an instant.
func (d *decoder) scalar(n ast.Node, to reflect.Value, key, tag string) {
	wrong := func() {
		text := fmt.Sprintf("is %s; expected %s", kindOf(n), shape(to.Type(), tag))
		if to.Kind() == reflect.String && !isSection(n) {
			text += " (put it in quotes)"
		}
		d.add(placeOf(n), key, text)
	}
	switch {
	case to.Type() == reflect.TypeFor[Duration]():
		d.span(n, to, key)
	case to.Type() == reflect.TypeFor[time.Time]():
		d.instant(n, to, key)
	case to.Kind() == reflect.String:
		text, ok := textOf(n)
		if !ok {
			wrong()
			return
		}
		if words := enum(tag); len(words) > 0 && !slices.Contains(words, text) {
			d.add(placeOf(n), key, fmt.Sprintf("%q is not known here; expected %s", text, shape(to.Type(), tag)))
			return
		}
		to.SetString(text)
	case to.Kind() == reflect.Int:
		number, ok := n.(*ast.IntegerNode)
		if !ok {
			wrong()
			return
		}
		d.integer(number, to, key)
	case to.Kind() == reflect.Bool:
		is, ok := n.(*ast.BoolNode)
		if !ok {
			wrong()
			return
		}
		to.SetBool(is.Value)
	case to.Kind() == reflect.Float64:
		number, ok := numberOf(n)
		if !ok {
			wrong()
			return
		}
		if whole, is := n.(*ast.IntegerNode); is && !d.plain(whole, key) {
			return
		}
		to.SetFloat(number)
	default:
		// A field of a new type in Config: a test decodes every field.
		d.add(placeOf(n), key, "can't be set: Pressrun has no decoder for "+to.Type().String())
	}
}

// plainNumber is how people write numbers. YAML takes 010 for 8, and 0x10 and
// 1_0 for numbers too: no value is read as another than it seems to be.
var plainNumber = pattern(`^[+-]?(?:0|[1-9][0-9]*)$`)

// plain says whether a whole number is written plainly, and reports it if not.
func (d *decoder) plain(n *ast.IntegerNode, key string) bool {
	text := n.GetToken().Value
	if plainNumber().MatchString(text) {
		return true
	}
	d.add(placeOf(n), key, fmt.Sprintf("YAML reads %s as %v; expected the number in plain digits", text, n.Value))
	return false
}

func (d *decoder) integer(n *ast.IntegerNode, to reflect.Value, key string) {
	if !d.plain(n, key) {
		return
	}
	switch v := n.Value.(type) {
	case int64:
		to.SetInt(v)
	case uint64:
		if v <= 1<<62 {
			to.SetInt(int64(v))
			return
		}
		d.add(placeOf(n), key, fmt.Sprintf("%d is too large a number", v))
	}
}

func (d *decoder) span(n ast.Node, to reflect.Value, key string) {
	text, ok := textOf(n)
	if number, isNumber := n.(*ast.IntegerNode); isNumber {
		d.add(placeOf(n), key, fmt.Sprintf("%s has no unit; expected %s", number.GetToken().Value, spanShape))
		return
	}
	if !ok {
		d.add(placeOf(n), key, fmt.Sprintf("is %s; expected %s", kindOf(n), spanShape))
		return
	}
	var span Duration
	if err := span.UnmarshalText([]byte(text)); err != nil {
		d.add(placeOf(n), key, err.Error())
		return
	}
	to.SetInt(int64(span))
}

// instantShape says how an instant is written.
const instantShape = "a date and time with its zone, such as 2026-12-24T18:00:00+01:00 (RFC 3339)"

func (d *decoder) instant(n ast.Node, to reflect.Value, key string) {
	text, ok := textOf(n)
	if !ok {
		d.add(placeOf(n), key, fmt.Sprintf("is %s; expected %s", kindOf(n), instantShape))
		return
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.add(placeOf(n), key, fmt.Sprintf("%q is no instant; expected %s", text, instantShape))
		return
	}
	to.Set(reflect.ValueOf(at))
}

func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	default:
		return "", false
	}
}

func numberOf(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.FloatNode:
		return n.Value, true
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			return float64(v), true
		case uint64:
			return float64(v), true
		}
	}
	return 0, false
}

// placeOf is where a node begins. The parser's place of a mapping is its first
// colon: the first key is meant.
func placeOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return placeOf(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(m.Key)
	}
	token := n.GetToken()
	if token == nil || token.Position == nil {
		return place{1, 1}
	}
	return place{token.Position.Line, token.Position.Column}
}

// isSection says whether a node is a mapping or list: of those the key is
// shown, of single values the value.
func isSection(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.NullNode:
		return true
	default:
		return false
	}
}

// kindOf names what stands in the file.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.InfinityNode, *ast.NanNode:
		return "no finite number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	default:
		return "not a plain value"
	}
}

// shape says what was expected of a value.
func shape(t reflect.Type, tag string) string {
	if words := enum(tag); len(words) > 0 {
		return either(words)
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return shape(t.Elem(), tag)
	case t == reflect.TypeFor[Duration]():
		return spanShape
	case t == reflect.TypeFor[time.Time]():
		return instantShape
	case t.Kind() == reflect.Struct:
		return "a section with " + strings.Join(fieldNames(t), ", ")
	case t == reflect.TypeFor[map[string]Site]():
		return "a section with the name of each site"
	case t.Kind() == reflect.Map:
		return "a section of names and values"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}

// either lists what there is to choose from: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// enum is the list of words that a jsonschema tag allows.
func enum(tag string) []string {
	var words []string
	for part := range strings.SplitSeq(tag, ",") {
		if word, ok := strings.CutPrefix(part, "enum="); ok {
			words = append(words, word)
		}
	}
	return words
}

// unknownKey says that a key is not known, which it may have been meant to be,
// and which there are.
func unknownKey(name string, known []string) string {
	text := "unknown key"
	best, distance := "", 3 // more than two letters off is another word
	for _, k := range known {
		if far := editDistance(name, k); far < distance {
			best, distance = k, far
		}
	}
	if best != "" {
		return text + fmt.Sprintf("; did you mean %q?", best)
	}
	return text + "; expected one of " + strings.Join(known, ", ")
}

// editDistance is Levenshtein's: how many letters to add, drop or change.
func editDistance(a, b string) int {
	if max(len(a), len(b)) > 40 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
