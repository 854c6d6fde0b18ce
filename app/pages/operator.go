package app

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// operatorForms are the acts that make sense as a site stands.
type operatorForms struct {
	Site, Zone                    string
	Number                        int64
	CanPause, CanResume, CanRetry bool
	CanCancel, CanReset           bool
}

func (f siteFacts) operatorForms() *operatorForms {
	paused, sent := f.site.Pause.On(f.now), f.site.Current.Dispatch.Token != ""
	return &operatorForms{
		Site: f.site.Name, Zone: f.conf.Location().String(), Number: f.site.Current.Number,
		CanPause: !paused, CanResume: paused,
		CanRetry: f.site.State == release.Requested && !sent && (f.site.Hold.On() || f.site.Current.NotBefore.After(f.now)),
		CanCancel: f.site.State != release.Ready && f.site.State != release.Complete &&
			(f.site.State != release.Requested || sent || !f.site.Hold.On()),
		CanReset: f.site.State != release.Ready,
	}
}

// confirmBody asks whether an act is meant that can't be taken back.
type confirmBody struct {
	Site, Act, Title, Text, Button string
	Number                         int64
	Back                           crumb
}

// confirmPage is asked before an act that can't be taken back. Other
// addresses under a site lead to its page.
func (a *App) confirmPage(v *visit) {
	name, _, ok := a.seenSite(v)
	if !ok {
		return
	}
	act := v.r.PathValue("act")
	if act != "cancel" && act != "reset" {
		if act == "requests" || act == "releases" || isAct(act) {
			http.Redirect(v.w, v.r, siteLink(name), http.StatusSeeOther)
			return
		}
		a.trouble(v, problem.New(http.StatusNotFound, "not_found", "The address may be mistyped, or what it named is gone."))
		return
	}
	if !a.operator(v) {
		return
	}
	site, err := a.ledger.Site(v.r.Context(), name)
	if err != nil {
		a.trouble(v, err)
		return
	}
	if site.State == release.Ready {
		a.trouble(v, problem.New(http.StatusConflict, "nothing_to_do", "No release is going on, so there is nothing to "+act+"."))
		return
	}
	body := confirmOf(act, site)
	body.Back = crumb{Text: "No, leave it as it is", Link: siteLink(name)}
	a.show(v, http.StatusOK, "confirm", page{
		Title: body.Title, Body: body,
		Crumbs: []crumb{{Text: "All sites", Link: "/"}, {Text: a.siteTitle(name), Link: siteLink(name)}},
	})
}

func confirmOf(act string, site release.Site) confirmBody {
	n := site.Current.Number
	b := confirmBody{Site: site.Name, Act: act, Number: n}
	if act == "cancel" {
		b.Title = fmt.Sprintf("Cancel release #%d?", n)
		b.Text = fmt.Sprintf("Its run is stopped. What it should have served (%s) stays in line, and goes out with the next request.",
			plural(site.Current.Requests.Count, "request", "requests"))
		b.Button = fmt.Sprintf("Cancel release #%d", n)
		return b
	}
	b.Title = "Reset this site?"
	b.Text = fmt.Sprintf("Release #%d, which is %s, is given up whatever it does, and its run is stopped. Failures and holds are forgotten. What waits is released anew at once.",
		n, stateWords(site.State))
	b.Button = "Reset the site"
	return b
}

func isAct(name string) bool {
	return slices.ContainsFunc(acts, func(act operatorAct) bool { return act.name == name })
}

// operator lets operators only.
func (a *App) operator(v *visit) bool {
	if v.who.Role == auth.Operator {
		return true
	}
	a.trouble(v, problem.New(http.StatusForbidden, "forbidden", "This is for operators. Ask one, or sign in with an operator's token."))
	return false
}

// actOnPage carries out an operator's form.
func (a *App) actOnPage(v *visit) {
	name, conf, ok := a.seenSite(v)
	if !ok {
		return
	}
	i := slices.IndexFunc(acts, func(act operatorAct) bool { return act.name == v.r.PathValue("act") })
	if i < 0 {
		a.trouble(v, problem.New(http.StatusNotFound, "not_found", "There is nothing of this name that could be done."))
		return
	}
	if !a.operator(v) || !a.form(v) {
		return
	}
	in, err := actInputOf(v, conf.Location())
	if err != nil {
		a.trouble(v, err)
		return
	}
	_, err = a.ledger.Decide(v.r.Context(), name, acts[i].event(actOf(v.r.Context(), "", in.Why), in))
	if c, ok := errors.AsType[*release.Conflict](err); ok && c.Code != release.CodeBadEvent {
		err = problem.New(http.StatusConflict, string(c.Code), stopped(c.Text)+" Nothing was changed.")
	}
	if err != nil {
		a.trouble(v, err)
		return
	}
	http.Redirect(v.w, v.r, siteLink(name), http.StatusSeeOther)
}

// localTime is what a datetime-local field sends: it knows no zone.
const localTime = "2006-01-02T15:04"

func actInputOf(v *visit, zone *time.Location) (api.ActInput, error) {
	why, err := line(v, "why", 1000)
	if err != nil {
		return api.ActInput{}, err
	}
	in := api.ActInput{Why: why}
	if text := v.r.PostForm.Get("release"); text != "" { // the one that the page showed
		if in.Release, err = strconv.ParseInt(text, 10, 64); err != nil || in.Release < 0 {
			return in, problem.New(http.StatusUnprocessableEntity, "invalid", "A release is a number.")
		}
	}
	if text := v.r.PostForm.Get("until"); text != "" {
		until, err := time.ParseInLocation(localTime, text, zone)
		if err != nil {
			return in, problem.New(http.StatusUnprocessableEntity, "invalid", "The end of the pause must be a date and a time, like "+ledger.Now().In(zone).Format(localTime)+".")
		}
		in.Until = &until
	}
	return in, nil
}
