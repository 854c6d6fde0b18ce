package pages

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

// trouble shows an error as a page.
func (p *Pages) trouble(v *visit, err error) {
	refused := p.problems.Of(v.r.Context(), err)
	back := crumb{Text: v.say("All sites"), Link: "/"}
	site := v.r.PathValue("site")
	if _, known := p.config.Sites[site]; known && v.who != nil && v.who.Sees(site) {
		back = crumb{Text: v.say("Back to %s", p.siteTitle(site)), Link: siteLink(site)}
	}
	title := v.say(string(troubleTitle(refused.Status)))
	if why, _ := p.disk.Trouble(); refused.Status == http.StatusServiceUnavailable && why != "" {
		title = v.say("Nothing can be saved at the moment")
	}
	body := troubleBody{Title: title, Text: text.Sentence(refused.Error()), Back: back}
	if _, said := errors.AsType[spoken](err); !said && !v.reader.Language.IsEnglish() {
		body.Text, body.Detail = v.say(string(troubleText(refused.Status))), body.Text
	}
	p.write(v, refused.Status, "trouble", page{Title: title, Body: body})
}

// Refuse shows why a call was refused before its route was looked for.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, refused *api.Problem) {
	v := p.read(w, r)
	v.who = nil
	p.trouble(v, refused)
}

type troubleBody struct {
	Title, Text string
	// Detail is what the rules said, in English, for readers of another language.
	Detail string
	Back   crumb
}

func troubleTitle(status int) words.Key {
	switch status {
	case http.StatusNotFound:
		return words.Key("There is no such page")
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

// troubleText stands before what was said in English only.
func troubleText(status int) words.Key {
	switch status {
	case http.StatusNotFound:
		return words.Key("What the address names is not here, or it is not for you to see.")
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

// unknown answers what no route takes: people get a page, programs a problem.
func (p *Pages) unknown(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1" && !strings.HasPrefix(r.URL.Path, "/v1/") {
		v := p.read(w, r)
		p.trouble(v, v.problem(http.StatusNotFound, "not_found", "The address may be mistyped, or what it named is gone."))
		return
	}
	if allowed := otherMethods(mux, r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p.problems.Write(w, r, problem.New(http.StatusMethodNotAllowed, "invalid", "this address takes "+strings.Join(allowed, ", ")))
		return
	}
	p.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "the API has no such address; /openapi.json names all"))
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
