package rows

import (
	"strings"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
)

// Requests are a group of requests that wait for the same thing.
type Requests struct {
	ID, Title string
	Rows      []Request
	// More is the number of further requests; Others says that there are further ones
	// whose number is not known.
	More   int64
	Others bool
	// All leads to the whole list, "" for none.
	All string
}

// Request is a request in a list. Ago is how long it has waited.
type Request struct {
	Link, Who, What, Edit     string
	Pill                      view.Headline
	Since, Ago, Expected, Due *when.Moment
	// AgoBefore and AgoAfter are the words around Ago, which a browser counts on.
	AgoBefore, AgoAfter string
}

// RequestOf is the row of a request.
func RequestOf(r view.Request, c when.Clock) Request {
	row := Request{
		Link: frame.RequestLink(r.ID), Who: view.Asker(c.Language, r.Request), What: view.Subject(c.Language, r.Request), Edit: view.WebLink(r.Link), Pill: r.Pill(),
		Since: c.At(r.AcceptedAt), Ago: c.Since(r.AcceptedAt), Expected: c.About(r.Expected),
	}
	row.AgoBefore, row.AgoAfter, _ = strings.Cut(c.Language.Say("%s ago", "\x00"), "\x00")
	if r.Resolution.Status == release.Scheduled {
		row.Due = c.At(r.NotBefore)
	}
	return row
}
