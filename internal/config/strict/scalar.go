package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/pressrun/pressrun/internal/pattern"
)

// scalar decodes a single value: text, a number, true or false, a span or an instant.
func (d *decoder) scalar(l layer, to reflect.Value, key string, tag reflect.StructTag) {
	n := l.n
	wrong := func() {
		text := fmt.Sprintf("is %s; expected %s", kindOf(n), shape(to.Type(), tag))
		if to.Kind() == reflect.String && !isSection(n) {
			text += " (put it in quotes)"
		}
		d.add(l.place(), key, text)
	}
	switch {
	case to.Type() == reflect.TypeFor[Duration]():
		d.span(l, to, key)
	case to.Type() == reflect.TypeFor[time.Time]():
		d.instant(l, to, key)
	case to.Kind() == reflect.String:
		text, ok := textOf(n)
		if !ok {
			wrong()
			return
		}
		if words := enum(tag); len(words) > 0 && !slices.Contains(words, text) {
			d.add(l.place(), key, fmt.Sprintf("%q is not known here; expected %s", text, shape(to.Type(), tag)))
			return
		}
		to.SetString(l.text(text))
	case to.Kind() == reflect.Int:
		number, ok := n.(*ast.IntegerNode)
		if !ok {
			wrong()
			return
		}
		d.integer(l, number, to, key)
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
		if whole, is := n.(*ast.IntegerNode); is && !d.plain(l, whole, key) {
			return
		}
		to.SetFloat(number)
	default:
		// A field of a new type: config has a test that decodes every field.
		d.add(l.place(), key, "can't be set: Pressrun has no decoder for "+to.Type().String())
	}
}

// plainNumber matches a number in plain digits. YAML reads 010 as 8, and 0x10 and 1_0 as
// numbers too, which are refused since they mislead.
var plainNumber = pattern.Of(`^[+-]?(?:0|[1-9][0-9]*)$`)

// plain says whether a whole number has plain digits, and reports a mistake if not.
func (d *decoder) plain(l layer, n *ast.IntegerNode, key string) bool {
	text := n.GetToken().Value
	if plainNumber().MatchString(text) {
		return true
	}
	d.add(l.place(), key, fmt.Sprintf("YAML reads %s as %v; expected the number in plain digits", text, n.Value))
	return false
}

func (d *decoder) integer(l layer, n *ast.IntegerNode, to reflect.Value, key string) {
	if !d.plain(l, n, key) {
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
		d.add(l.place(), key, fmt.Sprintf("%d is too large a number", v))
	}
}

func (d *decoder) span(l layer, to reflect.Value, key string) {
	n := l.n
	text, ok := textOf(n)
	if number, isNumber := n.(*ast.IntegerNode); isNumber {
		d.add(l.place(), key, fmt.Sprintf("%s has no unit; expected %s", number.GetToken().Value, spanShape))
		return
	}
	if !ok {
		d.add(l.place(), key, fmt.Sprintf("is %s; expected %s", kindOf(n), spanShape))
		return
	}
	var span Duration
	if err := span.UnmarshalText([]byte(text)); err != nil {
		d.add(l.place(), key, err.Error())
		return
	}
	to.SetInt(int64(span))
}

// instantShape describes the form of an instant.
const instantShape = "a date and time with its zone, such as 2026-12-24T18:00:00+01:00 (RFC 3339)"

func (d *decoder) instant(l layer, to reflect.Value, key string) {
	n := l.n
	text, ok := textOf(n)
	if !ok {
		d.add(l.place(), key, fmt.Sprintf("is %s; expected %s", kindOf(n), instantShape))
		return
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.add(l.place(), key, fmt.Sprintf("%q is no instant; expected %s", text, instantShape))
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

// site stands for the name of the site in inherited text.
const site = "{site}"

// text replaces {site} by the name of the inheriting site. The shell's variable ${site} stays.
func (l layer) text(text string) string {
	if l.site == "" || !strings.Contains(text, site) {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, site)
		b.WriteString(before)
		switch {
		case !found:
			return b.String()
		case strings.HasSuffix(before, "$"):
			b.WriteString(site)
		default:
			b.WriteString(l.site)
		}
		text = after
	}
}

// placeOf is where a node begins. The parser's position of a mapping is its first colon,
// so this takes the first key.
func (t *Text) placeOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return t.placeOf(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return t.placeOf(m.Key)
	}
	token := n.GetToken()
	if token == nil || token.Position == nil {
		return place{t, 1, 1}
	}
	return place{t, token.Position.Line, token.Position.Column}
}
