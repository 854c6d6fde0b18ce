package cms

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Dialect reads the calls of one system to a hook.
type Dialect interface {
	// Name is the dialect's name in a configuration, such as "ghost".
	Name() string
	// Title is the system's own name.
	Title() string
	// Verify checks that one of the secrets signed a delivery, within five minutes. The
	// error is a *SignatureError. It is not called for a dialect without signatures,
	// whose secret is the hook's address.
	Verify(d Delivery, secrets []string, now time.Time) error
	// Events reads what happened. The error is a *FormatError.
	Events(d Delivery) ([]Event, error)
	// Sample is a delivery of this system, not yet signed.
	Sample() Delivery
	// Sign signs a delivery as the system does. An unsigned dialect changes nothing.
	Sign(d *Delivery, secret string, now time.Time)
	// Signed says whether the system can sign what it sends.
	Signed() bool
}

// SampleTime is the time in all samples, to the second.
const SampleTime = "2026-11-28T12:00:00"

// dialects is the table of dialects. A new one is a file beside this one and a line here.
var dialects = []Dialect{
	buildHook{name: "cloudflare", title: "Cloudflare's deploy hook"},
	contentful{},
	datocms{},
	directus{},
	drupal{},
	generic{},
	ghost{},
	gitHub{},
	kontent{},
	buildHook{name: "netlify", title: "Netlify's build hook"},
	prismic{},
	sanity{},
	standard{name: "standard", title: "Standard Webhooks"},
	storyblok{},
	strapi{},
	buildHook{name: "vercel", title: "Vercel's deploy hook"},
	standard{name: "wagtail", title: "Wagtail"},
	standard{name: "wordpress", title: "WordPress"},
}

// Find finds a dialect by its name; ok is false when there is none.
func Find(name string) (d Dialect, ok bool) {
	i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.Name() == name })
	if i < 0 {
		return nil, false
	}
	return dialects[i], true
}

// Names lists the dialects, sorted.
func Names() []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Name()
	}
	return names
}

// unsigned is part of the dialects whose systems do not sign: the secret is the
// hook's address.
type unsigned struct{}

func (unsigned) Verify(Delivery, []string, time.Time) error { return nil }
func (unsigned) Sign(*Delivery, string, time.Time)          {}
func (unsigned) Signed() bool                               { return false }

// Delivery is one call of a hook, as it was received.
type Delivery struct {
	Method string
	// URI is the path and query as they were sent, still encoded.
	URI    string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Action is the kind of a change of content, in one word for all systems.
type Action string

// The actions. Changed does not say what happened.
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

// Event is an event in a CMS. Fields that a system does not send are empty. All text
// comes from the CMS: escape it on output.
type Event struct {
	// ID is the delivery's own id, the same if the event is sent again. It is "" for a
	// system that sends none: then every delivery counts as a new event.
	ID string
	// Name is the system's own name of the event, such as "post.published".
	Name   string
	Action Action
	// Type is the content type, such as "article", and Entity the id within it.
	Type, Entity string
	Title        string
	// URL is the public address of the content, or its path.
	URL      string
	User     string
	Language string
	// Status is the content's state now, and Previous the one before.
	Status, Previous string
	// Moderated says that an editorial workflow with states of its own decides whether
	// the content is public.
	Moderated bool
	// Fields are the names of the changed fields, if the system sends them.
	Fields []string
	// Environment is the system's environment, such as Contentful's "master".
	Environment string
	// At is when it happened, by the system's clock; zero if it does not say.
	At time.Time
	// NotBefore is the earliest time of the release; zero for as soon as possible.
	NotBefore time.Time
	// Withdrawn takes an earlier request with the same key back.
	Withdrawn bool
}
