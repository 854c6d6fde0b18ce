package hooks

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/trigger"
)

// refused is the decision about a call, or an event, that was not taken.
const refused = "refused"

// withdrawn is the decision about an event that withdraws a scheduled request.
const withdrawn = "withdrawn"

// take judges a call and stores its effects.
func (h *Hooks) take(w http.ResponseWriter, r *http.Request, one *hook, body []byte) {
	received := ledger.Now()
	d := cms.Delivery{Method: r.Method, URI: r.RequestURI, Query: r.URL.Query(), Header: r.Header, Body: body}
	if d.URI == "" { // a request that was made in this process, by a test
		d.URI = r.URL.RequestURI()
	}
	if len(one.secrets) > 0 {
		if err := one.system.Verify(d, one.secrets, ledger.Now()); err != nil {
			h.refuse(w, r, one, problem.New(http.StatusForbidden, "bad_signature", err.Error()))
			return
		}
	}
	events, err := one.system.Events(d)
	if err != nil {
		h.refuse(w, r, one, problem.New(http.StatusUnprocessableEntity, "bad_body", err.Error()))
		return
	}
	done, err := h.ledger.Hooks().Deliver(context.WithoutCancel(r.Context()), one.site, one.arrivals(events))
	if err != nil {
		h.problems.Write(w, r, err)
		return
	}
	if h.handled != nil {
		h.handled(one.system.Name(), newest(events), received, ledger.Now())
	}
	h.answer(w, r, one, events, done)
}

// newest is the time of the newest event, by the CMS's clock.
func newest(events []cms.Event) (at time.Time) {
	for _, e := range events {
		if e.At.After(at) {
			at = e.At
		}
	}
	return at
}

// refuse records that a call was refused, and answers it.
func (h *Hooks) refuse(w http.ResponseWriter, r *http.Request, one *hook, p *api.Problem) {
	_, err := h.ledger.Hooks().Deliver(context.WithoutCancel(r.Context()), one.site, []ledger.Arrival{{Delivery: ledger.HookDelivery{
		Hook: one.name, Decision: refused, Why: clean(p.Detail, 1000),
	}}})
	if err != nil {
		h.problems.Write(w, r, err)
		return
	}
	h.problems.Write(w, r, p)
}

// maxEvents bounds how many events of one call are stored one by one.
const maxEvents = 100

// arrivals are the events of a call, each with its effect.
func (k *hook) arrivals(events []cms.Event) []ledger.Arrival {
	var out []ledger.Arrival
	seen := map[string]bool{}
	for i, e := range events[:min(len(events), maxEvents)] {
		if e.ID != "" && seen[e.ID] {
			e.ID += "#" + strconv.Itoa(i)
		}
		seen[e.ID] = true
		out = append(out, k.arrival(e, k.decide(e)))
	}
	if len(events) > maxEvents {
		out = append(out, k.rest(events[maxEvents:]))
	}
	return out
}

// rest is one arrival for all events beyond maxEvents: it has the strongest effect of any of
// them.
func (k *hook) rest(events []cms.Event) ledger.Arrival {
	weight := map[trigger.Then]int{trigger.Wait: 1, trigger.Release: 2}
	most, decided := events[0], k.decide(events[0])
	for _, e := range events[1:] {
		if d := k.decide(e); weight[d.Then] > weight[decided.Then] {
			most, decided = e, d
		}
	}
	if most.ID != "" {
		most.ID += "#others"
	}
	most.Title, most.Entity = "and "+text.Number(len(events))+" more", ""
	return k.arrival(most, decided)
}

func (k *hook) decide(e cms.Event) trigger.Decision {
	if e.Withdrawn {
		return trigger.Decision{Then: trigger.Ignore, Why: "It takes back what was scheduled for this content."}
	}
	return k.rules.Decide(e)
}

// arrival is an event with its effect.
func (k *hook) arrival(e cms.Event, decided trigger.Decision) ledger.Arrival {
	a := ledger.Arrival{Delivery: ledger.HookDelivery{
		Hook: k.name, Key: clean(k.key(e), 300), Event: clean(e.Name, 200), Entity: clean(entity(e), 200), Title: clean(e.Title, 500), Actor: clean(e.User, 200),
		Decision: string(decided.Then), Rule: clean(decided.Rule, 200), Why: clean(decided.Why, 1000),
	}}
	if e.Withdrawn {
		if a.Delivery.Decision = withdrawn; a.Delivery.Entity == "" {
			a.Delivery.Decision, a.Delivery.Why = refused, "It takes back what was scheduled, but does not say of which content."
		}
		a.Withdraw = a.Delivery.Decision == withdrawn
		return a
	}
	switch decided.Then {
	case trigger.Release:
		asked, err := k.request(e, a.Delivery)
		if err != nil {
			a.Delivery.Decision, a.Delivery.Why = refused, clean(err.Error(), 1000)
			break
		}
		a.Request = &asked
	case trigger.Wait:
		a.Change = &ledger.PendingChange{Hook: k.name, Entity: a.Delivery.Entity, Title: a.Delivery.Title, Link: k.link(e), Actor: a.Delivery.Actor, Why: a.Delivery.Why}
	case trigger.Ignore:
	}
	return a
}

// caller is the hook as the caller who makes the request.
func (k *hook) caller() *auth.Caller {
	return &auth.Caller{Name: "hook " + k.name, Role: auth.CMS, Sites: []string{k.site}}
}

// key is the idempotency key of an event, "" for none. The same event with another time is
// another request, so that a rescheduled one is not lost.
func (k *hook) key(e cms.Event) string {
	id := e.ID
	if id != "" && !e.NotBefore.IsZero() {
		id += "@" + strconv.FormatInt(e.NotBefore.Unix(), 10)
	}
	return k.caller().Key(id)
}

func (k *hook) request(e cms.Event, d ledger.HookDelivery) (ledger.Request, error) {
	in := api.RequestInput{
		Source: release.FromContent, Actor: d.Actor, Title: d.Title, Link: k.link(e), Entity: d.Entity, Reason: d.Event,
	}
	if d.Rule != "" {
		in.Reason = strings.TrimPrefix(in.Reason+", rule "+d.Rule, ", ")
	}
	if !e.NotBefore.IsZero() {
		in.NotBefore = &e.NotBefore
	}
	asked, err := command.RequestOf(k.caller(), k.site, "", in)
	asked.Key = d.Key
	return asked, err
}

// entity names the content of an event, as article/12; "" when the event does not say.
func entity(e cms.Event) string {
	if e.Entity == "" || e.Type == "" {
		return e.Entity
	}
	return e.Type + "/" + e.Entity
}

// link is the address of the content: a whole one, or one below the site's.
func (k *hook) link(e cms.Event) string {
	switch address := clean(e.URL, 1000); {
	case strings.HasPrefix(address, "https://"), strings.HasPrefix(address, "http://"):
		return onlyWeb(address)
	case strings.HasPrefix(address, "/") && k.siteURL != "":
		return onlyWeb(k.siteURL + address)
	}
	return ""
}

// clean makes a CMS's text fit to be stored.
func clean(words string, limit int) string {
	return text.Shorten(strings.ReplaceAll(strings.ToValidUTF8(words, "\uFFFD"), "\x00", ""), limit)
}
