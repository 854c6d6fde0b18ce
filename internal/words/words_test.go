package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// root is the repository's.
const root = "../.."

// found are all English sentences that the code and the templates say, and where.
type found map[string]string

// everySentence reads the whole tree.
func everySentence(t *testing.T) found {
	t.Helper()
	all := found{}
	for _, dir := range []string{"app", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || path == filepath.Join(root, "internal/words") || path == filepath.Join(root, "internal/cli") || path == filepath.Join(root, "internal/deploy")):
				return fs.SkipDir
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				all.ofGo(t, path)
			case strings.HasSuffix(path, ".html") && strings.Contains(path, "app/pages/templates"):
				all.ofTemplate(t, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// ofGo finds l.Say("…"), v.Say("…"), v.Problem(…, "…") and words.Key("…").
func (f found) ofGo(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		name, on, at := "", "", 0
		if s, ok := call.Fun.(*ast.SelectorExpr); ok {
			name = s.Sel.Name
			if x, ok := s.X.(*ast.Ident); ok {
				on = x.Name
			}
		}
		switch {
		case name == "Say" || name == "Key" && on == "words":
		case name == "Problem" && len(call.Args) >= 3:
			at = 2
		default:
			return true
		}
		where := files.Position(call.Pos()).String()
		switch english := call.Args[at].(type) {
		case *ast.BasicLit:
			key, err := strconv.Unquote(english.Value)
			if err != nil {
				t.Fatal(err)
			}
			f[key] = where
		case *ast.CallExpr: // string(key), which was found where the key is made
		case *ast.Ident:
			if tree.Name.Name != "frame" || english.Name != "english" && english.Name != "title" {
				t.Errorf("%s: Say wants the sentence itself in its brackets, so that it is found here; of a table, words.Key(\"…\") said by Say(string(key))", where)
			}
		default:
			t.Errorf("%s: Say wants one literal sentence", where)
		}
		return true
	})
}

func (f found) ofTemplate(t *testing.T, path string) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	trees, err := parse.Parse(filepath.Base(path), string(source), "", "", names("asset", "short", "bytes", "number", "count", "say", "lang", "key", "capital"), builtins())
	if err != nil {
		t.Fatal(err)
	}
	for _, tree := range trees {
		for _, text := range Texts(tree) {
			f[text] = path
			if strings.Contains(text, "%") && !placeholder().MatchString(text) {
				t.Errorf("%s: %q has a %% that is no placeholder", path, text)
			}
		}
	}
}

func names(all ...string) map[string]any {
	out := map[string]any{}
	for _, one := range all {
		out[one] = fmt.Sprint
	}
	return out
}

func builtins() map[string]any {
	return names("and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "printf", "print", "html", "call", "slice")
}

// places are the arguments that a sentence puts in, in their order: "1d 2s". Times have
// verbs of their own, which show a text as %s does.
func places(sentence string) string {
	var out []string
	next := 1
	for _, m := range placeholder().FindAllStringSubmatch(sentence, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		verb := m[2]
		if verb == "a" || verb == "t" {
			verb = "s"
		}
		out = append(out, fmt.Sprintf("%d%s", next, verb))
		next++
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// counts is a sentence whose words depend on a number.
var counts = regexp.MustCompile(`(^|[^#])%(\[\d+\])?d [a-z]+s\b`)

func TestEveryLanguageIsWhole(t *testing.T) {
	all := everySentence(t)
	if len(all) < 300 {
		t.Fatalf("only %d sentences were found: are they said otherwise now?", len(all))
	}
	for _, l := range All() {
		for key, where := range all {
			if complaint := lacks(l, key); complaint != "" {
				t.Errorf("internal/words/%s.yaml %s (said by %s). doc.go of internal/words tells how words are added", l.Tag(), complaint, strings.TrimPrefix(where, root+"/"))
			}
		}
		for key := range l.file.Words {
			if all[key] == "" {
				t.Errorf("internal/words/%s.yaml has %q, which nothing says any more: remove it, or take over the new sentence", l.Tag(), key)
			}
		}
	}
}

// lacks says what is wrong with a sentence in a language; "" for nothing.
func lacks(l Language, key string) string {
	e, known := l.file.Words[key]
	switch {
	case counts.MatchString(key) && e.forms == nil:
		return fmt.Sprintf("needs a plural; under words:\n  %q: {one: \"\", other: \"\"}\n", key)
	case !known && l.IsEnglish():
		return ""
	case !known:
		return fmt.Sprintf("lacks a sentence; under words:\n  %q: \"\"\n", key)
	case e.forms == nil:
		return differs(key, e.text)
	case e.forms["other"] == "" || e.forms["one"] == "":
		return fmt.Sprintf("lacks the form one or other of %q", key)
	}
	for name, text := range e.forms {
		if complaint := differs(key, text); complaint != "" && name == "other" {
			return complaint
		}
	}
	return ""
}

func differs(key, text string) string {
	if text == "" {
		return fmt.Sprintf("has no words for %q", key)
	}
	if got, want := places(text), places(key); got != want {
		return fmt.Sprintf("puts %q into %q, where the English sentence has %q", got, text, want)
	}
	return ""
}
