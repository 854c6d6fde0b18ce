package difference

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTextOfAPage(t *testing.T) {
	for name, tt := range map[string]struct {
		page  string
		title string
		want  []string
	}{
		"paragraphs":   {"<title> Opening\nhours </title><h1>Opening <em>hours</em></h1><p>We open\n at 9.<p>Call <a href=/x>us</a>.", "Opening hours", []string{"Opening hours", "We open at 9.", "Call us."}},
		"tables":       {"<table><tr><th>Day<td>Time<tr><td>Mon</td><td>9&ndash;5</td></tr></table>", "", []string{"Day", "Time", "Mon", "9–5"}},
		"no text":      {"<script>let a = '<p>x</p>'</script><style>p{}</style><template><p>t<template>u</template>v</template><p>yes", "", []string{"yes"}},
		"a picture":    {`<p>See <img src=a.png alt="the map"> here.<img src=b.png>`, "", []string{"See [the map] here."}},
		"two titles":   {"<title>One</title><svg><title>Two</title></svg><title>Three</title><p>x", "One", []string{"Three", "x"}},
		"broken":       {"<p>open <b>and <p>never shut", "", []string{"open and", "never shut"}},
		"not HTML":     {"just text", "", []string{"just text"}},
		"nothing":      {"", "", nil},
		"no UTF-8":     {"<p>caf\xe9", "", []string{"caf\uFFFD"}},
		"a title open": {"<title>never shut", "never shut", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := textOf([]byte(tt.page))
			if diff := cmp.Diff(tt.want, got.paragraphs); diff != "" || got.title != tt.title {
				t.Errorf("title %q, want %q: %s", got.title, tt.title, diff)
			}
		})
	}
	if got := textOf([]byte(strings.Repeat("<p>x", maxParagraphs+1))); len(got.paragraphs) != maxParagraphs || !got.cut {
		t.Errorf("%d paragraphs, cut %v", len(got.paragraphs), got.cut)
	}
	if got := textOf([]byte("<p>" + strings.Repeat("é", maxParagraph))); len(got.paragraphs[0]) > maxParagraph || !got.cut {
		t.Errorf("a paragraph of %d bytes, cut %v", len(got.paragraphs[0]), got.cut)
	}
}

func FuzzTextOf(f *testing.F) {
	f.Add([]byte("<title>a</title><p>b<script>c</script><img alt=d>"))
	f.Add([]byte("<template><template></template>x</template>\xff<p"))
	f.Fuzz(func(t *testing.T, page []byte) {
		got := textOf(page)
		for _, p := range append(got.paragraphs, got.title) {
			if !utf8.ValidString(p) || strings.ContainsAny(p, "\n\r\t") || len(p) > maxParagraph {
				t.Errorf("a paragraph reads %q", p)
			}
		}
	})
}
