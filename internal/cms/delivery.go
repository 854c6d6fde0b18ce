package cms

import (
	"net/http"
	"net/url"
	"time"
)

// Delivery is one call of a hook, as it came over the wire.
type Delivery struct {
	Method string
	// URI is the path and query as they were sent, still encoded.
	URI    string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Action is what happened to content, in one word for all systems.
type Action string

// The actions. Changed says that something did, and not what.
const (
	Created     Action = "created"
	Updated     Action = "updated"
	Published   Action = "published"
	Unpublished Action = "unpublished"
	Archived    Action = "archived"
	Deleted     Action = "deleted"
	Scheduled   Action = "scheduled"
	Changed     Action = "changed"
	Test        Action = "test"
)

// Event is one thing that happened in a CMS. What a system does not tell is empty.
// All text is somebody else's: escape it wherever it comes out.
type Event struct {
	// ID is the delivery's own id: the same id is the same event, sent again. A
	// system that sends none has "", and then every delivery is an event.
	ID string
	// Name is the event in the system's own words, as "post.published".
	Name   string
	Action Action
	// Type is the content type, as "article", and Entity the id within it.
	Type, Entity string
	Title        string
	// URL is where the content will be seen, or its path.
	URL      string
	User     string
	Language string
	// Status is the content's state now, and Previous the one before.
	Status, Previous string
	// Moderated says that an editorial workflow with states of its own decides
	// whether the content is seen.
	Moderated bool
	// Fields are the names of those that changed, as far as the system tells.
	Fields []string
	// Environment is the system's own, as Contentful's "master".
	Environment string
	// At is when it happened by the system's clock; zero if it does not tell.
	At time.Time
	// NotBefore is when it is to be released; zero for as soon as possible.
	NotBefore time.Time
	// Withdrawn takes an earlier request with the same key back.
	Withdrawn bool
}
