package pages

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// How much a site's page lists.
const (
	shownRequests = 50
	shownReleases = 15
	shownSlots    = 6
	shownWentOut  = 3
)

var siteLimits = view.Limits{Requests: shownRequests, Releases: shownReleases, Slots: shownSlots, WentOut: shownWentOut}

// sitePages show a site, and accept requests for its release.
type sitePages struct {
	*frame.Frame
	view     *view.Reader
	commands *command.Commands
	mains    mains
}

// siteBody is a site's page.
type siteBody struct {
	Name, Title, URL string
	LiveNow          liveNow
	Status           status
	Alerts           []alert
	Lists            []rows.Requests
	Changes          []changeRow
	Waits            []fact
	Heads            []rows.Head
	History          []releaseRow
	RollbackLater    string // as that of the history's page
	Chart            *chart
	Older            string
	Schedule         *scheduleBody
	Find             findForm
	Key              string
	// Named says that the sign-in names the person, so that the form asks for no name.
	Named    bool
	Operator *operator.Forms
	// Previews leads to the site's previews, "" for a site that has none.
	Previews string
}

// liveNow shows what the public sees, and the requests that went out last.
type liveNow struct {
	Text, Release string
	WentOut       []rows.Request
	More          int64
	// Days lead to the releases of a day.
	Days []rows.Filter
	// Undo puts back what was live before; it is empty for those who may not.
	Undo undo
}

func liveNowOf(d view.SiteDetail) liveNow {
	now := d.LiveNow()
	out := liveNow{Text: now.Text}
	if now.Release == 0 {
		return out
	}
	out.Release = frame.ReleaseLink(d.Name, now.Release)
	out.Days = append(daysOf(d.Language, d.Name), rows.Filter{Text: d.Language.Say("Another day"), Link: frame.SiteLink(d.Name) + "/releases"})
	seen := map[string]bool{}
	for _, r := range d.WentOut {
		row := rows.RequestOf(r, d.Clock())
		if !seen[row.What] {
			out.WentOut = append(out.WentOut, row)
		}
		seen[row.What] = true
	}
	out.More = max(0, d.NowLive().Requests.Count-int64(len(d.WentOut)))
	return out
}

// status is the state of a site, in words and as steps.
type status struct {
	StateName, Class string
	// Text says it in one sentence, More says what people can do, Around when the release
	// goes live; State says it by the state that operators know.
	Text, More, Around, State string
	Failed                    *frame.Crumb
	Done                      float64
	Stages                    []view.Step
	Since                     *when.Moment
	Steps                     []view.Step
	Facts                     []fact
	Note                      string
	Release                   int64
	ReleaseLink               string
	RunURL                    string
}

// fact is a line of a list of facts: At is a time, For a span that goes on.
type fact struct {
	Name, Text string
	At, For    *when.Moment
}

// changeRow is a change that goes out with the next release.
type changeRow struct {
	Who, What, Link string
	At              *when.Moment
}

func changesOf(d view.SiteDetail, c when.Clock) []changeRow {
	var rows []changeRow
	for _, change := range d.Changes {
		rows = append(rows, changeRow{
			Who: change.Actor, What: cmp.Or(change.Title, change.Entity, c.Language.Say("Something")), Link: view.WebLink(change.Link), At: c.At(change.ChangedAt),
		})
	}
	return rows
}

func (s *sitePages) show(v *frame.Visit) {
	name, _, ok := s.SeenSite(v)
	if !ok {
		return
	}
	d, err := s.view.SharedDetail(v.R.Context(), name, siteLimits)
	if err != nil {
		s.Trouble(v, err)
		return
	}
	p := frame.LivePage(name, d.Instant, d.Clock())
	if err := s.fill(&p, v, d); err != nil {
		s.Trouble(v, err)
		return
	}
	p.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}}
	p.Busy = d.State != release.Ready
	p.Wall = v.R.URL.Query().Has("wall")
	s.Write(v, http.StatusOK, "site", p)
}

// siteBodyOf is the page for a person, whose requests come first. reader is the zone that
// they chose, nil for the site's.
func siteBodyOf(d view.SiteDetail, who string, reader *time.Location) siteBody {
	c := d.Clock()
	return siteBody{
		Name: d.Name, Title: d.Title, URL: view.WebLink(d.URL), LiveNow: liveNowOf(d),
		Status: statusOf(d, c), Alerts: linked(d.Name, d.OtherAlerts()), Waits: waitsOf(d.Site, c),
		Schedule: scheduleBodyOf(d.Schedule, reader), Find: findFormOf(d.Language, d.Name, "", view.All),
		Lists: listsOf(d, who, c), Changes: changesOf(d, c), Heads: historyHeads(nil, nil, c), History: releaseRows(d.Releases, c),
		Chart: chartOf(d.Language, d.Releases), Older: olderThan(d.Site, d.Releases, shownReleases),
	}
}

func statusOf(d view.SiteDetail, c when.Clock) status {
	site, next := d.Site, d.Outlook()
	s := status{
		StateName: view.EditorsHeadline(site).Name, Class: next.Class, Text: next.Text, More: next.More, Around: next.When(c), State: site.StateText(),
		Done: next.Done, Stages: site.Stages(), Since: c.At(site.Since()), Steps: site.Steps(),
	}
	if next.Release != 0 {
		s.Failed = &frame.Crumb{Text: c.Language.Say("See what happened to release #%d", next.Release), Link: frame.ReleaseLink(site.Name, next.Release)}
	}
	if site.State == release.Ready {
		return s
	}
	s.Release, s.ReleaseLink = site.Current.Number, frame.ReleaseLink(site.Name, site.Current.Number)
	s.Note, s.RunURL = site.Current.Note, view.WebLink(site.Current.Run.URL)
	s.Facts = statusFacts(site, c)
	return s
}

