// Package completion says which words may come next on a command line, and has the
// scripts by which shells ask for them.
package completion

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Word is one that may come next. Text says what it is.
type Word struct{ Word, Text string }

// Files stands for the names of files and folders, which the shell knows itself.
const Files = ":files"

// Words are those that may stand in place of the last word of a command line, of
// which the program's name is no part. They are those of the grammar that help shows.
func Words(app *kong.Node, line []string) []Word {
	if len(line) == 0 {
		line = []string{""}
	}
	line = joinValues(line)
	before, last := line[:len(line)-1], line[len(line)-1]
	at := walk(app, before)
	switch name, value, hasValue := strings.Cut(last, "="); {
	case at.value != nil:
		return beginning(values(at.value), last, "")
	case hasValue && strings.HasPrefix(name, "--"):
		if flag := find(at.node, name); flag != nil {
			return beginning(values(flag), value, name+"=")
		}
		return nil
	case strings.HasPrefix(last, "-"):
		return beginning(flags(at.node), last, "")
	default:
		return beginning(next(at), last, "")
	}
}

// joinValues joins the words of --flag=value, which bash splits into three.
func joinValues(line []string) []string {
	var out []string
	for i, word := range line {
		switch n := len(out); {
		case word == "=" && n > 0 && strings.HasPrefix(out[n-1], "--") && i == len(line)-1:
			out = append(out, "") // the value begins
		case word == "=" && n > 0 && strings.HasPrefix(out[n-1], "--"):
		default:
			out = append(out, word)
		}
	}
	return out
}

// position is how far a command line was understood.
type position struct {
	node *kong.Node
	// value is the flag whose value comes next; arguments is how many positional ones
	// have been given.
	value     *kong.Value
	arguments int
}

func walk(app *kong.Node, words []string) position {
	at := position{node: app}
	for _, word := range words {
		switch {
		case at.value != nil:
			at.value = nil
		case strings.HasPrefix(word, "-"):
			if flag := find(at.node, word); flag != nil && !flag.IsBool() && !flag.IsCounter() {
				at.value = flag
			}
		default:
			if child := childOf(at.node, word); child != nil {
				at.node = child
			} else {
				at.arguments++
			}
		}
	}
	return at
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name || slices.Contains(child.Aliases, name) {
			return child
		}
	}
	return nil
}

func find(node *kong.Node, word string) *kong.Value {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
				return flag.Value
			}
		}
	}
	return nil
}

func flags(node *kong.Node) []Word {
	var words []Word
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			words = append(words, Word{"--" + flag.Name, flag.Help})
		}
	}
	return words
}

// next are the commands below a command, or the values of its next argument.
func next(at position) []Word {
	var words []Word
	for _, child := range at.node.Children {
		if !child.Hidden && at.arguments == 0 {
			words = append(words, Word{child.Name, child.Help})
		}
	}
	arguments := at.node.Positional
	if len(arguments) == 0 {
		return words
	}
	argument := arguments[min(at.arguments, len(arguments)-1)]
	if at.arguments >= len(arguments) && argument.Target.Kind() != reflect.Slice {
		return words
	}
	return append(words, values(argument)...)
}

// ofFiles are the names that the grammar has for what is a file or a folder.
var ofFiles = []string{"FILE", "FOLDER", "DIR", "dir", "file", "folder", "source", "plan", "destination", "DEST"}

func values(v *kong.Value) []Word {
	var words []Word
	if v.Enum != "" {
		for value := range strings.SplitSeq(v.Enum, ",") {
			if value = strings.TrimSpace(value); value != "" {
				words = append(words, Word{value, ""})
			}
		}
		return words
	}
	name := v.Name
	if v.Flag != nil {
		name = v.Flag.PlaceHolder
	}
	if slices.Contains(ofFiles, name) {
		return []Word{{Files, ""}}
	}
	return nil
}

// beginning keeps the words that begin as what was typed, and puts what stands
// before it there.
func beginning(words []Word, typed, before string) []Word {
	var out []Word
	for _, w := range words {
		switch {
		case w.Word == Files:
			out = append(out, w)
		case strings.HasPrefix(w.Word, typed):
			out = append(out, Word{before + w.Word, w.Text})
		}
	}
	return out
}
