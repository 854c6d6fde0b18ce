package operator

import (
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/text"
)

// allowBody shows the findings of guards, and asks which guards are to be let pass once.
type allowBody struct {
	Site, Title, Text, Found, Button string
	Number                           int64
	// Guards are those that may be let pass.
	Guards []allowedGuard
	Failed frame.Crumb
	Back   frame.Crumb
}

type allowedGuard struct {
	Name    string
	Stopped bool // the last release
}

// askAllow shows the form that lets guards pass.
func (o *operatorPages) askAllow(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) {
		return
	}
	site, err := o.view.Site(v.R.Context(), name)
	if err == nil && site.Allowable() == "" {
		err = v.Problem(http.StatusConflict, "nothing_to_do", "No release waits because a guard stopped the last one.")
	}
	if err != nil {
		o.Trouble(v, err)
		return
	}
	body := allowBodyOf(site)
	o.Write(v, http.StatusOK, "allow", frame.Page{
		Title: body.Title, Body: body,
		Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: o.SiteTitle(name), Link: frame.SiteLink(name)}},
	})
}

func allowBodyOf(site view.Site) allowBody {
	l, n := site.Language, site.Current.Number
	b := allowBody{
		Site: site.Name, Number: n, Found: text.Sentence(text.Shorten(view.LastEndWords(site), 1000)),
		Title:  l.Say("Let a guard pass in release #%d?", n),
		Text:   l.Say("Release #%d goes out at once, although what you choose here stopped release #%d. The release after it is judged by all guards again.", n, site.Last.Number),
		Button: l.Say("Let it pass once, and release"),
		Failed: frame.Crumb{Text: l.Say("See what happened to release #%d", site.Last.Number), Link: frame.ReleaseLink(site.Name, site.Last.Number)},
		Back:   frame.Crumb{Text: l.Say("No, leave it as it is"), Link: frame.SiteLink(site.Name)},
	}
	stopped := map[string]bool{}
	for _, name := range site.Last.Guards.Names() {
		stopped[name] = true
	}
	for _, name := range site.Allowable().Names() {
		b.Guards = append(b.Guards, allowedGuard{Name: name, Stopped: stopped[name]})
	}
	return b
}

// allow carries the form out.
func (o *operatorPages) allow(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) || !o.ReadForm(v) {
		return
	}
	in, err := allowOf(v)
	if err == nil {
		_, err = o.commands.Allow(v.R.Context(), v.Who, name, in)
	}
	if err = refusal(v, err); err != nil {
		o.Trouble(v, err)
		return
	}
	v.GoOn(frame.SiteLink(name))
}

func allowOf(v *frame.Visit) (in api.AllowInput, err error) {
	if in.Why, err = frame.Field(v, "why", 1000); err != nil {
		return in, err
	}
	if in.Why == "" {
		return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "Say why: people who wait for their changes will read it.")
	}
	if in.Guards = v.R.PostForm["guard"]; len(in.Guards) == 0 {
		return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "Choose the guard that is to be let pass.")
	}
	if in.Release, err = strconv.ParseInt(v.R.PostForm.Get("release"), 10, 64); err != nil || in.Release < 1 {
		return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "A release is a number from 1.")
	}
	return in, nil
}
