package markup_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/markup"
)

func TestParseReadsParagraphsHeadingsListsAndLinks(t *testing.T) {
	text := "First line\nof one paragraph.\r\n\r\n## Opening hours\n- Monday\n- [Tuesday](/articles/tuesday/)\nAfter the list.\n"
	want := []markup.Block{
		{Kind: markup.Paragraph, Spans: []markup.Span{{Text: "First line of one paragraph."}}},
		{Kind: markup.Heading, Spans: []markup.Span{{Text: "Opening hours"}}},
		{Kind: markup.List, Items: [][]markup.Span{{{Text: "Monday"}}, {{Text: "Tuesday", Href: "/articles/tuesday/"}}}},
		{Kind: markup.Paragraph, Spans: []markup.Span{{Text: "After the list."}}},
	}
	if diff := cmp.Diff(want, markup.Parse(text)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestOnlyHarmlessAddressesBecomeLinks(t *testing.T) {
	cases := map[string]bool{
		"https://example.org/a?b=c#d": true,
		"http://example.org":          true,
		"mailto:desk@example.org":     true,
		"/articles/hours/":            true,
		"javascript:alert":            false,
		"JavaScript:alert":            false,
		"data:text/html,x":            false,
		"//evil.example":              false,
		`/\evil.example`:              false,
		"articles/relative":           false,
		"https:":                      false,
		"%zz":                         false,
	}
	for href, want := range cases {
		blocks := markup.Parse("[go](" + href + ")")
		if got := blocks[0].Spans[0].Href != ""; got != want {
			t.Errorf("%q became a link: %v, want %v", href, got, want)
		}
		if !want && blocks[0].Spans[0].Text != "[go]("+href+")" {
			t.Errorf("%q: refused link lost its text: %q", href, blocks[0].Spans[0].Text)
		}
	}
}

func TestParseMakesTextPlain(t *testing.T) {
	got := markup.Parse("a\x00b\x1b[31m\xffc")
	want := []markup.Block{{Kind: markup.Paragraph, Spans: []markup.Span{{Text: "a b\uFFFDc"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a\n\nb", "## h\n- x\n- [a](https://b.c)", "[a](javascript:x)", "\xff\x00", "{{< x >}}", "\r\r\n", "[](//a)", "- \n-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, block := range markup.Parse(text) {
			checkSpans(t, block.Spans)
			for _, item := range block.Items {
				checkSpans(t, item)
			}
		}
	})
}

func checkSpans(t *testing.T, spans []markup.Span) {
	t.Helper()
	for _, span := range spans {
		if span.Text == "" || !utf8.ValidString(span.Text) || strings.ContainsAny(span.Text, "\x00\n\r") {
			t.Errorf("bad text in span %+v", span)
		}
		scheme, _, _ := strings.Cut(strings.ToLower(span.Href), ":")
		if strings.HasPrefix(span.Href, "//") || scheme == "javascript" || scheme == "data" {
			t.Errorf("dangerous address in span %+v", span)
		}
	}
}
