package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// eventList is a page of the audit trail.
type eventList struct {
	Events []api.Event `json:"events"`
}

// wantsList says whether a reader wants a page of events as JSON, and not a stream.
func wantsList(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// list answers with the events after one (?after=, 0: the beginning) as JSON, oldest first,
// at most ?limit= (1 to 500). Only an empty list is the end: a page may hold fewer than the
// limit.
func (e *Events) list(w http.ResponseWriter, r *http.Request, site string) {
	after, err := queryNumber(r, "after", 0, 0, 1<<62)
	if err != nil {
		e.problems.Write(w, r, err)
		return
	}
	limit, err := queryNumber(r, "limit", eventsAtOnce, 1, eventsAtOnce)
	if err != nil {
		e.problems.Write(w, r, err)
		return
	}
	views, err := e.after(r, site, after, int(limit))
	if err != nil {
		e.problems.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(eventList{views}) // the caller may have gone
}

// after reads on until there is an event that the caller may see, so that an empty answer
// means the end.
func (e *Events) after(r *http.Request, site string, after int64, limit int) ([]api.Event, error) {
	views := []api.Event{}
	for {
		events, err := e.ledger.Events(r.Context(), site, after, limit)
		if err != nil {
			return nil, err
		}
		for _, one := range events {
			after = one.ID
			if auth.From(r.Context()).Sees(one.Site) {
				views = append(views, view.Event(one))
			}
		}
		if len(views) > 0 || len(events) < limit {
			return views, nil
		}
	}
}

// queryNumber is a number of the query, within bounds.
func queryNumber(r *http.Request, name string, missing, least, most int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, problem.Invalid("query."+name, "must be a number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	return n, nil
}
