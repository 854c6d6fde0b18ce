package operator

import (
	"errors"
	"net/http"

	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
)

// noticePages list the notices of a site's targets, and have them sent again.
type noticePages struct {
	*operatorPages
	notices *command.Notices
}

// noticesBody is the page of a site's notices.
type noticesBody struct {
	Site    string
	Targets []string
	Only    bool // the undelivered ones are listed
	Rows    []noticeRow
}

type noticeRow struct {
	ID, Target, Type, State, Class, Trouble, Answer string
	About                                           frame.Crumb
	At                                              *when.Moment
	Again                                           bool
}

// shownNotices bounds the notices on the page.
const shownNotices = 100

func (n *noticePages) show(v *frame.Visit) {
	name, conf, ok := n.SeenSite(v)
	if !ok || !n.allowed(v) {
		return
	}
	f := ledger.NoticeFilter{}
	if v.R.URL.Query().Get("state") == string(ledger.NoticeUndelivered) {
		f.State = ledger.NoticeUndelivered
	}
	of, found, err := n.view.Notices(v.R.Context(), name, f, shownNotices)
	if err != nil {
		n.Trouble(v, err)
		return
	}
	body := noticesBody{Site: name, Only: f.State != ""}
	for _, t := range conf.Notify {
		body.Targets = append(body.Targets, t.Name)
	}
	for _, one := range found {
		body.Rows = append(body.Rows, noticeRowOf(one, of.Clock()))
	}
	n.Write(v, http.StatusOK, "notices", frame.Page{
		Title: v.Say("Notices") + " · " + of.Title, Body: body,
		Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: of.Title, Link: frame.SiteLink(name)}},
	})
}

func noticeRowOf(one ledger.Notice, c when.Clock) noticeRow {
	row := noticeRow{
		ID: one.ID, Target: one.Target.Name, Type: one.Type, State: view.NoticeWords(c.Language, one), Trouble: one.Trouble, Answer: one.Answer,
		At: c.At(one.Created), Again: one.State != ledger.NoticeWaiting, Class: "quiet",
	}
	switch {
	case one.State == ledger.NoticeDelivered:
		row.Class = "ok"
	case one.State == ledger.NoticeUndelivered:
		row.Class = "bad"
	case one.Tries > 0:
		row.Class = "warn"
	}
	switch {
	case one.Request != "":
		row.About = frame.Crumb{Text: c.Language.Say("a request"), Link: frame.RequestLink(one.Request)}
	case one.Release != 0:
		row.About = frame.Crumb{Text: "#" + text.Number(one.Release), Link: frame.ReleaseLink(one.Target.Site, one.Release)}
	}
	return row
}

// replay has a notice sent again.
func (n *noticePages) replay(v *frame.Visit) {
	name, _, ok := n.SeenSite(v)
	if !ok || !n.allowed(v) || !n.ReadForm(v) {
		return
	}
	_, err := n.notices.Replay(v.R.Context(), v.Who, name, v.R.PathValue("id"))
	if errors.Is(err, ledger.ErrNotFound) {
		err = v.Problem(http.StatusNotFound, "not_found", "There is no such notice: it may have been kept for long enough.")
	}
	if err != nil {
		n.Trouble(v, err)
		return
	}
	v.GoOn(frame.SiteLink(name) + "/notices")
}
