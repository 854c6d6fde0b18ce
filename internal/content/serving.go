package content

import "net/http"

// Serving says how a copy answers at the list's own address. A request with parameters
// other than these, those of the list's Pager and those of its Query is not answered
// from the copy.
type Serving struct {
	// DefaultSize is the number of records on a page, MostSize the largest that a request
	// may ask for.
	DefaultSize, MostSize int
	// IDs is the parameter that selects records by id, Filters those that select by a
	// value at a pointer, or in a list there; commas separate several values.
	IDs     string
	Filters map[string]Pointer
	// OrderParam takes one of Orders; a minus before it reverses the order, or
	// DirectionParam does ("asc", "desc"). Order is the default.
	OrderParam, DirectionParam string
	Orders                     map[string]Pointer
	Order                      string
	// Ignored are parameters that change nothing.
	Ignored []string
	// Envelope puts a page's records into an answer; nil for a plain array. One puts a
	// single record into one; nil for the record itself.
	Envelope func(ServedPage) ([]byte, error)
	One      func(raw []byte, address string) ([]byte, error)
	// Header sets headers of the answer, such as the number of pages; nil for none.
	Header func(ServedPage, http.Header)
	// OffsetParam asks for records from some number on, where the Pager has no such parameter.
	OffsetParam string
	// ContentType is the media type of answers; "" for application/json.
	ContentType string
}

// ServedPage is one page of a list that is served from a copy.
type ServedPage struct {
	Items [][]byte
	// Total and Pages count all records and pages; Number is the page's own, from 0.
	Total, Pages, Number, Offset, Size int
	// At is the address of a page by its number, from 0, and Self that of this page.
	At   func(number int) string
	Self string
}
