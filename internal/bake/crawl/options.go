package crawl

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/internal/text"
)

// Options configure a crawl of a CMS.
type Options struct {
	Origin  address.Origin
	Queries address.Queries
	// Extras are addresses that nothing names: "/thanks/".
	Extras []address.Address
	// Exclude match the addresses that are never requested, by the path without the slashes
	// at its ends.
	Exclude []*regexp.Regexp
	// MaxPages bounds how many addresses are requested; the others are reported as left out.
	MaxPages int
	// HeaderTimeout bounds the wait for the header of an answer, and Timeout the whole answer.
	HeaderTimeout, Timeout time.Duration
	Pace                   pace.Limits
	// UserAgent names us, so that the CMS may leave us out of its figures.
	UserAgent string
	// Authorization is the header of that name, for a CMS that wants a password for every
	// page; "" for none. It is sent to the CMS alone, the only host of all requests.
	Authorization string
	// Transport is below all requests; nil for the network.
	Transport http.RoundTripper
	// Tries bounds how often a page without an answer is requested, Backoff is the time
	// before the second try, which doubles from try to try.
	Tries   int
	Backoff time.Duration
	// GiveUp is how long a CMS may give no good answer: then the rest is not requested.
	GiveUp time.Duration
	// Tell is called with the crawl's progress, if it is set. It must be quick.
	Tell func(Progress)
}

// Progress is the progress of a crawl.
type Progress struct {
	Done, Known int
	AtOnce      int
	Bytes       int64
	Since       time.Time
	// PerSecond is the present rate of answers; Left the time for the known addresses at
	// that rate, 0 when it is not known.
	PerSecond float64
	Left      time.Duration
}

// Bounds of one answer, in bytes.
const (
	maxText = 32 << 20 // of a page, a style sheet, a feed: they are held in memory
	maxFile = 4 << 30  // of any other file
)

// Bounds of the addresses that only links name, so that no calendar is followed for ever.
const (
	maxDepth    = 1000   // links away from a listed page
	maxAlike    = 50_000 // addresses that differ in one number alone, and that only links name
	maxCalendar = 5000   // the same of those that differ in several, as the days of a calendar
	maxVariants = 8      // versions of a file
	maxRepeats  = 3      // the same part again in a path, as in /a/b/a/b/a/b/a/b/
	maxAddress  = 2048   // bytes of an address
)

// String describes the progress for people.
func (p Progress) String() string {
	line := fmt.Sprintf("%s of %s known addresses, %s, %.0f/s, %d at once", text.Number(p.Done), text.Number(p.Known), text.Bytes(p.Bytes), p.PerSecond, p.AtOnce)
	if p.Left > 0 {
		line += ", about " + text.Span(p.Left) + " left"
	}
	return line
}
