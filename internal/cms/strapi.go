package cms

import "cmp"

// strapi sends the headers that its owner configured, and no signature
// (https://docs.strapi.io/cms/backend-customization/webhooks). A save that
// publishes sends two webhooks.
type strapi struct{ unsigned }

func (strapi) Name() string  { return "strapi" }
func (strapi) Title() string { return "Strapi" }

func (strapi) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(o.text("event"), d.Header.Get("X-Strapi-Event"))
	if name == "" {
		return nil, badFormat("neither the body nor the header X-Strapi-Event names the event")
	}
	e := Event{
		Name: name, Action: actionIn(name), Type: o.firstText("model", "uid"), Entity: o.firstText("entry.documentId", "entry.id", "media.id"),
		Title: o.firstText("entry.title", "entry.name", "media.name"), URL: o.firstText("entry.slug"), Language: o.text("entry", "locale"), At: o.time("createdAt"),
	}
	if published := o.at("entry", "publishedAt"); published != nil {
		e.Status = "published"
	} else if o.object("entry") != nil {
		e.Status = "draft"
	}
	if !e.At.IsZero() {
		e.ID = hashID(name, e.Type, e.Entity, o.text("createdAt"))
	}
	return []Event{e}, nil
}

func (strapi) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "X-Strapi-Event", "entry.publish"),
		Body: []byte(`{"event":"entry.publish","createdAt":"2026-11-28T12:00:00.000Z","model":"page","uid":"api::page.page","entry":{"id":42,"title":"Opening hours","locale":"en","publishedAt":"2026-11-28T12:00:00.000Z"}}`),
	}
}
