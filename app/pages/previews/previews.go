package previews

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/text"
)

// previewPages show the previews of a site, and have them made, extended and removed.
type previewPages struct {
	*frame.Frame
	view     *view.Reader
	previews *command.Previews
}

// lookEvery is how often, in seconds, a browser fetches the page while a preview is being
// built or removed: the audit trail has no event of that.
const lookEvery = 5

// Link leads to the previews of a site.
func Link(site string) string { return frame.SiteLink(site) + "/previews" }

// Register puts the pages of previews on a mux.
func Register(mux *http.ServeMux, f *frame.Frame, views *view.Reader, previews *command.Previews) {
	p := &previewPages{Frame: f, view: views, previews: previews}
	mux.HandleFunc("GET /sites/{site}/previews", f.SignedIn(p.show))
	mux.HandleFunc("POST /sites/{site}/previews", f.SignedIn(p.create))
	mux.HandleFunc("GET /sites/{site}/previews/{name}", f.SignedIn(p.one))
	mux.HandleFunc("POST /sites/{site}/previews/{name}/extend", f.SignedIn(p.extend))
	mux.HandleFunc("GET /sites/{site}/previews/{name}/remove", f.SignedIn(p.askRemove))
	mux.HandleFunc("POST /sites/{site}/previews/{name}/remove", f.SignedIn(p.remove))
}

func (p *previewPages) show(v *frame.Visit) {
	name, conf, ok := p.SeenSite(v)
	if !ok {
		return
	}
	form := formOf(v, conf)
	form.Days = usualDays
	form.Ref = strings.TrimSpace(v.R.URL.Query().Get("ref"))
	p.list(v, http.StatusOK, name, form)
}

// list shows the previews, and the form as it was filled in.
func (p *previewPages) list(v *frame.Visit, status int, site string, form form) {
	of, found, err := p.read(v, site)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	b, c := body{Site: site, Form: form}, of.Clock()
	one := frame.LivePage(site, of.Instant, c)
	for _, s := range found {
		b.Rows = append(b.Rows, p.rowOf(s, c))
		one.Busy = one.Busy || pull.Passing(s)
	}
	if one.Busy {
		one.Every = lookEvery
	}
	one.Title, one.Body = v.Say("Previews")+" · "+of.Title, b
	one.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: of.Title, Link: frame.SiteLink(site)}}
	p.Write(v, status, "previews", one)
}

// read is a site and its previews.
func (p *previewPages) read(v *frame.Visit, site string) (view.Site, []pull.State, error) {
	if !Offered(p.Config.Sites[site]) {
		return view.Site{}, nil, notOffered(v)
	}
	return view.SitePreviews(v.R.Context(), p.view, site)
}

func (p *previewPages) rowOf(s pull.State, c when.Clock) row {
	wire := view.PreviewWire(s, p.previews.Address(s))
	r := row{Name: wire.Name, Address: wire.Address, By: wire.By, Why: view.PreviewReason(c.Language, s), RunURL: wire.RunURL, Of: wire.Branch, Content: view.ContentWords(c.Language, view.PreviewContent(s))}
	r.State, r.Class = view.PreviewState(c.Language, s)
	if r.Of == "" {
		r.Of = c.Language.Say("pull request %s", "#"+strconv.FormatInt(s.Number, 10))
	}
	if wire.Expires != nil {
		r.Until = c.At(*wire.Expires)
	}
	if r.Commit = wire.Commit; len(r.Commit) > shortCommit {
		r.Commit = r.Commit[:shortCommit]
	}
	r.Removable = (s.Stands || s.Status() == pull.Broken) && s.Status() != pull.Removing
	r.Extendable = r.Removable && s.Shown.Commit != ""
	return r
}

// create takes the form. It shows errors at their fields, and the fields as typed.
func (p *previewPages) create(v *frame.Visit) {
	name, conf, ok := p.SeenSite(v)
	if !ok || !p.ReadForm(v) {
		return
	}
	form := formOf(v, conf)
	in := form.input()
	_, err := p.previews.Create(v.R.Context(), v.Who, name, in)
	refused, is := errors.AsType[*api.Problem](err)
	switch {
	case is && len(refused.Errors) > 0:
		form.say(v, refused)
		p.list(v, http.StatusUnprocessableEntity, name, form)
	case err != nil:
		p.Trouble(v, said(v, err))
	default:
		p.Log.Info("somebody asked for a preview", "site", name, "of", in.Ref, "content", in.Content, "by", v.Who.Name)
		v.GoOn(Link(name))
	}
}

