package hooks

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/trigger"
)

// Answer is the answer to a call of a hook, unless its dialect has one of its own.
type Answer struct {
	// ID is that of the request, or of the delivery if no request was made.
	ID string `json:"id"`
	// Request is the request that was made, or made before.
	Request string `json:"request,omitempty"`
	// Decision is release, wait, ignore or again.
	Decision string `json:"decision"`
	// State is the state of the request; "changed" for a change that waits for the next
	// release, "ignored" for an event that has no effect.
	State string `json:"state"`
	Why   string `json:"why"`
	// Joined says that the request goes out with a release that others wait for too.
	Joined bool `json:"joined"`
	// Link is the page of the request, or of the site.
	Link string `json:"link"`
	// Events is the number of events in the call.
	Events int `json:"events"`
}

// answer answers the caller. Prismic takes nothing but 200 for a success, Storyblok nothing
// but JSON, and 410 makes Ghost forget the hook.
func (h *Hooks) answer(w http.ResponseWriter, r *http.Request, one *hook, events []cms.Event, done []ledger.Arrived) {
	main := foremost(done)
	if main.Delivery.Decision == refused {
		h.problems.Write(w, r, problem.New(http.StatusUnprocessableEntity, "invalid", main.Delivery.Why))
		return
	}
	a := h.answerOf(one, main)
	a.Events = len(events)
	var body any = a
	switch one.system.Name() {
	case "vercel":
		// https://vercel.com/docs/deploy-hooks
		body = map[string]any{"job": map[string]any{"id": a.ID, "state": "PENDING", "createdAt": main.Delivery.Received.UnixMilli()}}
	case "cloudflare":
		// https://developers.cloudflare.com/workers/ci-cd/builds/deploy-hooks/
		body = map[string]any{
			"success": true, "errors": []any{}, "messages": []any{},
			"result": map[string]any{"build_uuid": a.ID, "branch": events[0].Environment, "worker": one.site, "already_exists": a.Joined},
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}

// foremost is the arrival by which a call with several is answered: one with a request
// before all others, and a refused one last.
func foremost(done []ledger.Arrived) ledger.Arrived {
	rank := func(a ledger.Arrived) int {
		switch {
		case a.Accepted != nil:
			return 3
		case a.Delivery.Decision == string(trigger.Wait):
			return 2
		case a.Delivery.Decision == refused:
			return 0
		}
		return 1
	}
	best := done[0]
	for _, a := range done[1:] {
		if rank(a) > rank(best) {
			best = a
		}
	}
	return best
}

func (h *Hooks) answerOf(one *hook, of ledger.Arrived) Answer {
	a := Answer{ID: of.Delivery.ID, Decision: of.Delivery.Decision, Why: of.Delivery.Why, Link: h.url + "/sites/" + one.site}
	switch of.Delivery.Decision {
	case string(trigger.Wait):
		a.State = "changed"
	default:
		a.State = "ignored"
	}
	if of.Accepted == nil {
		return a
	}
	asked := of.Accepted.Request
	a.ID, a.Request, a.Link = asked.ID, asked.ID, h.url+"/requests/"+url.PathEscape(asked.ID)
	a.State, a.Joined = string(of.Accepted.Site.StatusAt(asked.Place)), of.Again || joined(of.Accepted.Site, asked.Place)
	return a
}

// joined says whether others wait for the same release as the newest request.
func joined(site release.Site, place int64) bool {
	switch site.StatusAt(place) {
	case release.InRelease:
		return site.Current.Requests.Count > 1
	case release.Waiting:
		return site.Waiting.Count > 1
	case release.Scheduled, release.Live, release.WasLive, release.Withdrawn:
	}
	return false
}

// onlyWeb is an address to which a page may link, or "".
func onlyWeb(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" && u.User == nil {
		return u.String()
	}
	return ""
}
