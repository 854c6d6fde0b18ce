package manual

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// document is the source of a page as it grows.
type document struct{ strings.Builder }

func (d *document) line(text string) { d.WriteString(text + "\n") }

// macro writes lines that begin with a macro, whose arguments are no text from
// elsewhere.
func (d *document) macro(lines ...string) {
	for _, line := range lines {
		d.line("." + line)
	}
}

func (d *document) head(name, about string, date time.Time) {
	d.macro("Dd "+date.Format("January 2, 2006"), "Dt "+strings.ToUpper(name)+" 1", "Os", "Sh NAME", "Nm "+name)
	d.line(".Nd " + escaped(about))
}

func (d *document) section(name string) { d.macro("Sh " + name) }

func (d *document) subsection(name string) { d.line(".Ss " + escaped(name)) }

// prose writes sentences, each on lines of its own, as mdoc wants them.
func (d *document) prose(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			d.macro("Pp")
		}
		for _, sentence := range sentences(strings.Join(strings.Fields(paragraph), " ")) {
			for _, line := range lines(sentence) {
				d.line(textLine(line))
			}
		}
	}
}

// detail writes a command's longer help, whose indented paragraphs are examples.
func (d *document) detail(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		switch {
		case strings.HasPrefix(paragraph, "  "):
			d.literal(paragraph)
		case i > 0:
			d.macro("Pp")
			d.prose(paragraph)
		default:
			d.prose(paragraph)
		}
	}
}

// literal writes lines as they stand.
func (d *document) literal(text string) {
	d.macro("Bd -literal -offset indent -compact")
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		if line = strings.TrimRight(line, " "); line == "" {
			d.macro("Pp")
			continue
		}
		d.line(textLine(strings.TrimPrefix(line, "  ")))
	}
	d.macro("Ed")
}

// sentences parts a paragraph behind each full stop that a capital letter follows.
func sentences(paragraph string) []string {
	var all []string
	from := 0
	for i := range len(paragraph) - 2 {
		if strings.ContainsRune(".!?", rune(paragraph[i])) && paragraph[i+1] == ' ' {
			if next, _ := utf8.DecodeRuneInString(paragraph[i+2:]); unicode.IsUpper(next) {
				all = append(all, paragraph[from:i+1])
				from = i + 2
			}
		}
	}
	return append(all, paragraph[from:])
}

// lineWidth is how long a line of a page's source is at the most.
const lineWidth = 72

// lines are a sentence in lines that mandoc's linter finds short enough.
func lines(sentence string) []string {
	var all []string
	line := ""
	for word := range strings.FieldsSeq(sentence) {
		if line != "" && len(line)+1+len(word) > lineWidth {
			all, line = append(all, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(all, line)
}

// escaped is text as roff reads it back: a backslash begins its own words, and a
// hyphen is no minus.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(text)
}

// textLine is escaped text whose first character begins no request.
func textLine(text string) string {
	text = escaped(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// quoted is an argument of a macro: whole, and never a macro itself.
func quoted(text string) string { return `"` + escaped(text) + `"` }

func lowerFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if next, _ := utf8.DecodeRuneInString(text[size:]); unicode.IsUpper(next) {
		return text // an abbreviation
	}
	return string(unicode.ToLower(r)) + text[size:]
}
