package operator

import (
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// rollbackBody shows the effects of a rollback, and asks for confirmation.
type rollbackBody struct {
	Site, Title, Text, Kept, Button string
	// Later says when it is possible again, instead of the form.
	Later        string
	To           int64
	Changed      rows.Requests
	ChangedTitle string
	Back         frame.Crumb
}

// RollbackLink leads to the form that puts a release back.
func RollbackLink(site string, number int64) string {
	return frame.SiteLink(site) + "/rollback?to=" + strconv.FormatInt(number, 10)
}

// askRollback shows that form.
func (o *operatorPages) askRollback(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) {
		return
	}
	to, ok := o.releaseNumber(v, v.R.URL.Query().Get("to"))
	if !ok {
		return
	}
	found, err := o.view.Rollback(v.R.Context(), name, to)
	if err == nil && !found.Possible() {
		err = v.Problem(http.StatusConflict, "nothing_to_do", "Release #%d is what the site shows, or it never was live.", to)
	}
	if err != nil {
		o.Trouble(v, err)
		return
	}
	body := rollbackBodyOf(found)
	o.Write(v, http.StatusOK, "rollback", frame.Page{
		Title: body.Title + " · " + found.Of.Title, Body: body,
		Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: found.Of.Title, Link: frame.SiteLink(name)}},
	})
}

func rollbackBodyOf(r view.Rollback) rollbackBody {
	c, l, content := r.Of.Clock(), r.Of.Language, r.To.Content()
	b := rollbackBody{
		Site: r.Of.Name, To: content, Title: l.Say("Roll back to release #%d?", content), Button: l.Say("Roll back to #%d", content),
		Back: frame.Crumb{Text: l.Say("No, leave it as it is"), Link: frame.SiteLink(r.Of.Name)},
		Kept: l.Say("A destination keeps the last 10 releases, unless it is set up otherwise. If this one is no longer kept, the rollback fails, and the site stays as it is."),
	}
	if view.IsReleasing(r.Of) {
		b.Later = view.RollbackLater(r.Of)
	}
	now := l.Say("something that Pressrun did not publish")
	if r.Shows != 0 {
		now = l.Say("release #%d", r.Shows)
	}
	b.Text = l.Say("The site shows %s now. It will show what it showed with release #%d, of %s, at once and without a build. Then it is held: nothing goes out until a person asks for a release.",
		now, content, c.Time(r.To.Times.Complete))
	b.ChangedTitle = l.Say("No longer seen afterwards")
	if r.Forward {
		b.ChangedTitle = l.Say("Seen again afterwards")
	}
	b.Changed = rows.Requests{ID: "changed", Title: b.ChangedTitle, Others: r.More}
	for _, one := range r.Changed {
		b.Changed.Rows = append(b.Changed.Rows, rows.RequestOf(one, c))
	}
	return b
}

// releaseNumber reads the number of a release, or shows an error.
func (o *operatorPages) releaseNumber(v *frame.Visit, text string) (int64, bool) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		o.Trouble(v, v.Problem(http.StatusUnprocessableEntity, "invalid", "A release is a number from 1."))
		return 0, false
	}
	return number, true
}

// rollback carries a rollback out.
func (o *operatorPages) rollback(v *frame.Visit) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) || !o.ReadForm(v) {
		return
	}
	to, ok := o.releaseNumber(v, v.R.PostForm.Get("to"))
	if !ok {
		return
	}
	why, err := frame.Field(v, "why", 1000)
	if err == nil && why == "" {
		err = v.Problem(http.StatusUnprocessableEntity, "invalid", "Say why: people who wait for their changes will read it.")
	}
	if err == nil {
		_, err = o.commands.Rollback(v.R.Context(), v.Who, name, api.RollbackInput{To: to, Why: why})
	}
	if err = refusal(v, err); err != nil {
		o.Trouble(v, err)
		return
	}
	v.GoOn(frame.SiteLink(name))
}
