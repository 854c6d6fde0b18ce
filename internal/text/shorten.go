package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis stands where text was left out.
const ellipsis = "…"

// Shorten cuts text to at most limit characters (Unicode code points), of which
// the last says that there was more. The limit is at least 1.
func Shorten(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	end := 0
	for range limit - 1 {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	return strings.TrimRightFunc(text[:end], unicode.IsSpace) + ellipsis
}

// ShortenBytes is Shorten for a limit in bytes, which is at least 3.
func ShortenBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimRightFunc(text[:end], unicode.IsSpace) + ellipsis
}

// KeepEnd is ShortenBytes that leaves out the beginning: the last lines of a
// command's output tell most.
func KeepEnd(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	begin := len(text) - limit + len(ellipsis)
	for begin < len(text) && !utf8.RuneStart(text[begin]) {
		begin++
	}
	return ellipsis + strings.TrimLeftFunc(text[begin:], unicode.IsSpace)
}

// Capital begins text with a capital letter.
func Capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// FullStop ends text with a full stop, if it has words and no stop.
func FullStop(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// Sentence makes a sentence of an error's words.
func Sentence(text string) string { return Capital(FullStop(text)) }