// one shows a preview, with the forms that extend and remove it.
func (p *previewPages) one(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if ok {
		p.showOne(v, http.StatusOK, name, oneBody{Days: usualDays})
	}
}

func (p *previewPages) showOne(v *frame.Visit, status int, site string, b oneBody) {
	of, all, err := p.read(v, site)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	at := slices.IndexFunc(all, func(s pull.State) bool { return s.Name() == v.R.PathValue("name") })
	if at < 0 {
		p.Trouble(v, notThere(v))
		return
	}
	found := all[at]
	b.Row, b.Link = p.rowOf(found, of.Clock()), oneLink(site, found.Name())
	one := frame.Page{Title: v.Say("Preview %s", found.Name()) + " · " + of.Title, Body: b, Crumbs: p.crumbs(v, site)}
	one.Stamp(of.Clock())
	p.Write(v, status, "preview", one)
}

// oneLink leads to the page of a preview.
func oneLink(site, name string) string { return Link(site) + "/" + url.PathEscape(name) }

// crumbs lead back from the pages below the list.
func (p *previewPages) crumbs(v *frame.Visit, site string) []frame.Crumb {
	return []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: p.SiteTitle(site), Link: frame.SiteLink(site)}, {Text: v.Say("Previews"), Link: Link(site)}}
}

// extend keeps a preview longer.
func (p *previewPages) extend(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if !ok || !p.ReadForm(v) {
		return
	}
	typed := text.Shorten(strings.TrimSpace(v.R.PostForm.Get("days")), mostTyped)
	days, err := strconv.Atoi(typed)
	if err != nil {
		days = 0 // the command refuses it with a message
	}
	state, err := p.previews.Extend(v.R.Context(), v.Who, name, v.R.PathValue("name"), days)
	if refused, is := errors.AsType[*api.Problem](err); is && len(refused.Errors) > 0 {
		p.showOne(v, http.StatusUnprocessableEntity, name, oneBody{Days: typed, Wrong: text.Sentence(command.FieldWords(v.Reader.Language, refused.Errors[0]))})
		return
	}
	p.asked(v, name, "extend", state, err)
}

// askRemove asks for the confirmation of a removal.
func (p *previewPages) askRemove(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if !ok {
		return
	}
	found, err := p.previews.Find(v.R.Context(), name, v.R.PathValue("name"))
	if err != nil {
		p.Trouble(v, said(v, err))
		return
	}
	ask := question{
		Action: oneLink(name, found.Name()) + "/remove", Title: v.Say("Remove the preview %s?", found.Name()),
		Text:   v.Say("Its address shows nothing any more, to nobody. Its files are deleted. It can be built again."),
		Button: v.Say("Remove the preview"), Back: frame.Crumb{Text: v.Say("No, leave it as it is"), Link: oneLink(name, found.Name())},
	}
	p.Write(v, http.StatusOK, "unpreview", frame.Page{Title: ask.Title, Body: ask, Crumbs: p.crumbs(v, name)})
}

// remove removes a preview.
func (p *previewPages) remove(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if !ok || !p.ReadForm(v) {
		return
	}
	state, err := p.previews.Remove(v.R.Context(), v.Who, name, v.R.PathValue("name"))
	p.asked(v, name, "remove", state, err)
}

func (p *previewPages) asked(v *frame.Visit, site, act string, s pull.State, err error) {
	if err != nil {
		p.Trouble(v, said(v, err))
		return
	}
	p.Log.Info("somebody acted on a preview", "act", act, "site", site, "preview", s.Name(), "by", v.Who.Name)
	v.GoOn(Link(site))
}

// said is a refusal in the reader's language.
func said(v *frame.Visit, err error) error {
	refused, is := errors.AsType[*api.Problem](err)
	switch {
	case !is:
		return err
	case refused.Code == "no_previews":
		return notOffered(v)
	case refused.Status == http.StatusServiceUnavailable:
		return v.Problem(http.StatusServiceUnavailable, refused.Code, "What was asked of this preview before is still to be looked into: nothing was changed. Try again in a moment.")
	case refused.Status == http.StatusNotFound:
		return notThere(v)
	}
	return err
}

func notOffered(v *frame.Visit) error {
	return v.Problem(http.StatusNotFound, "no_previews", "This site has no previews. An operator can configure where they are looked at.")
}

func notThere(v *frame.Visit) error {
	return v.Problem(http.StatusNotFound, "not_found", "There is no preview of this name: it may be gone.")
}

// Offered says whether a site has previews.
func Offered(conf config.Site) bool { return conf.GitHub.Previews != nil }
