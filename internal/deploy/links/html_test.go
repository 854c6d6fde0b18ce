package links

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// shownReferences are a page's references as "loads a.css".
func shownReferences(page string) []string {
	var out []string
	for _, r := range readPage([]byte(page)).references {
		out = append(out, [...]string{navigation: "leads", subresource: "loads", mention: "names"}[r.use]+" "+r.target)
	}
	return out
}

func TestReferencesAreFoundAsBrowsersFindThem(t *testing.T) {
	const yes = `<a href="yes">`
	found := []string{"leads yes"}
	for name, c := range map[string]struct {
		page string
		want []string
	}{
		"quotes of each kind, and none":     {`<a href="a"><a href='b'><a href=c><a href = d ><A HREF=E><a href=f/>`, []string{"leads a", "leads b", "leads c", "leads d", "leads E", "leads f/"}},
		"no space between attributes":       {`<a class="x"href="a">`, []string{"leads a"}},
		"a line end before the attribute":   {"<a\n\thref\n=\n'a'\n>", []string{"leads a"}},
		"a slash between attributes":        {`<img/src="a"/alt=x>`, []string{"loads a"}},
		"the first of two":                  {`<a href=a href=b>`, []string{"leads a"}},
		"an attribute that ends so":         {`<img data-src=a ng-src=b><a xhref=c data-href=d>`, nil},
		"a tag within a value":              {`<a title='<img src="no">' href=yes>`, found},
		"a greater-than sign in a value":    {`<a title="a > b" href="yes">`, found},
		"text that looks like one":          {`<p>href="no" src='no' &lt;a href="no"&gt;</p>`, nil},
		"a sample of code":                  {`<pre><code>&lt;link rel="stylesheet" href="no"&gt; &#60;img src="no"&#62;</code></pre>`, nil},
		"real links in code":                {`<code><a href="yes">f()</a></code>`, found},
		"a less-than sign in text":          {`<p>1 < 2, href="no", <3 <a href="yes">`, found},
		"a script":                          {`<script>document.write('<a href="no">')</script>` + yes, found},
		"a script with an end tag in it":    {`<script><!-- <script> </script> <a href="no"> --></script>` + yes, found},
		"a script of JSON":                  {`<script type="application/json">{"html":"<img src='no'>"}</script>` + yes, found},
		"a script that is a template":       {`<script type="text/template"><a href="no"></script>` + yes, found},
		"a style":                           {`<style>a::after{content:'<img src="no">'}</style>` + yes, found},
		"a comment":                         {`<!-- <a href="no"> -- > --><!-->` + yes, found},
		"a comment that never ends":         {yes + `<!-- <a href="no">`, found},
		"a conditional comment":             {`<!--[if IE]><script src="no"></script><![endif]-->` + yes, found},
		"a textarea":                        {`<textarea><a href="no"></textarea>` + yes, found},
		"a title":                           {`<title><a href="no"></title>` + yes, found},
		"a frame's text":                    {`<iframe><a href="no"></iframe><noembed><a href="no"></noembed><noframes><a href="no"></noframes>` + yes, found},
		"an old sample":                     {`<xmp><a href="no"></xmp>` + yes, found},
		"plain text to the end":             {yes + `<plaintext><a href="no"></plaintext><a href="no">`, found},
		"for readers without scripts":       {`<noscript><a href="yes"></noscript>`, found},
		"a template":                        {`<template><a href="no"><template><a href="no"></template><img src="no"></template>` + yes, found},
		"a template that seems closed":      {`<template/><a href="no"></template>` + yes, found},
		"SVG left open in a template":       {`<template><svg><g></template>` + yes, found},
		"a shadow root":                     {`<template shadowrootmode="open"><a href="yes"></template>`, found},
		"a processing instruction":          {`<?xml-stylesheet href="no"?>` + yes, found},
		"an end tag with an attribute":      {`</a href="no">` + yes, found},
		"a tag that never ends":             {yes + `<a href="no"`, found},
		"a value that never ends":           {yes + `<a href="no>`, found},
		"character references":              {`<a href="a&amp;b"><a href="&#x2F;c"><a href="&#100;"><a href="&sol;e&period;html"><a href="?a=1&copy=2">`, []string{"leads a&b", "leads /c", "leads d", "leads /e.html", "leads ?a=1&copy=2"}},
		"no character reference in scripts": {`<script src="a&amp;b"></script>`, []string{"loads a&b"}},
		"styles, icons and the like":        {`<link rel=stylesheet href=a><link href=b REL="Shortcut Icon"><link rel=preload href=c as=font><link rel="alternate stylesheet" href=d><link rel=modulepreload href=e><link rel=manifest href=f>`, []string{"loads a", "loads b", "loads c", "loads d", "loads e", "loads f"}},
		"links that nobody follows":         {`<link rev=made href=no><link rel=canonical href=no><link rel=preconnect href=no><link rel=dns-prefetch href=no><link href=no><link rel=icon-x href=no>`, nil},
		"feeds":                             {`<link rel=alternate type=application/rss+xml href=feed.xml>`, []string{"names feed.xml"}},
		"the base":                          {`<base href=/ target=_top>`, nil},
		"pictures":                          {`<img src=a srcset="b 1x, c 2x"><picture><source srcset="d 100w,e 200w"></picture><input type=image src=f><input src=no>`, []string{"loads a", "loads b", "loads c", "loads d", "loads e", "loads f"}},
		"a preloaded picture":               {`<link rel=preload as=image imagesrcset="a 1x, b 2x">`, []string{"loads a", "loads b"}},
		"films and sound":                   {`<video src=a poster=b><source src=c><track src=d></video><audio src=e>`, []string{"loads a", "loads b", "loads c", "loads d", "loads e"}},
		"what is embedded":                  {`<object data=a><embed src=b></object><iframe src=c></iframe><frame src=d>`, []string{"loads a", "loads b", "loads c", "loads d"}},
		"backgrounds":                       {`<body background=a><table background=b><td background=c><div background=no>`, []string{"loads a", "loads b", "loads c"}},
		"a map":                             {`<map><area href=a></map>`, []string{"leads a"}},
		"forms":                             {`<form action=a><button formaction=b><input type=submit formaction=c>`, []string{"names a", "names b", "names c"}},
		"pings and citations":               {`<a href=a ping="b c">x</a><q cite=d></q><blockquote cite=e>`, []string{"leads a", "names b", "names c", "names d", "names e"}},
		"a refresh":                         {`<meta http-equiv=Refresh content="0; url=a"><meta name=refresh content="0; url=no">`, []string{"leads a"}},
		"SVG":                               {`<svg><use href="a.svg#x"/><use xlink:href="b.svg#y"/><use href="#z"/><image href=c xlink:href=no /><a xlink:href="d">x</a></svg>`, []string{"loads a.svg#x", "loads b.svg#y", "loads c", "leads d"}},
		"an old name outside of SVG":        {`<a xlink:href=no>`, nil},
		"SVG's own title, empty":            {`<svg><title/><desc/><style/><script/><a href="yes"/></svg>`, found},
		"SVG's own title":                   {`<svg><title>x <a href="a"></title><a href="b"/></svg>`, []string{"leads a", "leads b"}},
		"SVG's characters":                  {`<svg><style><![CDATA[ <a href="no"> ]]></style></svg>` + yes, found},
		"CDATA outside of SVG":              {`<![CDATA[ <a href="no"> ]]>` + yes, found},
		"HTML in SVG":                       {`<svg><foreignObject><textarea><a href="no"></textarea><a href="a"></foreignObject><image href="b"/></svg><image href=no>`, []string{"leads a", "loads b"}},
		"HTML that ends SVG":                {`<svg><g><p><title><a href="no"></title>` + yes, found},
		"MathML":                            {`<math><mi href="a"><a href="b"></mi></math>`, []string{"leads a", "leads b"}},
		"a document in an attribute":        {`<iframe srcdoc="<a href='yes'><script>'<a href=no>'</script>"></iframe>`, found},
		"one with a base of its own":        {`<iframe srcdoc="<base href='https://example.org/'><a href='no'>"></iframe>` + yes, found},
		"a custom element":                  {`<my-image src="no">` + yes, found},
		"NUL":                               {"<a\x00 href=no>\x00<a href=\"y\x00\">", []string{"leads y\uFFFD"}},
		"an empty address":                  {`<a href=""><img src=""><a>`, []string{"leads "}},
	} {
		if diff := cmp.Diff(c.want, shownReferences(c.page)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", name, c.page, diff)
		}
	}
}

