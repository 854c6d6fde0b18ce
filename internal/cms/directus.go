package cms

import (
	"encoding/json"
	"strings"
)

// directus sends the body that the author of a flow wrote into its operation "Webhook / Request
// URL" (https://directus.io/docs/guides/automate/operations). A template without a value
// writes "undefined", and a result that is not JSON is sent as a form with that text.
type directus struct{ unsigned }

func (directus) Name() string  { return "directus" }
func (directus) Title() string { return "Directus" }

func (directus) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		var repaired bool
		if o, repaired = withoutQuotesAroundLists(d); !repaired {
			return nil, err
		}
	}
	name := o.firstText("event", "$trigger.event")
	if name == "" {
		return nil, badFormat(`the body has no event: give the flow's operation a body such as {"event":"{{$trigger.event}}","key":"{{$trigger.key}}","keys":"{{$trigger.keys}}"}`)
	}
	e := Event{
		Name: name, Action: actionIn(name), Type: o.firstText("collection", "$trigger.collection"), Title: o.firstText("title", "payload.title"),
		User: o.firstText("user", "$accountability.user"), Status: o.firstText("status", "payload.status"), Language: o.text("language"), URL: o.text("url"),
	}
	if e.Type == "" { // "articles.items.update" names the collection first
		e.Type, _, _ = strings.Cut(name, ".items.")
	}
	if e.Action == Updated && e.Status != "" {
		e.Action = directusAction(e.Status)
	}
	var events []Event
	for _, key := range directusKeys(o) {
		each := e
		each.Entity = key
		events = append(events, each)
	}
	if len(events) == 0 {
		return []Event{e}, nil
	}
	return events, nil
}

func directusAction(status string) Action {
	switch status {
	case "published":
		return Published
	case "archived":
		return Archived
	}
	return Updated
}

// directusKeys are the ids of the items: one or several, as a list or as the text of a list.
func directusKeys(o object) []string {
	if key := o.text("key"); key != "" {
		return []string{key}
	}
	list := o.list("keys")
	if text := o.text("keys"); text != "" && json.Unmarshal([]byte(text), &list) != nil {
		return strings.Split(text, ",")
	}
	var keys []string
	for _, k := range list {
		if key := textOf(k); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// withoutQuotesAroundLists reads "keys":"["1"]", which "keys":"{{$trigger.keys}}"
// becomes, as the intended list. Other invalid JSON is not repaired.
func withoutQuotesAroundLists(d Delivery) (object, bool) {
	text := strings.NewReplacer(`:"[`, `:[`, `]"`, `]`).Replace(string(d.Body))
	d.Body = []byte(text)
	o, err := decode(d)
	return o, err == nil
}

func (directus) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"event":"pages.items.update","keys":"[\"42\"]","key":"undefined","status":"published","title":"Opening hours","user":"ana"}`),
	}
}
