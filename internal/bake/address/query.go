package address

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Queries says which queries of pages are pages of their own.
type Queries struct {
	// Pagers are parameters that number the pages of a list: "page". Such an address
	// becomes a path.
	Pagers []string
	// Dropped are parameters that change nothing of a page, besides those that
	// campaigns add (utm_...).
	Dropped []string
}

// DefaultPagers are the parameters of pagers in Drupal, Wagtail, Django and WordPress.
func DefaultPagers() []string { return []string{"page", "paged", "pg"} }

// tracking are parameters that campaigns and comment forms add, and no page depends on.
var tracking = []string{"fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "replytocom", "noamp", "share", "nb"}

// QueryKind is the meaning of an address's query.
type QueryKind uint8

// The kinds of queries.
const (
	Plain   QueryKind = iota // no query that matters
	Pager                    // a page of a list
	Variant                  // a file whose query only names its version
	Unknown                  // the query's effect is unknown: it is reported, and not guessed
)

// maxPage is the longest value of a pager, in digits.
const maxPage = 6

// Normalize removes the parameters that change nothing from an address, and says which
// kind its query makes it.
func (q Queries) Normalize(a Address) (Address, QueryKind) {
	query := a.Query()
	if query == "" {
		return a, Plain
	}
	if name := a.Path(); rules.HasKnownExtension(name) && !rules.IsPage(name) && !isScript(name) {
		return a, Variant
	}
	var kept []string
	kind := Plain
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case pair == "", q.drops(name):
		case slices.Contains(q.Pagers, name) && isNumber(value):
			kept, kind = append(kept, pair), max(kind, Pager)
		default:
			kept, kind = append(kept, pair), Unknown
		}
	}
	if len(kept) == 0 {
		return Address(a.Path()), Plain
	}
	if kind == Pager {
		slices.Sort(kept)
		kept = slices.Compact(kept)
	}
	return Address(a.Path() + "?" + strings.Join(kept, "&")), kind
}

func (q Queries) drops(name string) bool {
	return strings.HasPrefix(name, "utm_") || slices.Contains(tracking, name) || slices.Contains(q.Dropped, name)
}

func isNumber(s string) bool {
	return s != "" && len(s) <= maxPage && strings.Trim(s, "0123456789") == ""
}

func isScript(name string) bool {
	for _, ending := range []string{".php", ".asp", ".aspx", ".jsp", ".cgi", ".pl", ".do"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return true
		}
	}
	return false
}

// pagerPath is the path of a page of a list: /news/page/2/ for /news/?page=2.
func pagerPath(a Address) string {
	path := strings.TrimSuffix(a.Path(), "/")
	for _, pair := range strings.Split(a.Query(), "&") {
		name, value, _ := strings.Cut(pair, "=")
		path += "/" + url.PathEscape(name) + "/" + url.PathEscape(value)
	}
	return path + "/"
}
