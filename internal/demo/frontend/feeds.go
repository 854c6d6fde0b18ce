package frontend

import (
	"encoding/xml"
	"fmt"
	"time"
)

// sitemap is https://www.sitemaps.org/protocol.html.
type sitemap struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod"`
}

// feed is Atom, RFC 4287.
type feed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []feedLink  `xml:"link"`
	Entries []feedEntry `xml:"entry"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type feedEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Link    feedLink `xml:"link"`
	Summary string   `xml:"summary"`
}

func (r *renderer) feeds() {
	newest := r.newest().UTC().Format(time.RFC3339)
	pages := sitemap{URLs: []sitemapURL{{Loc: r.page.Base + "/", LastMod: newest}}}
	atom := feed{
		ID: r.page.Base + "/", Title: r.page.Site.Name, Updated: newest,
		Links: []feedLink{{Rel: "alternate", Href: r.page.Base + "/"}, {Rel: "self", Href: r.page.Base + "/feed.xml"}},
	}
	for _, a := range r.page.Articles {
		address, updated := r.page.Base+a.Path, a.UpdatedAt.UTC().Format(time.RFC3339)
		pages.URLs = append(pages.URLs, sitemapURL{Loc: address, LastMod: updated})
		atom.Entries = append(atom.Entries, feedEntry{
			ID: address, Title: a.Title, Updated: updated, Author: a.Author, Summary: a.Summary,
			Link: feedLink{Rel: "alternate", Href: address},
		})
	}
	r.xml("sitemap.xml", pages)
	r.xml("feed.xml", atom)
	r.robots()
}

// newest is when the content last changed: never the time of the build.
func (r *renderer) newest() time.Time {
	var newest time.Time
	for _, a := range r.page.Articles {
		if a.UpdatedAt.After(newest) {
			newest = a.UpdatedAt
		}
	}
	return newest
}

func (r *renderer) robots() {
	rule := "Allow: /"
	if r.page.DeployEnv != "" {
		rule = "Disallow: /"
	}
	r.files["robots.txt"] = fmt.Appendf(nil, "User-agent: *\n%s\nSitemap: %s/sitemap.xml\n", rule, r.page.Base)
}

func (r *renderer) xml(file string, value any) {
	if r.err != nil {
		return
	}
	data, err := xml.MarshalIndent(value, "", "  ")
	if err != nil {
		r.err = fmt.Errorf("file %s: %w", file, err)
		return
	}
	r.files[file] = append([]byte(xml.Header), append(data, '\n')...)
}
