package app

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// requestBody is the page that answers "is my change live?".
type requestBody struct {
	What, Answer, Class, Text string
	Steps                     []step
	Notices                   []notice
	Site                      crumb
	URL                       string
	Release                   *crumb
	Failed                    []crumb
	Edit                      string
	Facts                     []fact
	// Again says that the form was sent before.
	Again bool
}

// askOnPage takes the form "Release now". Its hidden key makes a double click
// or a reload the same request.
func (a *App) askOnPage(v *visit) {
	name, _, ok := a.seenSite(v)
	if !ok || !a.form(v) {
		return
	}
	in, err := askedFor(v)
	if err != nil {
		a.trouble(v, err)
		return
	}
	key := v.r.PostForm.Get("key")
	if key == "" || len(key) > 100 {
		key = rand.Text()
	}
	asked, again, err := a.accept(v.r.Context(), name, "page:"+key, in, v.who)
	if err != nil {
		a.trouble(v, err)
		return
	}
	to := requestLink(asked.ID)
	if again {
		to += "?again=1"
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

// askedFor is the request that a form makes. The name that somebody gives is
// kept beside that of the token, which is known.
func askedFor(v *visit) (api.RequestInput, error) {
	name, err := line(v, "name", 100)
	if err != nil {
		return api.RequestInput{}, err
	}
	reason, err := line(v, "reason", 1000)
	if err != nil {
		return api.RequestInput{}, err
	}
	in := api.RequestInput{Source: release.FromEditor, Actor: v.who.Name, Reason: reason}
	if v.who.Role == auth.Operator && !v.who.Local {
		in.Source = release.FromOperator
	}
	switch {
	case name == "" || name == v.who.Name:
	case v.who.Local:
		in.Actor = name
	default:
		in.Actor = name + " (" + v.who.Name + ")"
	}
	return in, nil
}

// line is a field of a form, at most so many characters long.
func line(v *visit, field string, limit int) (string, error) {
	text := strings.TrimSpace(strings.ToValidUTF8(v.r.PostForm.Get(field), "\uFFFD"))
	if n := utf8.RuneCountInString(text); n > limit {
		return "", problem.New(http.StatusUnprocessableEntity, "invalid", "The "+field+" is too long: "+numberWords(int64(n))+" characters, where "+numberWords(int64(limit))+" are allowed.")
	}
	return text, nil
}

func (a *App) requestPage(v *visit) {
	ctx := v.r.Context()
	r, fate, err := a.ledger.Request(ctx, v.r.PathValue("id"))
	if err != nil {
		a.trouble(v, err)
		return
	}
	conf, ok := a.config.Sites[r.Site]
	if !ok || !v.who.Sees(r.Site) {
		a.trouble(v, problem.New(http.StatusNotFound, "not_found", "There is no such request, or your token is not good for its site."))
		return
	}
	p, err := a.live(v, r.Site)
	if err != nil {
		a.trouble(v, err)
		return
	}
	body, err := a.requestBody(ctx, r, fate, conf)
	if err != nil {
		a.trouble(v, err)
		return
	}
	body.Again = v.r.URL.Query().Get("again") != ""
	p.Title, p.Body = body.Answer+" · "+short(60, body.What), body
	p.Crumbs = []crumb{{Text: "All sites", Link: "/"}, body.Site}
	p.Busy = fate.Standing != release.Live
	a.show(v, http.StatusOK, "request", p)
}

func (a *App) requestBody(ctx context.Context, r ledger.Request, fate ledger.Fate, conf config.Site) (requestBody, error) {
	site, err := a.ledger.Site(ctx, r.Site)
	if err != nil {
		return requestBody{}, err
	}
	c := clockface{now: ledger.Now(), zone: conf.Location()}
	expected := expectedAt(site, r, fate, a.usual(ctx, r.Site), c.now)
	b := requestBody{
		What: whatOf(r), Edit: webLink(r.Link), URL: webLink(conf.URL),
		Text: requestWords(site, r, fate, instant(expected), c.now, c.zone),
		Site: crumb{Text: a.siteTitle(r.Site), Link: siteLink(r.Site)},
	}
	b.Answer, b.Class = answerWords(fate.Standing)
	if fate.Release != 0 {
		b.Release = &crumb{Text: releaseText(fate.Release), Link: releaseLink(r.Site, fate.Release)}
	}
	for _, n := range fate.Failed {
		b.Failed = append(b.Failed, crumb{Text: releaseText(n), Link: releaseLink(r.Site, n)})
	}
	if fate.Standing == release.InRelease {
		b.Steps = stepLine(site.State, site.Current.Times, c)
	}
	if fate.Standing != release.Live {
		b.Notices = notices(site, c)
	} else if pending, err := a.edgePending(ctx, site); err != nil {
		return b, err
	} else if pending != "" {
		b.Answer, b.Notices = "Yes, at the origin: the CDN may still show the old page", []notice{edgeNotice(pending)}
	}
	b.Facts = requestFacts(r, fate, c)
	if !expected.IsZero() {
		b.Facts = append(b.Facts, fact{Name: "Expected live about", At: c.at(expected)})
	}
	return b, nil
}

func requestFacts(r ledger.Request, fate ledger.Fate, c clockface) []fact {
	facts := []fact{{Name: "Asked by", Text: asker(r)}, {Name: "Asked at", At: c.at(r.AcceptedAt)}}
	if r.Reason != "" && whatOf(r) != r.Reason {
		facts = append(facts, fact{Name: "Reason", Text: r.Reason})
	}
	if r.Entity != "" && whatOf(r) != r.Entity {
		facts = append(facts, fact{Name: "Content", Text: r.Entity})
	}
	if !r.NotBefore.IsZero() {
		facts = append(facts, fact{Name: "Not before", At: c.at(r.NotBefore)})
	}
	if !fate.LiveAt.IsZero() {
		facts = append(facts, fact{Name: "Live since", At: c.at(fate.LiveAt)}, fact{Name: "From request to live", Text: tookSpan(fate.LiveAt.Sub(r.AcceptedAt))})
	}
	return facts
}

// answerWords are the one true answer, as short as can be.
func answerWords(s release.Standing) (answer, class string) {
	switch s {
	case release.Live:
		return "Yes, it is live", "ok"
	case release.Scheduled:
		return "Not yet: it is scheduled", "quiet"
	case release.Waiting:
		return "Not yet: it waits", "quiet"
	case release.InRelease:
		return "Not yet: it is on its way", "now"
	}
	return "Not known", "quiet"
}
