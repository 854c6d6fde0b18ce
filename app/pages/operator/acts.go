package operator

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Forms are the acts that make sense in the state of a site.
type Forms struct {
	Site, Zone                    string
	Number                        int64
	CanPause, CanResume, CanRetry bool
	CanCancel, CanReset, CanAllow bool
	// Undelivered counts the notices that were given up.
	Undelivered int
}

// FormsOf are the acts that make sense at a site.
func FormsOf(site view.Site) *Forms {
	paused, sent := site.Pause.On(site.Now), site.Current.Dispatch.Token != ""
	return &Forms{
		Site: site.Name, Zone: site.Zone.String(), Number: site.Current.Number,
		CanPause: !paused, CanResume: paused,
		CanRetry: site.State == release.Requested && !sent && (site.Hold.On() || site.Current.NotBefore.After(site.Now)),
		CanCancel: site.State != release.Ready && site.State != release.Complete &&
			(site.State != release.Requested || sent || !site.Hold.On()),
		CanReset: site.State != release.Ready,
		CanAllow: site.Allowable() != "",
	}
}

// confirmBody asks for the confirmation of an act that can't be undone.
type confirmBody struct {
	Site, Act, Title, Text, Button string
	Number                         int64
	Back                           frame.Crumb
}

// confirm asks for the confirmation of an act that can't be undone. Other addresses under a
// site lead to its page.
func (o *operatorPages) confirm(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok {
		return
	}
	act := v.R.PathValue("act")
	if act != "cancel" && act != "reset" {
		_, isAct := command.ActNamed(act)
		if act == "requests" || isAct {
			v.GoOn(frame.SiteLink(name))
			return
		}
		o.Trouble(v, v.Problem(http.StatusNotFound, "not_found", "The address may be mistyped, or what it named is gone."))
		return
	}
	if !o.allowed(v) {
		return
	}
	site, err := o.view.Site(v.R.Context(), name)
	if err != nil {
		o.Trouble(v, err)
		return
	}
	if site.State == release.Ready {
		o.Trouble(v, v.Problem(http.StatusConflict, "nothing_to_do", "No release is going on, so there is nothing to cancel or reset."))
		return
	}
	body := confirmOf(act, site)
	body.Back = frame.Crumb{Text: v.Say("No, leave it as it is"), Link: frame.SiteLink(name)}
	o.Write(v, http.StatusOK, "confirm", frame.Page{
		Title: body.Title, Body: body,
		Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: o.SiteTitle(name), Link: frame.SiteLink(name)}},
	})
}

func confirmOf(act string, site view.Site) confirmBody {
	n, l := site.Current.Number, site.Language
	b := confirmBody{Site: site.Name, Act: act, Number: n}
	if act == "cancel" {
		b.Title = l.Say("Cancel release #%d?", n)
		b.Text = l.Say("Its run is stopped. What it should have served (%d requests) stays in line, and goes out with the next request.",
			words.Number(site.Current.Requests.Count))
		b.Button = l.Say("Cancel release #%d", n)
		return b
	}
	b.Title = l.Say("Reset this site?")
	b.Text = l.Say("Release #%d, which is %s, is given up whatever it does, and its run is stopped. Failures and holds are forgotten. What waits is released anew at once.",
		n, site.StateDoing())
	b.Button = l.Say("Reset the site")
	return b
}

// allowed says whether the visitor is an operator, and shows a refusal if not.
func (o *operatorPages) allowed(v *frame.Visit) bool {
	if v.Who.Role == auth.Operator {
		return true
	}
	o.Trouble(v, v.Problem(http.StatusForbidden, "forbidden", "This is for operators. Ask one, or sign in with an operator's token."))
	return false
}

// act carries out an operator's form.
func (o *operatorPages) act(v *frame.Visit) {
	name, conf, ok := o.SeenSite(v)
	if !ok {
		return
	}
	act, ok := command.ActNamed(v.R.PathValue("act"))
	if !ok {
		o.Trouble(v, v.Problem(http.StatusNotFound, "not_found", "There is nothing of this name that could be done."))
		return
	}
	if !o.allowed(v) || !o.ReadForm(v) {
		return
	}
	in, err := actInputOf(v, v.Zone(conf.Location()))
	if err != nil {
		o.Trouble(v, err)
		return
	}
	_, err = o.commands.Do(v.R.Context(), v.Who, name, act, in)
	if err = refusal(v, err); err != nil {
		o.Trouble(v, err)
		return
	}
	v.GoOn(frame.SiteLink(name))
}

// refusals are those of the rules that people meet where a page offered what is refused.
var refusals = words.SentencesOf(
	words.Key("release #%d is running: cancel it first, or wait until it has ended"),
	words.Key("site %s is about to be rolled back to release #%d: cancel release #%d first"),
	words.Key("site %s shows release #%d already"),
	words.Key("release #%d of %s never was live"),
)

// refusal makes a refusal of the rules one for people.
func refusal(v *frame.Visit, err error) error {
	if c, ok := errors.AsType[*release.Conflict](err); ok && c.Code != release.CodeBadEvent {
		said, known := refusals.Again(v.Reader.Language, c.Text)
		if known || v.Reader.Language.IsEnglish() {
			said = text.FullStop(cmp.Or(said, c.Text)) + " " + v.Say("Nothing was changed.")
			return frame.Spoken{Problem: problem.New(http.StatusConflict, string(c.Code), said)}
		}
		return problem.New(http.StatusConflict, string(c.Code), text.FullStop(c.Text)+" Nothing was changed.")
	}
	return err
}

// localTime is the format of a datetime-local field, which has no zone.
const localTime = "2006-01-02T15:04"

func actInputOf(v *frame.Visit, zone *time.Location) (api.ActInput, error) {
	why, err := frame.Field(v, "why", 1000)
	if err != nil {
		return api.ActInput{}, err
	}
	in := api.ActInput{Why: why}
	if number := v.R.PostForm.Get("release"); number != "" { // the one that the page showed
		if in.Release, err = strconv.ParseInt(number, 10, 64); err != nil || in.Release < 0 {
			return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "A release is a number.")
		}
	}
	if end := v.R.PostForm.Get("until"); end != "" {
		until, err := time.ParseInLocation(localTime, end, zone)
		if err != nil {
			return in, v.Problem(http.StatusUnprocessableEntity, "invalid", "The end of the pause must be a date and a time, like %s.", ledger.Now().In(zone).Format(localTime))
		}
		in.Until = &until
	}
	return in, nil
}
