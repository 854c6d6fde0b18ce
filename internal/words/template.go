package words

import (
	"bytes"
	"html/template"
	"slices"
	"strings"
	"text/template/parse"
	"unicode"
)

// Translate puts the texts of a parsed HTML template into a language: those between tags,
// and in attributes that people read or hear.
func Translate(tree *parse.Tree, l Language) {
	walk(tree.Root, &scanner{}, func(english string) string { return template.HTMLEscapeString(l.Say(english)) })
}

// Texts are the English texts of a parsed HTML template, those of {{say "…"}} too.
func Texts(tree *parse.Tree) []string {
	var found []string
	walk(tree.Copy().Root, &scanner{}, func(english string) string {
		found = append(found, english)
		return english
	})
	return append(found, sayings(tree.Root)...)
}

// walk rewrites the texts under a node. Both ways of a branch begin where it begins.
func walk(n parse.Node, s *scanner, say func(string) string) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, one := range n.Nodes {
			walk(one, s, say)
		}
	case *parse.TextNode:
		n.Text = s.rewrite(n.Text, say)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, s, say)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, s, say)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, s, say)
	}
}

func walkBranch(n *parse.BranchNode, s *scanner, say func(string) string) {
	other := *s
	walk(n.List, s, say)
	if n.ElseList != nil {
		walk(n.ElseList, &other, say)
	}
}

// spoken are attributes that people read or hear.
var spoken = []string{"aria-label", "title", "alt", "placeholder", "data-label", "data-announce"}

// unspoken are elements whose text is no language.
var unspoken = []string{"code", "script", "style"}

// scanner knows where in an HTML document it is, as far as texts need it.
type scanner struct {
	tag, quote byte   // in a tag: '<'; in an attribute's value: its quote
	name       []byte // of the element, or of the attribute, that is being read
	inside     string // an element of unspoken
	attribute  string
	begun      bool // the element's name is complete
}

// rewrite says the texts of a piece of a document.
func (s *scanner) rewrite(in []byte, say func(string) string) []byte {
	var out bytes.Buffer
	from := 0
	flush := func(to int) {
		piece := string(in[from:to])
		if s.speaks() {
			piece = sayPiece(piece, say)
		}
		out.WriteString(piece)
		from = to
	}
	for i, c := range in {
		switch {
		case s.tag == 0 && c == '<':
			flush(i)
			s.tag, s.begun, s.name = '<', false, nil
		case s.tag == 0:
		case s.quote != 0:
			if c == s.quote {
				flush(i)
				s.quote, s.attribute = 0, ""
			}
		case c == '"' || c == '\'':
			flush(i + 1)
			s.quote, s.attribute, s.name = c, strings.TrimSpace(string(s.name)), nil
		case c == '>':
			s.element()
			flush(i + 1)
			s.tag, s.name = 0, nil
		case c == ' ' || c == '\n':
			s.element()
			s.name = nil
		case c != '=':
			s.name = append(s.name[:len(s.name):len(s.name)], c)
		}
	}
	flush(len(in))
	return out.Bytes()
}

// element notes that an element's name is complete.
func (s *scanner) element() {
	if s.begun {
		return
	}
	s.begun = true
	switch name := string(s.name); {
	case slices.Contains(unspoken, name):
		s.inside = name
	case name == "/"+s.inside:
		s.inside = ""
	}
}

// speaks says whether the text at the scanner's place is for people.
func (s *scanner) speaks() bool {
	if s.tag != 0 {
		return s.quote != 0 && (slices.Contains(spoken, s.attribute) || strings.HasPrefix(s.attribute, "data-say-"))
	}
	return s.inside == ""
}

// sayPiece says a text and keeps the white space around it.
func sayPiece(piece string, say func(string) string) string {
	english := strings.Join(strings.Fields(piece), " ")
	if !strings.ContainsFunc(strings.ReplaceAll(english, "Pressrun", ""), unicode.IsLetter) {
		return piece
	}
	begin := strings.Index(piece, strings.TrimLeftFunc(piece, unicode.IsSpace))
	end := len(strings.TrimRightFunc(piece, unicode.IsSpace))
	return piece[:begin] + say(english) + piece[end:]
}

// sayings are the sentences that actions say.
func sayings(n parse.Node) (found []string) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, one := range n.Nodes {
				found = append(found, sayings(one)...)
			}
		}
	case *parse.ActionNode:
		return sayings(n.Pipe)
	case *parse.TemplateNode:
		return sayings(n.Pipe)
	case *parse.IfNode:
		return slices.Concat(sayings(n.Pipe), sayings(n.List), sayings(n.ElseList))
	case *parse.RangeNode:
		return slices.Concat(sayings(n.Pipe), sayings(n.List), sayings(n.ElseList))
	case *parse.WithNode:
		return slices.Concat(sayings(n.Pipe), sayings(n.List), sayings(n.ElseList))
	case *parse.PipeNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Cmds {
			for i, arg := range c.Args {
				found = append(found, sayings(arg)...)
				if name, ok := arg.(*parse.IdentifierNode); ok && name.Ident == "say" && i+1 < len(c.Args) {
					if english, ok := c.Args[i+1].(*parse.StringNode); ok {
						found = append(found, english.Text)
					}
				}
			}
		}
	}
	return found
}
