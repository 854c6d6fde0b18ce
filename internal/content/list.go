package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is one list of a source, and how it is read. Each file of package source makes
// those of one CMS.
type Type struct {
	Name string
	// Path is the list's address, below the source's; Query is in every request.
	Path  string
	Query url.Values
	// Items points to the array of records in an answer. The other pointers are within a
	// record; only ID must be set. A stamp is an instant of the source's clock: RFC 3339,
	// without a zone in UTC, or seconds since 1970.
	Items                         Pointer
	ID, Language, Stamp, Revision Pointer
	Pager                         Pager
	// Since asks for the records with a stamp at or after an instant; nil if the source
	// can't. Sparse asks for ids, languages and stamps alone. ByID asks for some
	// records by their ids, at most Batch at once.
	Since  func(time.Time) url.Values
	Sparse url.Values
	ByID   func(ids []string) url.Values
	Batch  int
	// ValidID says whether an id may be one of this list's; nil: any may.
	ValidID func(string) bool
	// References maps pointers to ids of other records, or to lists of ids, to the type
	// of these records.
	References map[Pointer]string
	// Referring finds references that pointers do not lead to, each "type/id".
	Referring func(item Object) []string
	// Resume points to the address, on the last page, at which the list's later changes
	// are listed; Deleted recognizes deleted records among them. Prefix goes before an id
	// where records of two kinds may have the same one.
	Resume  Pointer
	Deleted func(item Object) bool
	Prefix  func(item Object) string
	// Body makes the body of a request, which is then a POST; position is "" at first.
	Body func(position string) []byte
	// Serves says how a copy is served at the list's own address; nil: not at all.
	Serves *Serving
}

// Stamped says whether a change of a record shows in the sparse list, so that changed
// records alone need to be read.
func (t Type) Stamped() bool {
	return t.Sparse != nil && t.ByID != nil && t.Batch > 0 && (t.Stamp != "" || t.Revision != "")
}

// Pager says how the pages of a list follow each other. Size is the number of records
// that a request asks for, by the parameter SizeParam. Exactly one of the ways is used:
// NumberParam counts pages from First, OffsetParam counts records, CursorParam takes
// the cursor at Next, and Next alone points to the next page's whole address.
type Pager struct {
	SizeParam, NumberParam, OffsetParam, CursorParam string
	Size, First                                      int
	// Total and Pages point to the numbers of records and pages in an answer;
	// TotalHeader and PagesHeader are the headers with them. More points to a boolean:
	// whether there are more pages.
	Total, Pages, Next, More Pointer
	TotalHeader, PagesHeader string
}

// Want selects the records of a list: by default all.
type Want struct {
	Since  time.Time // those changed at or after it
	Sparse bool      // ids and stamps alone
	IDs    []string  // these records
}

// Request is one request of a source.
type Request struct {
	Method, URL string
	Body        []byte
}

// Request asks for a page of a list, at a position that an answer or Position gave;
// "" is the first.
func (t Type) Request(base string, want Want, position string) Request {
	r := Request{Method: http.MethodGet}
	if t.Body != nil {
		return Request{Method: http.MethodPost, URL: base + t.Path, Body: t.Body(position)}
	}
	if t.Pager.follows() && position != "" {
		r.URL = position
		return r
	}
	query := merged(t.Query)
	if t.Pager.SizeParam != "" && len(want.IDs) == 0 {
		query.Set(t.Pager.SizeParam, strconv.Itoa(t.Pager.Size))
	}
	switch {
	case len(want.IDs) > 0:
		query = merged(query, t.ByID(want.IDs))
		if t.Pager.SizeParam != "" {
			query.Set(t.Pager.SizeParam, strconv.Itoa(max(t.Pager.Size, t.Batch)))
		}
	case want.Sparse && t.Sparse != nil:
		query = merged(query, t.Sparse)
	case !want.Since.IsZero() && t.Since != nil:
		query = merged(query, t.Since(want.Since))
	}
	if position != "" {
		query.Set(t.Pager.positionParam(), position)
	}
	r.URL = address(base+t.Path, query)
	return r
}

// address adds a query to an address that may have one.
func address(at string, query url.Values) string {
	if len(query) == 0 {
		return at
	}
	if strings.Contains(at, "?") {
		return at + "&" + query.Encode()
	}
	return at + "?" + query.Encode()
}

// follows says whether positions are whole addresses.
func (p Pager) follows() bool { return p.positionParam() == "" && p.Next != "" }

func (p Pager) positionParam() string {
	switch {
	case p.NumberParam != "":
		return p.NumberParam
	case p.OffsetParam != "":
		return p.OffsetParam
	}
	return p.CursorParam
}

// Rest are the positions after the first page, when that page says how many there are; ok
// is false when pages must be followed one by one.
func (p Pager) Rest(first Page) (rest []string, ok bool) {
	pages, size := first.Pages, p.Size
	if got := len(first.Items); got > 0 && got < size && got < first.Total {
		size = got // the source gives fewer than it was asked for
	}
	if pages < 0 && first.Total >= 0 && size > 0 {
		pages = (first.Total + size - 1) / size
	}
	if pages < 0 || (p.NumberParam == "" && p.OffsetParam == "") {
		return nil, false
	}
	for n := 1; n < min(pages, MostPages); n++ {
		if p.NumberParam != "" {
			rest = append(rest, strconv.Itoa(p.First+n))
		} else {
			rest = append(rest, strconv.Itoa(n*size))
		}
	}
	return rest, true
}

// MostPages bounds a list: a longer one counts as endless.
const MostPages = 100_000

// After is the position of the next page, where pages are followed one by one;
// "" at the end.
func (p Pager) After(position string, page Page) string {
	switch {
	case p.NumberParam == "" && p.OffsetParam == "":
		return page.Next
	case len(page.Items) == 0, p.Size > 0 && len(page.Items) < p.Size:
		return ""
	}
	n, err := strconv.Atoi(position)
	switch {
	case p.NumberParam != "" && err != nil:
		return strconv.Itoa(p.First + 1)
	case p.NumberParam != "":
		return strconv.Itoa(n + 1)
	}
	return strconv.Itoa(n + len(page.Items))
}

// Model is a hash of types and of the requests for them.
func Model(kind, base string, types []Type) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "1 %q %q\n", kind, base)
	for _, t := range types {
		fmt.Fprintf(sum, "%q %q %q %q %q %q %q %q %+v\n", t.Name, t.Path, t.Query.Encode(), t.Items, t.ID, t.Language, t.Stamp, t.Revision, t.Pager)
		for _, p := range slices.Sorted(maps.Keys(t.References)) {
			fmt.Fprintf(sum, "  %q %q\n", p, t.References[p])
		}
		if t.Body != nil {
			fmt.Fprintf(sum, "  %q\n", t.Body(""))
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func typeOf(reference string) string {
	name, _, _ := strings.Cut(reference, "/")
	return name
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
