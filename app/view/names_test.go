package view

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

func TestEveryKindOfEventHasWords(t *testing.T) {
	for _, file := range []string{"../../internal/release/effect.go", "../../internal/ledger/types.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		kinds := 0
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Kind") || len(spec.Values) == 0 {
				return true
			}
			kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds++
			if eventWords[kind] == "" {
				t.Errorf("%s: %s has no words, and pages do not listen to it", file, kind)
			}
			return true
		})
		if kinds == 0 {
			t.Errorf("%s names no kinds any more: look where they went", file)
		}
	}
}
