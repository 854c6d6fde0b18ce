package text_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/text"
)

func TestAmountsForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{text.Number(0), "0"},
		{text.Number(999), "999"},
		{text.Number(1_234_567), "1\u202f234\u202f567"},
		{text.Number(-999), "-999"},
		{text.Number(-1_000), "-1\u202f000"},
		{text.Count(0, "page"), "0 pages"},
		{text.Count(1, "page"), "1 page"},
		{text.Count(int64(12_000), "page"), "12\u202f000 pages"},
		{text.Plural(1, "entry", "entries"), "1 entry"},
		{text.Plural(2, "entry", "entries"), "2 entries"},
		{text.Bytes(0), "0 bytes"},
		{text.Bytes(1), "1 byte"},
		{text.Bytes(999), "999 bytes"},
		{text.Bytes(1000), "1.0 kB"},
		{text.Bytes(99_949), "99.9 kB"},
		{text.Bytes(99_950), "100 kB"},
		{text.Bytes(999_499), "999 kB"},
		{text.Bytes(999_500), "1.0 MB"},
		{text.Bytes(int64(25_300_000)), "25.3 MB"},
		{text.Bytes(int64(3e12)), "3.0 TB"},
		{text.Bytes(int64(9e18)), "9\u202f000 PB"},
		{text.Dollars(0), "$0.0000"},
		{text.Dollars(0.00001), "less than $0.0001"},
		{text.Dollars(0.0123), "$0.0123"},
		{text.Dollars(12.345), "$12.35"},
		{text.Span(-time.Second), "0 s"},
		{text.Span(42 * time.Second), "42 s"},
		{text.Span(59*time.Second + 600*time.Millisecond), "1 min"},
		{text.Span(200 * time.Second), "3 min 20 s"},
		{text.Span(72 * time.Minute), "1 h 12 min"},
		{text.Span(51 * time.Hour), "2 d 3 h"},
		{text.Took(-1), "0 s"},
		{text.Took(350 * time.Millisecond), "350 ms"},
		{text.Took(999_700 * time.Microsecond), "1.0 s"},
		{text.Took(2340 * time.Millisecond), "2.3 s"},
		{text.Took(9960 * time.Millisecond), "10 s"},
		{text.Took(200 * time.Second), "3 min 20 s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTextFromElsewhereIsMadePlain(t *testing.T) {
	for in, want := range map[string]string{
		"Grüße, 世界 👩‍👩‍👧":                        "Grüße, 世界 👩‍👩‍👧",
		"سلام\u200fabc\u200c":                    "سلام\u200fabc\u200c",
		"a\r\nb\rc\td":                           "a\nb\nc\td",
		"a\u2028b\u0085c\x00d\x08e":              "a b c d e",
		"\x1b[1;31mred\x1b[0m \x1b[2Kline":       "red line",
		"\u009b31mred":                           "red",
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x07": "link",
		"\x1b]0;open title\nnext":                "0;open title\nnext",
		"\x1b(Bascii\x1b7":                       "ascii",
		"lone \x1b":                              "lone  ",
		"user\u202enimda\u2066x\u2069":           "usernimdax",
		"\ufefftag\U000e0041":                    "tag",
		"a\xff\xfeb":                             "a\uFFFDb",
		"z" + strings.Repeat("\u0301", 9):        "z" + strings.Repeat("\u0301", 4),
		"z\u0301\u0301\u0301\u202a\u0301\u0301":  "z\u0301\u0301\u0301\u0301",
	} {
		if got := text.Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := text.OneLine(" a\r\n\t b\u00a0 \x1b[1mc\x00 "), "a b c"; got != want {
		t.Errorf("OneLine gives %q, want %q", got, want)
	}
}

func TestAnEscapeSequenceCannotReachOverATag(t *testing.T) {
	in := "<b>\x1b]</b><i title='x'>\x07</i>\r\n"
	if got, want := string(text.Markup([]byte(in))), "<b> ]</b><i title='x'> </i> \n"; got != want {
		t.Errorf("Markup gives %q, want %q", got, want)
	}
}

func TestShortenCutsBetweenCharacters(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{text.Shorten("grün", 4), "grün"},
		{text.Shorten("grüner", 4), "grü…"},
		{text.Shorten("to be or", 4), "to…"},
		{text.Shorten("ab", 1), "…"},
		{text.ShortenBytes("grün", 5), "grün"},
		{text.ShortenBytes("grüner", 6), "gr…"},
		{text.ShortenBytes("grüner", 3), "…"},
		{text.KeepEnd("grün", 5), "grün"},
		{text.KeepEnd("das Grün", 6), "…ün"},
		{text.KeepEnd("das Grün", 5), "…n"},
		{text.KeepEnd("one two", 7), "one two"},
		{text.Capital("é"), "É"},
		{text.Capital(""), ""},
		{text.Sentence("it failed "), "It failed."},
		{text.Sentence("done."), "Done."},
		{text.Sentence(""), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a\r\n::error::x\u202e\x1b[1m<b>")
	f.Add("\x1b\x1b[31m\u009b]x\x07\xff")
	f.Add("e\u0301\u0301\u0301\u202a\u0301\u0301 e")
	f.Fuzz(func(t *testing.T, in string) {
		plain, line, markup := text.Plain(in), text.OneLine(in), string(text.Markup([]byte(in)))
		for _, out := range []string{plain, line, markup} {
			if !utf8.ValidString(out) || strings.ContainsFunc(out, hides) {
				t.Errorf("%q became %q, which is not plain", in, out)
			}
		}
		if again := text.Plain(plain); again != plain {
			t.Errorf("Plain twice: %q, then %q", plain, again)
		}
		if again := string(text.Markup([]byte(markup))); again != markup {
			t.Errorf("Markup twice: %q, then %q", markup, again)
		}
		if strings.ContainsAny(line, "\n\t") || strings.Contains(line, "  ") || strings.TrimSpace(line) != line {
			t.Errorf("%q became %q, which is not one line", in, line)
		}
		short, least, end := text.Shorten(plain, 9), text.ShortenBytes(plain, 9), text.KeepEnd(plain, 9)
		if utf8.RuneCountInString(short) > 9 || len(least) > 9 || len(end) > 9 {
			t.Errorf("%q was cut to %q, %q and %q", plain, short, least, end)
		}
		if !utf8.ValidString(short) || !utf8.ValidString(least) || !utf8.ValidString(end) {
			t.Errorf("%q was cut within a character: %q, %q, %q", plain, short, least, end)
		}
	})
}

// hides says whether a character is obeyed by a terminal, or changes how others show.
func hides(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}
