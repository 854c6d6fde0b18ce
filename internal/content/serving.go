package content

import "net/http"

// Serving says how a copy of a list speaks the list's own addresses. What a request
// has beside these parameters, those of the list's Pager, and what the list is always
// asked with, is not answered from the copy.
type Serving struct {
	// DefaultSize is how many records a page has that asks for no number, MostSize how
	// many it may ask for.
	DefaultSize, MostSize int
	// IDs is a parameter that asks for records by id, Filters those that ask for a value
	// at a pointer, or one of a list there; commas separate several values.
	IDs     string
	Filters map[string]Pointer
	// OrderParam names what to order by, one of Orders; a minus before it turns it round,
	// or DirectionParam does ("asc", "desc"). Order is the default.
	OrderParam, DirectionParam string
	Orders                     map[string]Pointer
	Order                      string
	// Ignored are parameters that change nothing.
	Ignored []string
	// Envelope puts a page's records into an answer; nil for a plain array. One puts a
	// single record into one; nil for the record itself.
	Envelope func(ServedPage) ([]byte, error)
	One      func(raw []byte, address string) ([]byte, error)
	// Header puts a page's facts into the answer's header; nil: none.
	Header func(ServedPage, http.Header)
	// OffsetParam asks for records from some number on, where the Pager has no such parameter.
	OffsetParam string
	// ItemPath is the path of one record below the list's, after which its id stands:
	// "/" where it is empty.
	ItemPath string
	// ContentType is that of answers; application/json where it is empty.
	ContentType string
}

// ServedPage is one page of a list that is served from a copy.
type ServedPage struct {
	Items [][]byte
	// Total and Pages count all records and pages; Number is the page's own, from 0.
	Total, Pages, Number, Offset, Size int
	// At is the address of this list from some record on, and Self that of this page.
	At   func(number int) string
	Self string
}
