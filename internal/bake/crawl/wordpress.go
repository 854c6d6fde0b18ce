package crawl

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/discover"
)

// wordPress lists the pages of a WordPress by its own API.
type wordPress struct {
	*fetcher
	origin address.Origin
	root   string // of the API, an address of the CMS: "/wp-json/"
}

// listing is a part of a CMS's list of pages.
type listing struct {
	kind    string // of source
	entries []discover.Entry
	note    string // for people, if the list is not complete
}

var (
	apiLink   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([^>]{1,500})>\s*;\s*rel="?https://api\.w\.org/`) })
	apiInPage = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`<link[^>]{0,100}rel=["']https://api\.w\.org/["'][^>]{0,100}href=["']([^"']{1,500})`)
	})
)

// found says whether an answer is the home page of a WordPress, which names its API.
func (w *wordPress) found(a answer) bool {
	text, ok := w.home(a)
	if !ok {
		return false
	}
	at := ""
	for _, value := range a.header.Values("Link") {
		if m := apiLink().FindStringSubmatch(value); m != nil {
			at = m[1]
		}
	}
	if m := apiInPage().FindSubmatch(text); at == "" && m != nil {
		at = string(m[1])
	}
	to, ok := w.origin.Follow(w.origin.BaseOf("/", ""), at)
	if at == "" || !ok {
		return false
	}
	w.root = string(to.Address)
	return true
}

// list lists all, and closes the channel.
func (w *wordPress) list(ctx context.Context, out chan<- listing) {
	defer close(out)
	send := sender(ctx, out)
	for _, what := range []string{discover.WordPressTypes, discover.WordPressTaxonomies} {
		text, _, err := w.get(ctx, what, nil)
		var kinds []discover.Kind
		if err == nil {
			kinds, err = discover.WordPressKinds(text)
		}
		if err != nil {
			send(listing{note: fmt.Sprintf("WordPress's API does not list its content (%s: %v): pages are found by sitemaps and links alone", what, err)})
			continue
		}
		for _, kind := range kinds {
			if !w.entries(ctx, kind, send) {
				return
			}
		}
	}
}

func (w *wordPress) entries(ctx context.Context, kind discover.Kind, send func(listing) bool) bool {
	pages := 1
	for page := 1; page <= pages; page++ {
		query := url.Values{"per_page": {strconv.Itoa(discover.WordPressPage)}, "page": {strconv.Itoa(page)}, "_fields": {discover.WordPressFields}}
		query.Set("orderby", "id")
		query.Set("order", "asc")
		text, header, err := w.get(ctx, kind.List, query)
		var entries []discover.Entry
		if err == nil {
			entries, err = discover.WordPressEntries(text)
		}
		if err != nil {
			return send(listing{note: fmt.Sprintf("WordPress's API does not list all of %q (page %d of %d: %v)", kind.Name, page, pages, err)})
		}
		if n, err := strconv.Atoi(header.Get(discover.WordPressPages)); err == nil {
			pages = min(n, w.options.MaxPages/discover.WordPressPage+1)
		}
		if !send(listing{kind: "WordPress " + kind.Name, entries: entries}) {
			return false
		}
	}
	return true
}

func (w *wordPress) get(ctx context.Context, path string, query url.Values) (text []byte, header http.Header, err error) {
	at := w.root
	if strings.Contains(at, "?") { // without permalinks: /?rest_route=/
		at += strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
		if len(query) > 0 {
			at += "&" + query.Encode()
		}
	} else {
		at = strings.TrimSuffix(at, "/") + "/" + path
		if len(query) > 0 {
			at += "?" + query.Encode()
		}
	}
	return w.askAPI(ctx, address.Address(at))
}