// statusFacts are the figures of a release on its way.
func statusFacts(site view.Site, c when.Clock) []fact {
	l := site.Language
	facts := []fact{{Name: l.Say("Serves"), Text: l.Say("%d requests", words.Number(site.Current.Requests.Count))}}
	if begun := when.Begun(site.Current); !begun.IsZero() {
		facts = append(facts, fact{Name: l.Say("Running for"), For: c.Since(begun)})
	}
	if at := site.CurrentExpected(); !at.IsZero() && site.State != release.Complete {
		facts = append(facts, fact{Name: l.Say("Expected live about"), At: c.At(at)})
	}
	if late := site.LateSince(); !late.IsZero() {
		facts = append(facts, fact{Name: l.Say("Late since"), At: c.At(late)})
	}
	if site.Usual > 0 {
		facts = append(facts, fact{Name: l.Say("Usually takes"), Text: l.Took(site.Usual)})
	}
	return facts
}

// waitsOf are the facts about the thing that a release waits for.
func waitsOf(site view.Site, c when.Clock) []fact {
	due, l := site.DispatchDue(c.Now), site.Language
	if due.Why == release.DueNothing {
		return nil
	}
	facts := []fact{{Name: l.Say("Waiting for"), Text: view.DueWords(l, due)}, {Name: l.Say("First asked"), At: c.At(site.Current.Requests.First)}}
	if due.Why == release.DueSlot {
		if place := view.PlaceWords(l, site.Slot.Place); place != "" {
			facts = append(facts, fact{Name: l.Say("Place"), Text: place})
		}
		return facts
	}
	if due.At.IsZero() {
		return append(facts, fact{Name: l.Say("Until"), Text: l.Say("somebody acts")})
	}
	return append(facts, fact{Name: l.Say("Until"), At: c.At(due.At)})
}

// shownOfList bounds the requests of a list on a site's page; the search has all of them.
const shownOfList = 10

// listsOf are the requests that are not live yet, grouped by the thing that they wait for:
// in each group those of the reader first, then the oldest.
func listsOf(d view.SiteDetail, who string, c when.Clock) []rows.Requests {
	l := d.Language
	var out []rows.Requests
	add := func(id, title string, requests []view.Request, total int64) {
		requests = slices.Clone(requests) // the detail is shared by all pages
		if id != "scheduled" {            // scheduled ones are in the order of their times
			slices.Reverse(requests)
		}
		slices.SortStableFunc(requests, func(a, b view.Request) int { return mineFirst(a.AskedBy(who), b.AskedBy(who)) })
		out = append(out, listOf(id, title, requests[:min(shownOfList, len(requests))], total, c))
	}
	if n := d.Current.Number; n != 0 {
		title := l.Say("In release #%d", n)
		if d.State == release.Requested {
			title = l.Say("Waiting for release #%d to start", n)
		}
		add("current", title, d.Served, d.Current.Requests.Count)
	}
	if len(d.Next) > 0 {
		add("waiting", l.Say("Waiting for the release after it"), d.Next, d.Waiting.Count)
	}
	if len(d.Scheduled) > 0 {
		add("scheduled", l.Say("Scheduled"), d.Scheduled, int64(len(d.Scheduled)))
		out[len(out)-1].Others = d.MoreScheduled
	}
	for i := range out {
		out[i].All = frame.SiteLink(d.Name) + "/find?show=" + string(view.Open)
	}
	return out
}

func mineFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func listOf(id, title string, requests []view.Request, total int64, c when.Clock) rows.Requests {
	l := rows.Requests{ID: id, Title: title, More: max(0, total-int64(len(requests)))}
	for _, r := range requests {
		l.Rows = append(l.Rows, rows.RequestOf(r, c))
	}
	return l
}

// accept takes the form "Release now". Its hidden key makes a double click
// or a reload the same request.
func (s *sitePages) accept(v *frame.Visit) {
	name, _, ok := s.SeenSite(v)
	if !ok || !s.ReadForm(v) {
		return
	}
	in, err := askedFor(v)
	if err != nil {
		s.Trouble(v, err)
		return
	}
	key := v.R.PostForm.Get("key")
	if key == "" || len(key) > 100 {
		key = rand.Text()
	}
	taken, err := s.commands.Accept(v.R.Context(), v.Who, name, "page:"+key, in)
	if err != nil {
		s.Trouble(v, err)
		return
	}
	to := frame.RequestLink(taken.Request.ID)
	if taken.Again {
		to += "?again=1"
	}
	http.Redirect(v.W, v.R, to, http.StatusSeeOther)
}

// askedFor is the request that a form makes. The name that somebody gives is stored beside
// that of the token, which is known.
func askedFor(v *frame.Visit) (api.RequestInput, error) {
	name, err := frame.Field(v, "name", 100)
	if err != nil {
		return api.RequestInput{}, err
	}
	reason, err := frame.Field(v, "reason", 1000)
	if err != nil {
		return api.RequestInput{}, err
	}
	in := api.RequestInput{Source: release.FromEditor, Actor: v.Who.Name, Reason: reason}
	if v.Who.Role == auth.Operator && !v.Who.Local {
		in.Source = release.FromOperator
	}
	switch {
	case name == "" || name == v.Who.Name || v.Who.Named():
	case v.Who.Local:
		in.Actor = name
	default:
		in.Actor = name + " (" + v.Who.Name + ")"
	}
	return in, nil
}
