package links

import (
	"maps"
	"slices"
	"strings"
)

// addressAttributes are the attributes of HTML's elements that have one address each, with
// its use (HTML standard, "Attributes" index, and section 15.3 for background).
var addressAttributes = map[string][]struct {
	attribute string
	use       use
}{
	"a":          {{"href", navigation}},
	"area":       {{"href", navigation}},
	"audio":      {{"src", subresource}},
	"blockquote": {{"cite", mention}},
	"body":       {{"background", subresource}},
	"button":     {{"formaction", mention}},
	"del":        {{"cite", mention}},
	"embed":      {{"src", subresource}},
	"form":       {{"action", mention}},
	"frame":      {{"src", subresource}},
	"iframe":     {{"src", subresource}},
	"image":      {{"src", subresource}}, // parsed as img
	"img":        {{"src", subresource}},
	"input":      {{"formaction", mention}},
	"ins":        {{"cite", mention}},
	"object":     {{"data", subresource}},
	"q":          {{"cite", mention}},
	"script":     {{"src", subresource}},
	"source":     {{"src", subresource}},
	"table":      {{"background", subresource}},
	"tbody":      {{"background", subresource}},
	"td":         {{"background", subresource}},
	"tfoot":      {{"background", subresource}},
	"th":         {{"background", subresource}},
	"thead":      {{"background", subresource}},
	"tr":         {{"background", subresource}},
	"track":      {{"src", subresource}},
	"video":      {{"src", subresource}, {"poster", subresource}},
}

// readElements are the elements whose start tags element reads.
var readElements = set(slices.Concat(slices.Collect(maps.Keys(addressAttributes)), []string{"base", "link", "meta", "svg", "math", "template"})...)

// element adds the references of a start tag.
func (r *reader) element(name string, of markup, depth int) {
	if of != inHTML {
		r.foreign(name, of)
		return
	}
	for _, n := range addressAttributes[name] {
		r.addOf(n.attribute, n.use)
	}
	switch name {
	case "a", "area":
		r.addAll(fields(r.value("ping")), mention)
	case "base":
		r.base()
	case "iframe":
		r.srcdoc(depth)
	case "img", "image", "source":
		r.addAll(srcset(r.value("srcset")), subresource)
	case "input":
		if strings.EqualFold(r.value("type"), "image") {
			r.add(r.value("src"), subresource)
		}
	case "link":
		r.link()
	case "meta":
		if strings.EqualFold(r.value("http-equiv"), "refresh") {
			r.add(refresh(r.value("content")), navigation)
		}
	}
}

// base takes the first <base> that has an href.
func (r *reader) base() {
	if href := r.value("href"); !r.based && r.has("href") {
		r.based, r.page.baseHref, r.page.early = true, href, len(r.page.references)
	}
}

// maxSrcdoc is the deepest nesting of srcdoc attributes that is read. Each level is escaped
// once more, which nobody writes.
const maxSrcdoc = 3

// srcdoc reads the document in a frame's attribute. Its addresses are relative to the page,
// unless it has a <base> of its own.
func (r *reader) srcdoc(depth int) {
	markup := r.value("srcdoc")
	if markup == "" || depth >= maxSrcdoc {
		return
	}
	inner := reader{}
	inner.read([]byte(markup), depth+1)
	if !inner.based {
		r.page.references = append(r.page.references, inner.page.references...)
	}
}

// loading are the types of <link> whose file a browser loads for the page, and leading
// those that readers and their programs follow (HTML standard, section 4.6.7). Nobody
// follows others, such as rev=made or rel=canonical.
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
		r.add(r.value("href"), subresource)
		r.addAll(srcset(r.value("imagesrcset")), subresource)
	case is(leading):
		r.add(r.value("href"), mention)
	}
}

// foreign adds the reference of an element of SVG or MathML: href, or its older name (SVG 2,
// section 16.1.6), but no fragment of the page itself.
func (r *reader) foreign(name string, of markup) {
	attribute := "href"
	if !r.has(attribute) {
		attribute = "xlink:href"
	}
	switch {
	case name == "a" || of == inMathML:
		r.addOf(attribute, navigation)
	case !strings.HasPrefix(strings.TrimLeft(r.value(attribute), asciiSpace), "#"):
		r.addOf(attribute, subresource)
	}
}

// refresh is the address in the content of a refresh (HTML standard, "shared declarative
// refresh steps"); "" for the page itself.
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
