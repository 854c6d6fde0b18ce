package strict

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/pressrun/pressrun/internal/pattern"
)

// scalar decodes a single value: text, a number, true or false, a span or an instant.
func (d *decoder) scalar(n ast.Node, to reflect.Value, key string, tag reflect.StructTag) {
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
		// A field of a new type: config has a test that decodes every field.
		d.add(placeOf(n), key, "can't be set: Pressrun has no decoder for "+to.Type().String())
	}
}

// plainNumber is how people write numbers. YAML takes 010 for 8, and 0x10 and
// 1_0 for numbers too: no value is read as another than it seems to be.
var plainNumber = pattern.Of(`^[+-]?(?:0|[1-9][0-9]*)$`)

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
