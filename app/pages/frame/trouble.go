package frame

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Trouble shows an error as a page.
func (p *Frame) Trouble(v *Visit, err error) {
	refused := p.Problems.Of(v.R.Context(), err)
	back := Crumb{Text: v.Say("All sites"), Link: "/"}
	site := v.R.PathValue("site")
	if _, known := p.Config.Sites[site]; known && v.Who != nil && v.Who.Sees(site) {
		back = Crumb{Text: v.Say("Back to %s", p.SiteTitle(site)), Link: SiteLink(site)}
	}
	title := v.Say(string(troubleTitle(refused.Status)))
	if why, _ := p.Disk.Trouble(); refused.Status == http.StatusServiceUnavailable && why != "" {
		title = v.Say("Nothing can be saved at the moment")
	}
	body := troubleBody{Title: title, Text: text.Sentence(refused.Error()), Back: back}
	if _, said := errors.AsType[Spoken](err); !said && !v.Reader.Language.IsEnglish() {
		body.Text, body.Detail = v.Say(string(troubleText(refused.Status))), body.Text
	}
	p.Write(v, refused.Status, "trouble", Page{Title: title, Body: body})
}

// Refuse shows why a call was refused before it came to a route.
func (p *Frame) Refuse(w http.ResponseWriter, r *http.Request, refused *api.Problem) {
	v := p.Read(w, r)
	v.Who = nil
	p.Trouble(v, refused)
}

type troubleBody struct {
	Title, Text string
	// Detail is the English message, for readers of another language.
	Detail string
	Back   Crumb
}

func troubleTitle(status int) words.Key {
	switch status {
	case http.StatusNotFound:
		return words.Key("There is no such page")
	case http.StatusGone:
		return words.Key("This is no longer kept")
	case http.StatusForbidden:
		return words.Key("You may not do this")
	case http.StatusConflict:
		return words.Key("This can't be done now")
	case http.StatusServiceUnavailable:
		return words.Key("Pressrun can't answer at the moment")
	case http.StatusMisdirectedRequest:
		return words.Key("This is not Pressrun's address")
	case http.StatusBadGateway:
		return words.Key("This can't be had at the moment")
	case http.StatusInternalServerError:
		return words.Key("Something went wrong here")
	default:
		return words.Key("This can't be done like that")
	}
}

// troubleText comes before a message that there is in English only.
func troubleText(status int) words.Key {
	switch status {
	case http.StatusNotFound:
		return words.Key("What the address names is not here, or it is not for you to see.")
	case http.StatusGone:
		return words.Key("It was removed with all of its time: the history is kept for a while only. An operator has the files of what was removed.")
	case http.StatusForbidden, http.StatusUnauthorized:
		return words.Key("Your sign-in is not good for this. Ask an operator.")
	case http.StatusConflict:
		return words.Key("The site is not in a state for it, or somebody was quicker. Nothing was changed.")
	case http.StatusServiceUnavailable:
		return words.Key("Nothing was changed. Try again in a moment.")
	case http.StatusInternalServerError, http.StatusBadGateway:
		return words.Key("This is not your fault; the log of the app tells an operator more.")
	}
	return words.Key("What was sent is not as it must be. Nothing was changed.")
}

// Unknown answers a call without a route: people get a page, programs a problem.
func (p *Frame) Unknown(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1" && !strings.HasPrefix(r.URL.Path, "/v1/") {
		v := p.Read(w, r)
		p.Trouble(v, v.Problem(http.StatusNotFound, "not_found", "The address may be mistyped, or what it named is gone."))
		return
	}
	if allowed := otherMethods(mux, r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p.Problems.Write(w, r, problem.New(http.StatusMethodNotAllowed, "invalid", "this address takes "+strings.Join(allowed, ", ")))
		return
	}
	p.Problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "the API has no such address; /openapi.json names all"))
}

// otherMethods are the methods that an address takes if it does not take GET.
// ServeMux would say so itself, but for the route that catches all pages.
func otherMethods(mux *http.ServeMux, r *http.Request) []string {
	return slices.DeleteFunc([]string{http.MethodPost, http.MethodPut, http.MethodDelete}, func(method string) bool {
		other := r.Clone(r.Context())
		other.Method = method
		_, pattern := mux.Handler(other)
		return pattern == ""
	})
}
