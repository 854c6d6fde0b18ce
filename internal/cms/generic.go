package cms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// generic is any other system: JSON with Pressrun's member names, or read by a Mapping.
// An empty body or a form asks for a release without further information.
type generic struct {
	unsigned
	mapping Mapping
}

// Mapping says where a system's JSON has the members of an Event: it maps Pressrun's
// name, such as "title", to a path, such as "data.attributes.title" or "items.0.id".
type Mapping map[string]string

// mappable are the members that a Mapping may name.
var mappable = []string{"action", "at", "environment", "event", "fields", "id", "key", "language", "moderated", "not_before", "previous", "status", "title", "type", "url", "user", "withdrawn"}

// Check refuses members that an Event does not have, and invalid paths.
func (m Mapping) Check() error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(mappable, name) {
			return fmt.Errorf("%q is none of %s", name, strings.Join(mappable, ", "))
		}
		if path := m[name]; path == "" || slices.Contains(strings.Split(path, "."), "") {
			return fmt.Errorf("%s: %q is no path such as data.title", name, path)
		}
	}
	return nil
}

// Mapped is the generic dialect with a mapping.
func Mapped(m Mapping) Dialect { return generic{mapping: m} }

func (generic) Name() string  { return "generic" }
func (generic) Title() string { return "any other system" }

func (g generic) Events(d Delivery) ([]Event, error) {
	if len(d.Body) == 0 || form(d) != nil {
		return []Event{{Name: d.Query.Get("event"), Title: d.Query.Get("title"), Action: Changed}}, nil
	}
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	if g.mapping != nil {
		o = g.mapping.apply(o)
	}
	e := mapped(o)
	e.Name, e.ID = o.text("event"), o.text("key")
	if e.Action == "" {
		e.Action = actionIn(e.Name)
	}
	return []Event{e}, nil
}

// apply makes an object with Pressrun's member names. Members without a mapping are left out.
func (m Mapping) apply(o object) object {
	out := object{}
	for name, path := range m {
		if value := o.at(strings.Split(path, ".")...); value != nil {
			out[name] = value
		}
	}
	return out
}

func (generic) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"event":"page.published","type":"page","id":"42","title":"Opening hours","user":"Ana Silva","url":"/opening-hours/"}`),
	}
}
