package links

import (
	"maps"
	"slices"
	"strings"
)

// named are the attributes of HTML's elements that hold one address each, with what is
// done with it (HTML standard, "Attributes" index, and section 15.3 for background).
var named = map[string][]struct {
	attribute string
	use       Use
}{
	"a":          {{"href", Leads}},
	"area":       {{"href", Leads}},
	"audio":      {{"src", Loads}},
	"blockquote": {{"cite", Names}},
	"body":       {{"background", Loads}},
	"button":     {{"formaction", Names}},
	"del":        {{"cite", Names}},
	"embed":      {{"src", Loads}},
	"form":       {{"action", Names}},
	"frame":      {{"src", Loads}},
	"iframe":     {{"src", Loads}},
	"image":      {{"src", Loads}}, // parsed as img
	"img":        {{"src", Loads}},
	"input":      {{"formaction", Names}},
	"ins":        {{"cite", Names}},
	"object":     {{"data", Loads}},
	"q":          {{"cite", Names}},
	"script":     {{"src", Loads}},
	"source":     {{"src", Loads}},
	"table":      {{"background", Loads}},
	"tbody":      {{"background", Loads}},
	"td":         {{"background", Loads}},
	"tfoot":      {{"background", Loads}},
	"th":         {{"background", Loads}},
	"thead":      {{"background", Loads}},
	"tr":         {{"background", Loads}},
	"track":      {{"src", Loads}},
	"video":      {{"src", Loads}, {"poster", Loads}},
}

// telling are the elements whose attributes are read.
var telling = set(slices.Concat(slices.Collect(maps.Keys(named)), []string{"base", "link", "meta", "svg", "math", "template"})...)

// element takes note of what a tag names.
func (r *reader) element(name string, of markup, depth int) {
	if of != inHTML {
		r.foreign(name, of)
		return
	}
	for _, n := range named[name] {
		r.addOf(n.attribute, n.use)
	}
	switch name {
	case "a", "area":
		r.addAll(fields(r.value("ping")), Names)
	case "base":
		r.base()
	case "iframe":
		r.srcdoc(depth)
	case "img", "image", "source":
		r.addAll(srcset(r.value("srcset")), Loads)
	case "input":
		if strings.EqualFold(r.value("type"), "image") {
			r.add(r.value("src"), Loads)
		}
	case "link":
		r.link()
	case "meta":
		if strings.EqualFold(r.value("http-equiv"), "refresh") {
			r.add(refresh(r.value("content")), Leads)
		}
	}
}

// base takes the first <base> that has an href.
func (r *reader) base() {
	if href := r.value("href"); !r.based && r.has("href") {
		r.based, r.page.Base, r.page.early = true, href, len(r.page.References)
	}
}

// maxSrcdoc is how deep documents in srcdoc attributes are read: each one more has
// its markup escaped once more, which nobody writes.
const maxSrcdoc = 3

// srcdoc reads the document that a frame holds in an attribute. Its addresses count
// from the page, unless it has a <base> of its own.
func (r *reader) srcdoc(depth int) {
	markup := r.value("srcdoc")
	if markup == "" || depth >= maxSrcdoc {
		return
	}
	inner := reader{}
	inner.read([]byte(markup), depth+1)
	if !inner.based {
		r.page.References = append(r.page.References, inner.page.References...)
	}
}

// loading are the kinds of <link> whose file a browser loads for the page, and leading
// those that readers and their programs follow (HTML standard, section 4.6.7). Others,
// such as rev=made or rel=canonical, nobody follows.
var (
	loading = set("stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "preload", "modulepreload", "manifest")
	leading = set("alternate", "author", "help", "license", "next", "prev", "privacy-policy", "search", "terms-of-service")
)

func (r *reader) link() {
	kinds := fields(strings.ToLower(r.value("rel")))
	is := func(of map[string]bool) bool {
		return slices.ContainsFunc(kinds, func(kind string) bool { return of[kind] })
	}
	switch {
	case is(loading):
		r.add(r.value("href"), Loads)
		r.addAll(srcset(r.value("imagesrcset")), Loads)
	case is(leading):
		r.add(r.value("href"), Names)
	}
}

// foreign takes note of an element of SVG or MathML: href, or its older name
// (SVG 2, section 16.1.6). One of a fragment alone is about the page itself.
func (r *reader) foreign(name string, of markup) {
	attribute := "href"
	if !r.has(attribute) {
		attribute = "xlink:href"
	}
	switch {
	case name == "a" || of == inMathML:
		r.addOf(attribute, Leads)
	case !strings.HasPrefix(strings.TrimLeft(r.value(attribute), asciiSpace), "#"):
		r.addOf(attribute, Loads)
	}
}

// refresh is where a refresh's content leads (HTML standard, "shared declarative
// refresh steps"); "" to the page itself.
func refresh(content string) string {
	rest := strings.TrimLeft(content, asciiSpace)
	time := strings.TrimLeft(rest, "0123456789.")
	if time == rest {
		return "" // no time, no refresh
	}
	rest = strings.TrimLeft(time, asciiSpace)
	if rest == time && (rest == "" || !strings.ContainsRune(";,", rune(rest[0]))) {
		return ""
	}
	rest = strings.TrimLeft(rest, ";,")
	rest = strings.TrimLeft(rest, asciiSpace)
	if len(rest) >= 3 && strings.EqualFold(rest[:3], "url") {
		if value, ok := strings.CutPrefix(strings.TrimLeft(rest[3:], asciiSpace), "="); ok {
			rest = strings.TrimLeft(value, asciiSpace)
		}
	}
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		rest, _, _ = strings.Cut(rest[1:], rest[:1])
	}
	return rest
}
