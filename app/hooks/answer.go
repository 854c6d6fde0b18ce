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

// Answer is what a call of a hook is told, unless its dialect has an answer of its
// own.
type Answer struct {
	// ID is that of the request, or of the delivery where none was made.
	ID string `json:"id"`
	// Request is the request that was made, or made before.
	Request string `json:"request,omitempty"`
	// Decision is release, wait, ignore or again.
	Decision string `json:"decision"`
	// State is where the request stands; "changed" for what waits for the next
	// release, "ignored" for what asks for nothing.
	State string `json:"state"`
	Why   string `json:"why"`
	// Joined says that it goes out with a release that was asked for already.
	Joined bool `json:"joined"`
	// Link is the page that tells what becomes of it.
	Link string `json:"link"`
	// Events is how many events the call told of.
	Events int `json:"events"`
}

// answer tells the caller what followed. Prismic takes nothing but 200 for a
// success, Storyblok nothing but JSON, and 410 makes Ghost forget the hook.
func (h *Hooks) answer(w http.ResponseWriter, r *http.Request, one *hook, events []cms.Event, done []ledger.Arrived) {
	told := foremost(done)
	if told.Delivery.Decision == refused {
		h.problems.Write(w, r, problem.New(http.StatusUnprocessableEntity, "invalid", told.Delivery.Why))
		return
	}
	a := h.answerOf(one, told)
	a.Events = len(events)
	var body any = a
	switch one.system.Name() {
	case "vercel":
		// https://vercel.com/docs/deploy-hooks
		body = map[string]any{"job": map[string]any{"id": a.ID, "state": "PENDING", "createdAt": told.Delivery.Received.UnixMilli()}}
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

// foremost is what is told of several: a request before all others, and what was
// not taken last.
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

func (h *Hooks) answerOf(one *hook, told ledger.Arrived) Answer {
	a := Answer{ID: told.Delivery.ID, Decision: told.Delivery.Decision, Why: told.Delivery.Why, Link: h.url + "/sites/" + one.site}
	switch told.Delivery.Decision {
	case string(trigger.Wait):
		a.State = "changed"
	default:
		a.State = "ignored"
	}
	if told.Accepted == nil {
		return a
	}
	asked := told.Accepted.Request
	a.ID, a.Request, a.Link = asked.ID, asked.ID, h.url+"/requests/"+url.PathEscape(asked.ID)
	a.State, a.Joined = string(told.Accepted.Site.StatusAt(asked.Place)), told.Again || joined(told.Accepted.Site, asked.Place)
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

// onlyWeb is an address that a page may carry, or "".
func onlyWeb(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" && u.User == nil {
		return u.String()
	}
	return ""
}
