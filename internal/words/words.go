package words

import (
	"fmt"
	"io"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/pressrun/pressrun/internal/text"
)

// Language says words in one language. The zero Language is English.
type Language struct{ *tongue }

// tongue is a language as its file has it.
type tongue struct {
	tag     language.Tag
	file    file
	printer *message.Printer
	// marked puts each text between ⟦ and ⟧: see Marked.
	marked bool
}

// Key is an English sentence that is said later, by Say.
type Key string

// Say says an English sentence in the language, as fmt.Sprintf does: a sentence without
// a translation stays English. Whole numbers decide between singular and plural.
func (l Language) Say(english string, args ...any) string {
	said := make([]any, len(args))
	for i, arg := range args {
		said[i] = figureOf(arg)
	}
	return l.mark(l.whole().printer.Sprintf(english, said...))
}

// mark puts a text between ⟦ and ⟧ if the language is Marked.
func (l Language) mark(said string) string {
	if l.whole().marked {
		return "⟦" + said + "⟧"
	}
	return said
}

// Tag is the language by its BCP 47 tag, for <html lang>.
func (l Language) Tag() string { return l.whole().tag.String() }

// Key is unique to a language; Marked and English differ.
func (l Language) Key() string { return fmt.Sprint(l.Tag(), l.whole().marked) }

// Name is the language's name in itself.
func (l Language) Name() string { return l.whole().file.Language }

// IsEnglish says whether it is the language of the code.
func (l Language) IsEnglish() bool { return l.whole().tag == language.English && !l.whole().marked }

func (l Language) whole() *tongue {
	if l.tongue == nil {
		return English().tongue
	}
	return l.tongue
}

// Number is a whole number that is shown with its thousands separated: "12 000 changes".
type Number int64

// figure is a whole number in a sentence: it decides on the plural by its value, and
// shows as it was written.
type figure struct {
	n       int64
	written string
}

func figureOf(arg any) any {
	switch n := arg.(type) {
	case int:
		return figure{int64(n), fmt.Sprint(n)}
	case int64:
		return figure{n, fmt.Sprint(n)}
	case Number:
		return figure{int64(n), text.Number(int64(n))}
	}
	return arg
}

// Format writes the figure.
func (f figure) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.written) }

// PluralForm is the form of the words beside the figure.
func (f figure) PluralForm(tag language.Tag, _ int) (plural.Form, int) {
	n := int(max(f.n, -f.n) % 10_000_000) // as much as MatchPlural wants to know
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0), n
}
