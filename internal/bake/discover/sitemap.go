package discover

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Sitemap is the content of a sitemap or of an index of sitemaps (https://www.sitemaps.org/protocol.html).
type Sitemap struct {
	// Pages are the addresses of pages and of their pictures, Sitemaps those of further
	// sitemaps, as they are written.
	Pages, Sitemaps []string
	// Modified has the time of a page's last change, by its address, where the sitemap gives it.
	Modified map[string]string
	// Style is the address of the XSL that browsers show it by; "" for none.
	Style string
}

// The limits of a sitemap are beyond those of its protocol (50,000 entries, 50 MB): some
// generators do not keep to these.
const (
	maxSitemapEntries = 500_000
	maxSitemapBytes   = 64 << 20
)

// ReadSitemap reads a sitemap, compressed with gzip or not. With an error it returns the
// entries before it.
func ReadSitemap(text []byte) (Sitemap, error) { return readSitemap(text, maxSitemapBytes) }

func readSitemap(text []byte, most int64) (Sitemap, error) {
	var s Sitemap
	var in io.Reader = bytes.NewReader(text)
	if bytes.HasPrefix(text, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return s, fmt.Errorf("unpack the sitemap: %w", err)
		}
		in = z
	}
	return s, s.read(&bounded{in, most})
}

// errSitemapSize ends a sitemap that has no end.
var errSitemapSize = errors.New("the sitemap is larger than any may be (64 MiB)")

// bounded is a reader that fails, and does not merely end, where there is too much.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errSitemapSize
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (s *Sitemap) read(in io.Reader) error {
	d := xml.NewDecoder(in)
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // addresses are ASCII
	var path []string
	var entry entry
	root := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !root {
				return errors.New("it is no sitemap: it has no urlset and no sitemapindex")
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the sitemap: %w", err)
		}
		switch t := token.(type) {
		case xml.ProcInst:
			if t.Target == "xml-stylesheet" {
				s.Style = pseudoAttribute(string(t.Inst), "href")
			}
		case xml.StartElement:
			path = append(path, t.Name.Local)
			root = root || len(path) == 1 && (t.Name.Local == "urlset" || t.Name.Local == "sitemapindex")
			if len(path) > 20 {
				return errors.New("it is no sitemap: its elements are nested too deep")
			}
			if t.Name.Local == "link" { // xhtml:link: the page in other languages
				s.alternate(t)
			}
		case xml.EndElement:
			path = path[:max(0, len(path)-1)]
			if t.Name.Local == "url" {
				s.stamp(entry)
				entry.page, entry.modified = "", ""
			}
		case xml.CharData:
			if root {
				s.text(path, string(t), &entry)
			}
		}
		if len(s.Pages)+len(s.Sitemaps) > maxSitemapEntries {
			return fmt.Errorf("the sitemap has more than %d entries", maxSitemapEntries)
		}
	}
}

func (s *Sitemap) alternate(t xml.StartElement) {
	for _, a := range t.Attr {
		if a.Name.Local == "href" && a.Value != "" {
			s.Pages = append(s.Pages, a.Value)
		}
	}
}

// entry is the url of a sitemap that is being read.
type entry struct{ page, modified string }

func (s *Sitemap) text(path []string, text string, e *entry) {
	text = strings.TrimSpace(text)
	if text == "" || len(path) < 3 {
		return
	}
	name, within := path[len(path)-1], path[len(path)-2]
	switch {
	case name == "lastmod" && within == "url":
		e.modified = text
	case name != "loc":
	case within == "sitemap":
		s.Sitemaps = append(s.Sitemaps, text)
	default:
		if within == "url" {
			e.page = text
		}
		s.Pages = append(s.Pages, text) // of a url, or of an image:image in one
	}
}

// stamp keeps when a page was changed last.
func (s *Sitemap) stamp(e entry) {
	if e.page == "" || e.modified == "" {
		return
	}
	if s.Modified == nil {
		s.Modified = map[string]string{}
	}
	s.Modified[e.page] = e.modified
}

// pseudoAttribute is one of a processing instruction, as <?xml-stylesheet href="..."?>.
func pseudoAttribute(text, name string) string {
	_, rest, ok := strings.Cut(text, name+"=")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	value, _, ok := strings.Cut(rest[1:], rest[:1])
	if !ok {
		return ""
	}
	return value
}