func TestAPageOfUTF16IsRead(t *testing.T) {
	for name, little := range map[string]bool{"little endian": true, "big endian": false} {
		var page []byte
		for _, u := range utf16.Encode([]rune("\ufeff<a href='/日本.html'>")) {
			if little {
				u = u<<8 | u>>8
			}
			page = append(page, byte(u>>8), byte(u))
		}
		if got := readPage(page).references; len(got) != 1 || got[0].target != "/日本.html" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := readPage([]byte("\xef\xbb\xbf<a href=a>")).references; len(got) != 1 {
		t.Errorf("a byte order mark: %+v", got)
	}
}

func TestTheFirstBaseCounts(t *testing.T) {
	for page, want := range map[string]string{
		`<base href="/a/"><base href="/b/">`:                         "/a/",
		`<base target=_top><base href="/b/">`:                        "/b/",
		`<body><p><base href="/late/">`:                              "/late/",
		`<base href=""><base href="/b/">`:                            "",
		`<template><base href="/no/"></template><base href="/a/">`:   "/a/",
		`<svg><base href="/no/"/></svg>`:                             "",
		`<!-- <base href="/no/"> --><script>"<base href=/></script>`: "",
		`<BASE HREF="&#x2F;a&sol;">`:                                 "/a/",
	} {
		if got := readPage([]byte(page)).baseHref; got != want {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

func TestSrcset(t *testing.T) {
	for set, want := range map[string][]string{
		"":                                  nil,
		"a.png":                             {"a.png"},
		"a.png 1x, b.png 2x":                {"a.png", "b.png"},
		" \n a.png\t100w ,\n b.png 200.5w ": {"a.png"},
		"a.png 1x,b.png 1.5x,c.png 2e0x":    {"a.png", "b.png", "c.png"},
		"a.png, b.png":                      {"a.png", "b.png"},
		"a.png,b.png 2x":                    {"a.png,b.png"}, // a comma is part of an address
		"w_100,h_50/a.png 100w, b.png 200w": {"w_100,h_50/a.png", "b.png"},
		"data:image/png;base64,AA== 1x, b":  {"data:image/png;base64,AA==", "b"},
		"a.png 100w 50h":                    {"a.png"},
		"a.png 50h":                         nil,
		"my photo.png 2x, b.png":            {"b.png"}, // a space is none
		"a.png 1x 2x":                       nil,
		"a.png 0w":                          nil,
		"a.png -1x, b.png 0x":               {"b.png"},
		"a.png 1w (x, y), b.png":            {"b.png"},
		",,, a.png,,,":                      {"a.png"},
	} {
		if diff := cmp.Diff(want, srcset(set)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", set, diff)
		}
	}
}

func TestRefresh(t *testing.T) {
	for content, want := range map[string]string{
		"0; url=a": "a", "5;URL='a b'": "a b", `0, url = "a"`: "a", "0;a": "a", "0 a": "a", ".5; url=a": "a", "  1.5 ;\turl=a": "a",
		"3": "", "0;": "", "url=a": "", "": "", "0a": "", "0; url='a": "a", "0; urla": "urla", "0; url": "url",
	} {
		if got := refresh(content); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

// hostile are pages of about a size, each of which some way of reading HTML takes long for.
func hostile(size int) map[string][]byte {
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var many strings.Builder
	for i := 0; many.Len() < size/2; i++ {
		fmt.Fprintf(&many, "a%x ", i)
	}
	return map[string][]byte{
		"open elements": []byte(repeat("<div>")), "open SVG": []byte(repeat("<svg>")), "open templates": []byte(repeat("<template>")),
		"SVG in HTML in SVG": []byte(repeat("<svg><foreignObject>")), "closed SVG": []byte(repeat("<svg></math></foreignobject>")),
		"less-than signs": []byte(repeat("<")), "comments": []byte(repeat("<!--")), "end tags": []byte(repeat("</")),
		"a script's end": []byte("<script>" + repeat("</scrip")), "a script in comments": []byte("<script>" + repeat("<!--<script")),
		"NUL": bytes.Repeat([]byte{0}, size), "ampersands": []byte("<a href='" + repeat("&") + "'>"), "references": []byte("<a href='" + repeat("&#x0") + "'>"),
		"one tag": []byte("<a " + repeat("x ") + ">"), "a tag of many attributes before small tags": []byte("<b " + many.String() + ">" + strings.Repeat("<b c>", size/10)),
		"a set of commas": []byte("<img srcset='" + repeat(",") + "'>"), "a set of parentheses": []byte("<img srcset='" + repeat("a (,") + "'>"),
		"documents in documents": []byte(repeat(`<iframe srcdoc="`)), "bases": []byte(repeat("<base href=/a/>")), "dots": []byte("<a href='" + repeat("../") + "'>"),
		"line ends": []byte("<a href='" + repeat("\n") + "'>"), "plain text": []byte(repeat("word ")), "links": []byte(repeat("<a href=/a>")),
	}
}

// None of them ends the program, or takes longer than its size explains: a quadratic
// reader would not come back from these.
func TestHostilePagesAreRead(t *testing.T) {
	for name, page := range hostile(1 << 20) {
		read := readPage(page)
		doc := Address{}.document("a/index.html", &read)
		for i := range read.references {
			doc.place(i)
		}
		if len(read.references) > len(page)/5 {
			t.Errorf("%s: %d references", name, len(read.references))
		}
		disguised(page)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`<a href="x"><base href="../b?c"><img srcset="a 1x, b"><svg><title/><use href=#a></svg>`), "a/index.html", "https://example.org/docs/")
	f.Add([]byte(`<iframe srcdoc="<template><a href=&sol;x>"><meta http-equiv=refresh content="0;url=//[">`), "", "")
	for _, page := range hostile(64) {
		f.Add(page, "index.html", "")
	}
	f.Fuzz(func(t *testing.T, html []byte, page, public string) {
		read := readPage(html)
		for _, a := range []Address{NewAddress(public, "a/b"), NewAddress("", page)} {
			doc := a.document(page, &read)
			for i := range read.references {
				if p, ok := doc.place(i); ok && strings.HasPrefix(p.name, "/") {
					t.Errorf("%q means %q", read.references[i].target, p.name)
				}
			}
		}
	})
}
