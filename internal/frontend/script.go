package frontend

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// scripts are the scripts of a package.json.
type scripts map[string]string

// maxSegments bounds how many commands are read from scripts that call scripts.
const maxSegments = 100

// commands are the commands that a script runs, each as its words, with those of the
// scripts that it calls.
func (s scripts) commands(name string) [][]string {
	var all [][]string
	s.follow(name, map[string]bool{}, &all)
	return all
}

func (s scripts) follow(name string, seen map[string]bool, all *[][]string) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, words := range split(s[name]) {
		if len(*all) >= maxSegments {
			return
		}
		called := s.called(words)
		for _, other := range called {
			s.follow(other, seen, all)
		}
		if words = unwrapped(words); len(called) == 0 && len(words) > 0 {
			*all = append(*all, words)
		}
	}
}

// called are the scripts that a command runs by way of a package manager.
func (s scripts) called(words []string) []string {
	if len(words) < 2 {
		return nil
	}
	rest := words[1:]
	switch words[0] {
	case "npm", "pnpm", "bun":
		if rest[0] != "run" && rest[0] != "run-script" {
			return nil
		}
		rest = rest[1:]
	case "yarn":
		if rest[0] == "run" {
			rest = rest[1:]
		}
	case "run-s", "run-p", "npm-run-all", "npm-run-all2":
	default:
		return nil
	}
	var names []string
	for _, word := range rest {
		word = strings.Trim(word, `"'`)
		if strings.HasPrefix(word, "-") {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s)) {
			if ok, err := path.Match(word, name); ok && err == nil || word == name {
				names = append(names, name)
			}
		}
		if !strings.HasPrefix(words[0], "run-") && !strings.HasPrefix(words[0], "npm-run") {
			break // the rest are the script's arguments
		}
	}
	return names
}

// split splits a line into commands, each as its words. Quotes keep words together;
// scripts in package.json need no more of a shell's syntax here.
func split(line string) [][]string {
	var commands [][]string
	var words []string
	var word strings.Builder
	var quote rune
	begun := false
	endWord := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == '&' || r == '|' || r == ';' || r == '\n' || r == '(' || r == ')':
			endWord()
			if len(words) > 0 {
				commands, words = append(commands, words), nil
			}
		case r == ' ' || r == '\t' || r == '\r':
			endWord()
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	endWord()
	if len(words) > 0 {
		commands = append(commands, words)
	}
	return commands
}

// wrappers are programs and words before the real command.
var wrappers = []string{"npx", "bunx", "pnpx", "pnpm", "yarn", "npm", "bun", "exec", "x", "dlx", "run", "cross-env", "env", "dotenv", "bundle", "time", "node", "--", "-y", "--yes", "--no-install", "--no"}

// unwrapped is a command without its wrappers, and its program without the folder.
func unwrapped(words []string) []string {
	for len(words) > 0 {
		name, _, assigns := strings.Cut(words[0], "=")
		if !slices.Contains(wrappers, words[0]) && (!assigns || strings.HasPrefix(name, "-") || strings.Contains(name, "/")) {
			break
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	program := words[0]
	if at := strings.LastIndex(program, "@"); at > 0 { // npx astro@4
		program = program[:at]
	}
	if !strings.HasPrefix(program, "@") {
		program = path.Base(program)
	}
	return append([]string{program}, words[1:]...)
}

// flag is the value of a flag in a command's words; "" if it is missing.
func flag(words []string, names ...string) string {
	for i, word := range words {
		for _, name := range names {
			if word == name && i+1 < len(words) {
				return words[i+1]
			}
			if value, ok := strings.CutPrefix(word, name+"="); ok {
				return value
			}
		}
	}
	return ""
}
