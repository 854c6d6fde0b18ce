package rows

import (
	"strconv"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Event is an entry of the audit trail.
type Event struct {
	At                 *when.Moment
	What, By, Why, Ask string
	Release            *frame.Crumb
}

// EventOf is the row of an entry.
func EventOf(e ledger.Event, c when.Clock) Event {
	row := Event{At: c.At(e.At), What: view.EventName(c.Language, e.Kind), By: e.By, Why: e.Why}
	if e.Release != 0 {
		row.Release = &frame.Crumb{Text: "#" + strconv.FormatInt(e.Release, 10), Link: frame.ReleaseLink(e.Site, e.Release)}
	}
	if e.Request != "" {
		row.Ask = frame.RequestLink(e.Request)
	}
	return row
}
