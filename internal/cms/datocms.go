package cms

// datocms sends custom headers at most, and no signature
// (https://www.datocms.com/docs/content-management-api/resources/webhook).
type datocms struct{ unsigned }

func (datocms) Name() string  { return "datocms" }
func (datocms) Title() string { return "DatoCMS" }

func (datocms) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	kind, name := o.text("entity_type"), o.text("event_type")
	if name == "" {
		// A build trigger sends the body that its owner configured, and often none.
		return []Event{{Name: "build_trigger", Action: Changed, Type: "site"}}, nil
	}
	e := Event{
		ID: o.text("webhook_call_id"), Name: kind + "." + name, Action: actionIn(name), Type: kind, Entity: o.text("entity", "id"),
		Title: o.firstText("entity.attributes.title", "entity.attributes.name"), Environment: o.text("environment"), At: o.time("event_triggered_at"),
		Status: o.text("entity", "meta", "status"), Previous: o.text("previous_entity", "meta", "status"),
	}
	for _, related := range o.list("related_entities") {
		m, _ := related.(map[string]any)
		switch r := object(m); r.text("type") {
		case "item_type":
			e.Type = r.firstText("attributes.api_key", "id")
		case "user", "sso_user", "account":
			e.User = r.firstText("attributes.full_name", "attributes.email", "id")
		}
	}
	return []Event{e}, nil
}

func (datocms) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"webhook_call_id":"sample","event_triggered_at":"2026-11-28T12:00:00Z","environment":"main","entity_type":"item","event_type":"publish","entity":{"id":"42","type":"item","attributes":{"title":"Opening hours"},"meta":{"status":"published"}},"related_entities":[{"id":"7","type":"item_type","attributes":{"api_key":"page"}}]}`),
	}
}
