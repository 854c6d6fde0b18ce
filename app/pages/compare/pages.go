package compare

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/difference"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// pages show comparisons.
type pages struct {
	*frame.Frame
	view *view.Reader
	read *differences.Reader
}

// Register puts the page of comparisons on a mux.
func Register(mux *http.ServeMux, f *frame.Frame, v *view.Reader, read *differences.Reader) {
	d := &pages{Frame: f, view: v, read: read}
	mux.HandleFunc("GET /sites/{site}/differences", f.SignedIn(d.show))
}

// comparison is the page of a comparison.
type comparison struct {
	Title, Summary string
	Compare        Form
	// Problem is why there is nothing to show; Command is a command for those who may read
	// the destination.
	Problem, Command string
	Pages            []changedRow
	More             string
	One              *textBody
}

// Form lets a reader choose two releases.
type Form struct {
	Site     string
	From, To []frame.Choice
}

// changedRow is a page that differs.
type changedRow struct {
	Title, Change, Class string
	// Text leads to its old and new text, Live to the page itself at Address.
	Text, Live, Address string
}

// textBody is a page's old text beside its new one.
type textBody struct {
	changedRow
	Old, New string // the heading of each side
	// Notes name the missing parts.
	Notes []string
	Rows  []sideRow
	All   frame.Crumb
}

type sideRow struct {
	Old, New []api.TextSpan
	Skipped  string
}

// comparedAtOnce bounds the releases that the form offers.
const comparedAtOnce = 100

// Link leads to the comparison of two releases, and of one page for a path. from 0 is the
// release before to.
func Link(site string, from, to int64, path string) string {
	query := url.Values{}
	for name, number := range map[string]int64{"from": from, "to": to} {
		if number > 0 {
			query.Set(name, strconv.FormatInt(number, 10))
		}
	}
	if path != "" {
		query.Set("page", path)
	}
	return frame.SiteLink(site) + "/differences?" + query.Encode()
}

func (d *pages) show(v *frame.Visit) {
	name, conf, ok := d.SeenSite(v)
	if !ok {
		return
	}
	query := v.R.URL.Query()
	from, errFrom := numberIn(query.Get("from"))
	to, errTo := numberIn(query.Get("to"))
	if errFrom != nil || errTo != nil {
		d.Trouble(v, v.Problem(http.StatusUnprocessableEntity, "invalid", "A release is a number from 1."))
		return
	}
	of, past, err := d.view.History(v.R.Context(), name, comparedAtOnce, 0)
	if err != nil {
		d.Trouble(v, err)
		return
	}
	body := comparison{Title: v.Say("What differs between two releases")}
	if query.Get("page") == "" {
		err = d.list(v, &body, conf.URL, name, &from, &to)
	} else {
		err = d.text(v, &body, conf.URL, name, &from, &to, query.Get("page"))
	}
	if err = d.why(v, &body, name, err); err != nil {
		d.Trouble(v, err)
		return
	}
	body.Compare = FormOf(name, past, of.Clock(), from, to)
	d.Write(v, http.StatusOK, "differences", frame.Page{
		Title: body.Title + " · " + of.Title, Body: body,
		Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: of.Title, Link: frame.SiteLink(name)}, {Text: v.Say("Releases"), Link: frame.SiteLink(name) + "/releases"}},
	})
}

// numberIn is the number of a release, 0 for none.
func numberIn(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err == nil && number < 0 {
		err = strconv.ErrRange
	}
	return number, err
}

// why puts the cause of a failed comparison on the page; it returns errors that need a page
// of their own.
func (d *pages) why(v *frame.Visit, body *comparison, site string, err error) error {
	_, elsewhere := errors.AsType[*differences.Elsewhere](err)
	_, noPage := errors.AsType[*difference.NoPageError](err)
	switch {
	case err == nil, errors.Is(err, ledger.ErrNotFound), v.R.Context().Err() != nil:
		return err
	case noPage:
		return v.Problem(http.StatusNotFound, "not_found", "Neither of the two releases has this page.")
	case elsewhere:
		body.Problem = v.Say("This site is not published by the app itself, so it can't read what was published. Whoever may read the destination can compare releases with this command:")
		body.Command = "pressrun diff FROM TO --text --at s3://BUCKET --site " + site
	case errors.Is(err, difference.ErrNotKept):
		body.Problem = v.Say("The destination has no list of what one of these releases published, or no longer. It keeps the last 10 releases, unless it is set up otherwise.")
	default:
		_ = d.read.Problem(v.R.Context(), err) // it logs the error
		body.Problem = v.Say("The site's destination can't be read at the moment. The log of the app tells more.")
	}
	return nil
}

// FormOf offers the releases that were live, the newest first.
func FormOf(site string, past []view.PastRelease, c when.Clock, from, to int64) Form {
	form := Form{Site: site}
	for _, r := range past {
		if r.Outcome != release.Succeeded {
			continue
		}
		one := frame.Choice{Value: strconv.FormatInt(r.Number, 10), Text: c.Language.Say("Release #%d, %s", r.Number, c.Time(r.Times.Complete))}
		if len(r.Titles) > 0 {
			one.Text += ": " + text.Shorten(strings.Join(r.Titles, ", "), 60)
		}
		older, newer := one, one
		older.Chosen, newer.Chosen = r.Number == from, r.Number == to
		form.From, form.To = append(form.From, older), append(form.To, newer)
	}
	if to == 0 && from == 0 && len(form.From) > 1 {
		form.From[1].Chosen = true
	}
	return form
}
