package operator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Body is the page of a site for operators.
type Body struct {
	Name, Title string
	State       view.Headline
	Text        string
	Forms       *Forms
	Freezes     []freezeRow
	HandedOff   []handedRow
	Filters     []rows.Filter
	// EventHeads and DeliveryHeads are the headings of the two tables.
	EventHeads, DeliveryHeads []rows.Head
	Events                    []rows.Event
	Older                     string
	CSV, Lines                string // lead to the export of the whole trail
	Deliveries                []deliveryRow
}

// freezeRow is a freeze that is in force or to come. A configured one has no ID, and no form
// ends it.
type freezeRow struct {
	ID, Why, By string
	From, To    *when.Moment
	On          bool
}

// handedRow is a target of hand-offs, with its progress.
type handedRow struct {
	Target, State, Class, Said string
	Upto                       *when.Moment
	Last                       frame.Crumb
}

func handedRowsOf(found view.Operation) []handedRow {
	c, l := found.Clock(), found.Language
	var out []handedRow
	for _, h := range found.HandedOff {
		row := handedRow{Target: h.Target, Class: "ok", State: l.Say("On time"), Upto: c.At(h.Watermark), Said: h.Last.Trouble}
		if row.Said == "" {
			row.Said = h.Last.Answer
		}
		if h.Last.Release != 0 {
			row.Last = frame.Crumb{Text: "#" + text.Number(h.Last.Release), Link: frame.ReleaseLink(found.Name, h.Last.Release)}
		}
		switch {
		case h.DryRun:
			row.Class, row.State = "quiet", l.Say("Dry run: nothing is sent")
		case !h.Late.IsZero():
			row.Class, row.State = "bad", l.Say("Late: it has not taken what went live")
		case !h.Oldest.IsZero():
			row.Class, row.State = "warn", l.Say("Waits")
		case h.Watermark.IsZero():
			row.Class, row.State = "quiet", l.Say("Nothing was handed off yet")
		}
		out = append(out, row)
	}
	return out
}

// deliveryRow is a call of a hook.
type deliveryRow struct {
	At                             *when.Moment
	Hook, What, Who, Decision, Why string
	Request                        string
}

// show is the page of a site for operators.
func (o *operatorPages) show(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) {
		return
	}
	query := v.R.URL.Query()
	about := view.About(query.Get("about"))
	before, err := strconv.ParseInt("0"+query.Get("before"), 10, 64)
	if err != nil || !slices.Contains(view.Abouts, about) {
		o.Trouble(v, v.Problem(http.StatusUnprocessableEntity, "invalid", "“about” is releases, requests or acts; “before” is the number of an event."))
		return
	}
	found, err := o.view.Operation(v.R.Context(), name, about, before)
	if err != nil {
		o.Trouble(v, err)
		return
	}
	body := BodyOf(found, about, v.R.URL)
	p := frame.LivePage(name, found.Instant, found.Clock())
	if before != 0 {
		p = frame.Page{} // the past does not change
		p.Stamp(found.Clock())
	}
	p.Title, p.Body = v.Say("For operators")+" · "+found.Title, body
	p.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: found.Title, Link: frame.SiteLink(name)}}
	o.Write(v, http.StatusOK, "operate", p)
}

// eventHeads sorts the audit trail as the address asks, and gives the headings of its table.
func eventHeads(events []ledger.Event, at *url.URL, l words.Language) []rows.Head {
	return rows.Sort(events, at, "sort", "trail", []rows.Column[ledger.Event]{
		{Key: "when", Name: l.Say("When"), Compare: func(a, b ledger.Event) int { return cmp.Compare(a.ID, b.ID) }},
		{Key: "what", Name: l.Say("What"), Compare: func(a, b ledger.Event) int { return cmp.Compare(view.EventName(l, a.Kind), view.EventName(l, b.Kind)) }},
		{Key: "release", Name: l.Say("Release"), Compare: func(a, b ledger.Event) int { return cmp.Compare(a.Release, b.Release) }},
		{Key: "who", Name: l.Say("Who"), Compare: func(a, b ledger.Event) int { return cmp.Compare(a.By, b.By) }},
		{Key: "why", Name: l.Say("Why"), Compare: func(a, b ledger.Event) int { return cmp.Compare(a.Why, b.Why) }},
	})
}

// deliveryHeads is eventHeads for the calls of hooks.
func deliveryHeads(deliveries []ledger.HookDelivery, at *url.URL, l words.Language) []rows.Head {
	return rows.Sort(deliveries, at, "hooks", "deliveries", []rows.Column[ledger.HookDelivery]{
		{Key: "when", Name: l.Say("When"), Compare: func(a, b ledger.HookDelivery) int { return a.Received.Compare(b.Received) }},
		{Key: "hook", Name: l.Say("Hook"), Compare: func(a, b ledger.HookDelivery) int { return cmp.Compare(a.Hook, b.Hook) }},
		{Key: "what", Name: l.Say("What"), Compare: func(a, b ledger.HookDelivery) int { return cmp.Compare(a.Event+" "+a.Title, b.Event+" "+b.Title) }},
		{Key: "became", Name: l.Say("Became"), Compare: func(a, b ledger.HookDelivery) int { return cmp.Compare(a.Decision, b.Decision) }},
		{Key: "why", Name: l.Say("Why"), Compare: func(a, b ledger.HookDelivery) int { return cmp.Compare(a.Why, b.Why) }},
	})
}

