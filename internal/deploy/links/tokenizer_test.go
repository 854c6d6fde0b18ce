package links

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// ours and theirs are the tags of a page, as the tokenizer finds them and as that of
// golang.org/x/net/html does.
func ours(page []byte) []string {
	var out []string
	z := tokenizer{rest: page}
	for z.next() {
		t := z.tag
		shown, seen := fmt.Sprintf("%t %q", t.end, replaceNUL(t.name)), map[string]bool{}
		for _, a := range t.attributes {
			name := bytes.Clone(a.name)
			for i := range name {
				name[i] = lower(name[i])
			}
			if !seen[string(name)] {
				seen[string(name)] = true
				shown += fmt.Sprintf(" %q=%q", replaceNUL(name), unescaped(a.value))
			}
		}
		if t.selfClosing && !t.end {
			shown += " /"
		}
		out = append(out, shown)
		if name := string(t.name); !t.end && (rawText[name] || name == "noscript") {
			z.skipText(name)
		}
	}
	return out
}

func theirs(page []byte) []string {
	var out []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, more := z.TagName()
			shown := fmt.Sprintf("%t %q", kind == html.EndTagToken, name)
			for more {
				var name, value []byte
				name, value, more = z.TagAttr()
				shown += fmt.Sprintf(" %q=%q", name, value)
			}
			if kind == html.SelfClosingTagToken {
				shown += " /"
			}
			out = append(out, shown)
		case html.TextToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

func replaceNUL(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0}, []byte("\uFFFD")) }

// FuzzTokenizer holds the tokenizer against that of golang.org/x/net/html. Comments in
// scripts are left out: theirs takes "<!-- < " for the end of what is escaped.
func FuzzTokenizer(f *testing.F) {
	for _, page := range []string{
		`<a href="x" B='y'c=z/ d / e><p/><br / ><img/src=a/>`, `<a =b=c ==d e= f= >`, `<a "b" '=' c"d>`, `<a a=1 A=2 a>`,
		`<!doctype html><!-- a -- b --!> <a><!--> <b><!---> <c><!-- --- > --><d><!x <e> ><?y <f> ></ g> </><h>`, `<!----!><a><!--->--><b>`,
		`<title><a></titl></TITLE ><b><style></style/><xmp><c></xmp><textarea></textarea`, `<script></scrip></script x=y><a><plaintext></plaintext><b>`,
		"<a\x00b c\x00=\x00 \r\n d='\r\n'>", `<a b=&amp;c d="&copy=1" e='&copy;&quot;"&#0;'>`, `</a b=c/></a/>`, "<a\f\tb\r=\fc>", `<a b="`, `<a b`, `<a`, `<`, `</`, `<!`, `<!-`, `<!--`, `<!-- --`, `<!-- --!`,
		`<iframe><a></iframe><noembed><a></noembed><noframes><noscript><a></noscript></noframes><svg><title/><a></title>`,
	} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		if escapes(page) {
			t.Skip("a script with a comment")
		}
		if diff := cmp.Diff(theirs(page), ours(page)); diff != "" {
			t.Errorf("%q (-theirs +ours):\n%s", page, diff)
		}
	})
}

// Pages of pieces of markup in any order find more than bytes at random do.
func TestTheTokenizerFindsTheTagsOfAnother(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"<a", "<P", "<img", "<title", "<style>", "<textarea>", "<script>", "<xmp>", "<iframe", "<noscript>", "</", "</a", "</title", "</STYLE", "</script", "</xmp>",
		"<!", "<!--", "--", "-", "!", "<?", "<![CDATA[", "]]>", "<!DOCTYPE", ">", ">", ">", "/", "/>", "=", "\"", "'", " ", "\n", "\r\n", "\t", "\f", "\x00",
		"href", "HREF", "src", "x", "é", "&", "&amp;", "&lt", "&copy=", "&#x41;", "&#0;", "&quot;", "<", "word",
	})
	rapid.Check(t, func(t *rapid.T) {
		page := []byte(strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces"), ""))
		if escapes(page) {
			t.Skip("a script with a comment")
		}
		if diff := cmp.Diff(theirs(page), ours(page)); diff != "" {
			t.Fatalf("%q (-theirs +ours):\n%s", page, diff)
		}
	})
}

// escapes says whether a page may have a comment in a script.
func escapes(page []byte) bool {
	page = bytes.ToLower(page)
	return bytes.Contains(page, []byte("<script")) && bytes.Contains(page, []byte("<!-"))
}

func TestAScriptEndsWhereBrowsersEndIt(t *testing.T) {
	for _, script := range []string{
		`x`, `</scriptx>`, `</ script>`, `<!-- <script> </script> -->`, `<!-- <script> </script> </scrip -->`, `<!-- <script>-->`, `<!-->`, `<!--->`, `<!-- < <script></script>`,
		`<!-- <scripts>`, `<script>`, `<!-- <SCRIPT/ </Script >`, `<!-- -- > <script> </script>`,
	} {
		z := tokenizer{rest: []byte(script + "</script ><a>")}
		z.skipText("script")
		if string(z.rest) != "</script ><a>" {
			t.Errorf("%s: ends before %q", script, z.rest)
		}
	}
	for _, script := range []string{"<!-- <script> </script>", "<!-- <script> -- >", "never"} {
		z := tokenizer{rest: []byte(script)}
		if z.skipText("script"); strings.Contains(string(z.rest), "script") {
			t.Errorf("%s: ends before %q", script, z.rest)
		}
	}
}
