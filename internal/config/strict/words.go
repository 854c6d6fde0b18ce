package strict

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// isSection says whether a node is a mapping or list: mistakes show the key of a section,
// and the value of others.
func isSection(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.NullNode:
		return true
	default:
		return false
	}
}

// kindOf names the kind of a value in the file.
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

// shape describes the expected value.
func shape(t reflect.Type, tag reflect.StructTag) string {
	if said := tag.Get("expected"); said != "" {
		return said
	}
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

// either lists alternatives: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// enum is the list of words that a field's jsonschema allows.
func enum(tag reflect.StructTag) []string {
	var words []string
	for part := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		if word, ok := strings.CutPrefix(part, "enum="); ok {
			words = append(words, word)
		}
	}
	return words
}

// unknownKey says that a key is unknown, which key was probably meant, and which keys there are.
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

// editDistance is the Levenshtein distance: how many letters to add, drop or change.
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