// BodyOf is the page of an Operation, with the tables sorted as an address asks; nil for
// the usual order.
func BodyOf(found view.Operation, about view.About, at *url.URL) Body {
	c := found.Clock()
	base := frame.SiteLink(found.Name)
	b := Body{
		Name: found.Name, Title: found.Title, State: found.Headline(), Text: view.BesideHeadline(found.Site), Forms: FormsOf(found.Site),
		CSV: base + "/events.csv", Lines: base + "/events.jsonl",
	}
	b.Forms.Undelivered, b.HandedOff = found.Undelivered, handedRowsOf(found)
	for _, w := range found.Windows() {
		if w.To.After(found.Now) && !config.IsClosing(w) {
			b.Freezes = append(b.Freezes, freezeRow{ID: w.ID, Why: w.Why, By: w.By, From: c.At(w.From), To: c.At(w.To), On: !found.Now.Before(w.From)})
		}
	}
	for _, one := range view.Abouts {
		query := url.Values{}
		if one != view.AboutAll {
			query.Set("about", string(one))
		}
		b.Filters = append(b.Filters, rows.Filter{Text: found.Language.Say(string(aboutName(one))), Link: base + "/operate?" + query.Encode() + "#trail", Current: one == about})
	}
	if found.Older != 0 {
		query := url.Values{"about": {string(about)}, "before": {strconv.FormatInt(found.Older, 10)}}
		b.Older = base + "/operate?" + query.Encode() + "#trail"
	}
	b.EventHeads = eventHeads(found.Events, at, found.Language)
	b.DeliveryHeads = deliveryHeads(found.Deliveries, at, found.Language)
	for _, e := range found.Events {
		b.Events = append(b.Events, rows.EventOf(e, c))
	}
	for _, d := range found.Deliveries {
		row := deliveryRow{At: c.At(d.Received), Hook: d.Hook, What: strings.TrimSpace(d.Event + " " + d.Title), Who: d.Actor, Decision: decisionWords(c.Language, d.Decision), Why: d.Why}
		if d.Request != "" {
			row.Request = frame.RequestLink(d.Request)
		}
		b.Deliveries = append(b.Deliveries, row)
	}
	return b
}

// decisionWords name the decision about a call of a hook.
func decisionWords(l words.Language, decision string) string {
	switch decision {
	case "release":
		return l.Say("release")
	case "wait":
		return l.Say("waits")
	case "ignore":
		return l.Say("ignored")
	case "refused":
		return l.Say("refused")
	case ledger.DecisionAgain:
		return l.Say("came before")
	}
	return decision
}

func aboutName(a view.About) words.Key {
	switch a {
	case view.AboutReleases:
		return words.Key("Releases")
	case view.AboutRequests:
		return words.Key("Requests")
	case view.AboutActs:
		return words.Key("Operators’ acts")
	case view.AboutAll:
	}
	return words.Key("Everything")
}

// freeze keeps releases back for a time.
func (o *operatorPages) freeze(v *frame.Visit) {
	name, conf, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) || !o.ReadForm(v) {
		return
	}
	in, err := freezeOf(v, v.Zone(conf.Location()))
	if err == nil {
		_, err = o.commands.Freeze(v.R.Context(), v.Who, name, in)
	}
	o.actedAt(v, name, err)
}

// thaw ends a freeze.
func (o *operatorPages) thaw(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) || !o.ReadForm(v) {
		return
	}
	_, err := o.commands.Thaw(v.R.Context(), v.Who, name, v.R.PostForm.Get("id"))
	o.actedAt(v, name, err)
}

// actedAt goes back to the operators' page, or shows the error.
func (o *operatorPages) actedAt(v *frame.Visit, site string, err error) {
	if err = refusal(v, err); err != nil {
		o.Trouble(v, err)
		return
	}
	v.GoOn(frame.SiteLink(site) + "/operate")
}

func freezeOf(v *frame.Visit, zone *time.Location) (in api.FreezeInput, err error) {
	if in.Why, err = frame.Field(v, "why", 1000); err != nil {
		return in, err
	}
	if in.Why == "" {
		return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "Say why: people who wait for their changes will read it.")
	}
	for name, to := range map[string]func(time.Time){"from": func(at time.Time) { in.From = &at }, "to": func(at time.Time) { in.To = at }} {
		written := v.R.PostForm.Get(name)
		if written == "" && name == "from" {
			continue // from now on
		}
		at, err := time.ParseInLocation(localTime, written, zone)
		if err != nil {
			return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "“%s” must be a date and a time, like %s.", name, ledger.Now().In(zone).Format(localTime))
		}
		to(at)
	}
	return in, nil
}
