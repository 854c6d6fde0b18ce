package crawl

import (
	"bytes"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/discover"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Format is the format of a content, by which the addresses in it are found.
type Format uint8

// The formats.
const (
	Opaque Format = iota // none are looked for: pictures, archives
	HTML
	CSS
	Markup // XML and SVG: "&" begins a character reference
	Text   // scripts, JSON, plain text
)

var textTypes = regexp.MustCompile(`(?i)^(text/|application/([^;]*\+)?(json|xml|javascript|ecmascript)|application/(x-javascript|manifest)|image/svg)`)

// FormatOf is the format of a media type.
func FormatOf(media string) Format {
	media = strings.ToLower(strings.TrimSpace(media))
	switch {
	case strings.HasPrefix(media, "text/html"), strings.HasPrefix(media, "application/xhtml"):
		return HTML
	case strings.HasPrefix(media, "text/css"):
		return CSS
	case !textTypes.MatchString(media):
		return Opaque
	case strings.Contains(media, "xml"), strings.Contains(media, "svg"):
		return Markup
	}
	return Text
}

// mayName says whether a content may name addresses.
func mayName(media string, a address.Address) bool {
	return FormatOf(media) != Opaque || strings.HasSuffix(a.Path(), ".xml.gz")
}

// reader finds the addresses in contents. It may be used by many goroutines.
type reader struct {
	origin   address.Origin
	rewriter *rewrite.Rewriter
}

// read finds all addresses of the CMS that an answer names, and a page's other facts.
func (r *reader) read(a *answer) {
	at := a.page.Address
	text := a.text
	if a.seen.Status != http.StatusOK {
		text = nil
	}
	switch FormatOf(a.seen.Type) {
	case HTML:
		a.seen.Title, a.seen.Login = titleOf(text), asksForPassword(text)
		r.rewriter.HTML(text, r.collect(a, at))
	case CSS:
		r.rewriter.CSS(text, "", r.collect(a, at))
	case Markup:
		r.sitemap(a, text)
		r.rewriter.Text(text, true, r.collect(a, at))
	case Text:
		if at == "/robots.txt" {
			for _, s := range discover.ReadRobots(text).Sitemaps {
				r.add(a, r.origin.BaseOf(at, ""), s, rewrite.Metadata, state.Robots)
			}
			return
		}
		if strings.Contains(a.seen.Type, "manifest") {
			for _, s := range discover.WebManifest(text) {
				r.add(a, r.origin.BaseOf(at, ""), s, rewrite.Resource, state.Loaded)
			}
		}
		r.rewriter.Text(text, false, r.collect(a, at))
	case Opaque:
		if strings.HasSuffix(at.Path(), ".xml.gz") {
			r.sitemap(a, text)
		}
	}
	if a.seen.Location != "" {
		if to, ok := r.origin.Follow(address.Base{Address: at}, a.seen.Location); ok {
			a.seen.To = to.Address
			a.found = append(a.found, found{to.Address, rewrite.Link, state.Redirect})
		}
	}
}

// sitemap takes the addresses of a sitemap; other text has none.
func (r *reader) sitemap(a *answer, text []byte) {
	head := text[:min(len(text), 4<<10)]
	if !bytes.HasPrefix(text, []byte("\x1f\x8b")) && !bytes.Contains(head, []byte("<urlset")) && !bytes.Contains(head, []byte("<sitemapindex")) {
		return
	}
	s, err := discover.ReadSitemap(text)
	if err != nil {
		a.seen.Step, a.seen.Why = state.Bad, err.Error()
	}
	base := r.origin.BaseOf(a.page.Address, "")
	a.seen.Lists = true
	r.stamps(a, base, s)
	for _, list := range [][]string{s.Pages, s.Sitemaps} {
		for _, p := range list {
			r.add(a, base, p, rewrite.Link, state.Sitemap)
		}
	}
	if s.Style != "" {
		r.add(a, base, s.Style, rewrite.Resource, state.Loaded)
	}
}

// stamps takes note of when pages were changed last.
func (r *reader) stamps(a *answer, base address.Base, s discover.Sitemap) {
	for page, modified := range s.Modified {
		if to, ok := r.origin.Follow(base, page); ok {
			a.stamps = append(a.stamps, stamped{to.Address, modified})
		}
	}
}

// same reads the stamps in a sitemap that is as it was.
func (r *reader) same(a *answer, text []byte) {
	if s, err := discover.ReadSitemap(text); err == nil {
		r.stamps(a, r.origin.BaseOf(a.page.Address, ""), s)
	}
}

// collect makes a Change that collects the addresses in a content, and changes none.
func (r *reader) collect(a *answer, at address.Address) rewrite.Change {
	bases := map[string]address.Base{}
	return func(ref rewrite.Reference) (string, bool) {
		base, ok := bases[ref.Base]
		if !ok {
			base = r.origin.BaseOf(at, ref.Base)
			bases[ref.Base] = base
		}
		switch ref.Use {
		case rewrite.BareHost, rewrite.Submission:
		case rewrite.Link, rewrite.Resource, rewrite.Metadata, rewrite.InText:
			r.add(a, base, ref.Target, ref.Use, kindOf(ref.Use))
		}
		return "", false
	}
}

func (r *reader) add(a *answer, base address.Base, target string, use rewrite.Use, kind string) {
	to, ok := r.origin.Follow(base, target)
	if !ok || to.Same || strings.ContainsAny(target, "{}<>") && to.Form != address.Absolute {
		return // where a script is still to fill something in
	}
	if use == rewrite.InText && to.Form != address.Absolute && to.Form != address.NoScheme && !rules.HasKnownExtension(to.Address.Path()) {
		return // a guess, of a script's attribute
	}
	a.found = append(a.found, found{to.Address, use, kind})
}

// longestTitle bounds a title, in bytes: a longer one is taken for none.
const longestTitle = 2000

// titleOf is the first title near the beginning of a page. (A regular expression took longer
// than all else that is read of a page whose title does not come at once.)
func titleOf(page []byte) string {
	page = page[:min(len(page), 64<<10)]
	for {
		at := tagAt(page, "<title")
		if at < 0 {
			return ""
		}
		page = page[at+len("<title"):]
		begin := bytes.IndexByte(page, '>')
		if begin < 0 {
			return ""
		}
		text := page[begin+1:]
		if end := tagAt(text[:min(len(text), longestTitle)], "</title"); end >= 0 {
			return strings.Join(strings.Fields(html.UnescapeString(strings.ToValidUTF8(string(text[:end]), "\uFFFD"))), " ")
		}
	}
}

// tagAt is where a tag begins, however it is written; -1 for nowhere.
func tagAt(text []byte, tag string) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(text[at:], '<')
		if at += i; i < 0 || at+len(tag) > len(text) {
			return -1
		}
		if strings.EqualFold(string(text[at:at+len(tag)]), tag) {
			return at
		}
	}
}

var password = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)<input[^>]{0,500}type\s*=\s*["']?password`) })

func asksForPassword(page []byte) bool {
	return bytes.Contains(page, []byte("assword")) && password().Match(page)
}

// tagHeaders are the headers in which CMSs send the cache tags of a page.
var tagHeaders = []string{"X-Drupal-Cache-Tags", "Cache-Tag", "Cache-Tags", "Surrogate-Key", "Xkey"}

// maxTags bounds the tags of a page.
const maxTags = 2000

func tagsOf(h http.Header) []string {
	var out []string
	for _, name := range tagHeaders {
		for _, value := range h.Values(name) {
			out = append(out, strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == ',' })...)
		}
		if len(out) > 0 {
			break
		}
	}
	return out[:min(len(out), maxTags)]
}
