package pages

import (
	"errors"
	"net/http"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// requestPages answer "is my change live?".
type requestPages struct {
	*frame.Frame
	view *view.Reader
}

// requestBody is the page that answers "is my change live?".
type requestBody struct {
	What, Answer, Class, Text string
	Steps                     []view.Step
	Alerts                    []alert
	Site                      frame.Crumb
	URL                       string
	Release                   *frame.Crumb
	Failed                    []frame.Crumb
	Edit                      string
	Facts                     []fact
	// Again says that the form was sent before.
	Again bool
}

func (q *requestPages) show(v *frame.Visit) {
	r, err := q.view.Request(v.R.Context(), v.R.PathValue("id"))
	if err == nil && !v.Who.Sees(r.Site) || errors.Is(err, ledger.ErrNoSite) {
		err = v.Problem(http.StatusNotFound, "not_found", "There is no such request, or your token is not good for its site.")
	}
	if err != nil {
		q.Trouble(v, err)
		return
	}
	body := requestBodyOf(r)
	body.Again = v.R.URL.Query().Get("again") != ""
	p := frame.LivePage(r.Site, r.Of.Instant, r.Of.Clock())
	p.Title, p.Body = body.Answer+" · "+text.Shorten(body.What, 60), body
	p.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, body.Site}
	p.Busy = r.Resolution.Status != release.Live
	q.Write(v, http.StatusOK, "request", p)
}

func requestBodyOf(r view.Request) requestBody {
	c, l := r.Of.Clock(), r.Of.Language
	b := requestBody{
		What: view.Subject(l, r.Request), Edit: view.WebLink(r.Link), URL: view.WebLink(r.Of.URL), Text: r.StateText(),
		Site: frame.Crumb{Text: r.Of.Title, Link: frame.SiteLink(r.Site)}, Alerts: linked(r.Site, r.Alerts()), Facts: requestFacts(r, c),
	}
	b.Answer, b.Class = r.Answer().Name, r.Answer().Class
	if r.Resolution.Release != 0 {
		b.Release = &frame.Crumb{Text: releaseText(l, r.Resolution.Release), Link: frame.ReleaseLink(r.Site, r.Resolution.Release)}
	}
	for _, n := range r.Resolution.Failed {
		b.Failed = append(b.Failed, frame.Crumb{Text: releaseText(l, n), Link: frame.ReleaseLink(r.Site, n)})
	}
	if r.Resolution.Status == release.InRelease {
		b.Steps = r.Of.Steps()
	}
	return b
}

func requestFacts(r view.Request, c when.Clock) []fact {
	l := c.Language
	what := view.Subject(l, r.Request)
	facts := []fact{{Name: l.Say("Asked by"), Text: view.Asker(l, r.Request)}, {Name: l.Say("Asked at"), At: c.At(r.AcceptedAt)}}
	if r.Reason != "" && what != r.Reason {
		facts = append(facts, fact{Name: l.Say("Reason"), Text: r.Reason})
	}
	if r.Entity != "" && what != r.Entity {
		facts = append(facts, fact{Name: l.Say("Content"), Text: r.Entity})
	}
	if !r.NotBefore.IsZero() {
		facts = append(facts, fact{Name: l.Say("Not before"), At: c.At(r.NotBefore)})
	}
	if !r.Resolution.LiveAt.IsZero() {
		facts = append(facts, fact{Name: l.Say("Live since"), At: c.At(r.Resolution.LiveAt)}, fact{Name: l.Say("From request to live"), Text: l.Took(r.Resolution.LiveAt.Sub(r.AcceptedAt))})
	}
	if !r.Expected.IsZero() {
		facts = append(facts, fact{Name: l.Say("Expected live about"), At: c.At(r.Expected)})
	}
	if late := r.LateSince(); !late.IsZero() {
		facts = append(facts, fact{Name: l.Say("Late since"), At: c.At(late)})
	}
	return facts
}
