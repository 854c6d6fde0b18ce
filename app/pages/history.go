package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/compare"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// releaseRow is a release in the history.
type releaseRow struct {
	Number               int64
	Link, Outcome, Class string
	Why                  string
	Askers               []string
	Others               bool
	Requests             int64
	Started, LiveAt      *when.Moment
	// Clock is LiveAt without its day.
	Clock      *when.Moment
	Took       string
	Current    bool
	Titles     []string
	MoreTitles bool
	// Rollback leads to the form that puts it back; "" where that is not possible.
	Rollback string
}

func releaseRows(found []view.PastRelease, c when.Clock) []releaseRow {
	rows := make([]releaseRow, 0, len(found))
	for _, r := range found {
		row := releaseRow{
			Number: r.Number, Link: frame.ReleaseLink(r.Site, r.Number),
			Outcome: r.OutcomeWords(), Class: r.OutcomeClass(), Why: r.EndWords(),
			Askers: r.Askers, Others: r.Others, Requests: r.Requests.Count,
			Started: c.At(r.BegunAt()), Current: r.State != release.Ready, Took: r.Took(),
			Titles: r.Titles, MoreTitles: r.MoreTitles,
		}
		if r.Outcome == release.Succeeded {
			row.LiveAt, row.Why = c.At(r.Times.Complete), ""
			row.Clock = c.OfDay(r.Times.Complete)
		}
		if r.RollbackTo != 0 {
			row.Titles = []string{c.Language.Say("the content of release #%d", r.RollbackTo)}
		}
		rows = append(rows, row)
	}
	return rows
}

// historyHeads sorts releases as the address asks, and gives the headings of their table.
func historyHeads(past []view.PastRelease, at *url.URL, c when.Clock) []rows.Head {
	l := c.Language
	return rows.Sort(past, at, "sort", "history", []rows.Column[view.PastRelease]{
		{Key: "number", Name: l.Say("Release"), Compare: func(a, b view.PastRelease) int { return cmp.Compare(a.Number, b.Number) }},
		{Key: "outcome", Name: l.Say("Outcome"), Compare: func(a, b view.PastRelease) int { return cmp.Compare(a.OutcomeWords(), b.OutcomeWords()) }},
		{Key: "what", Name: l.Say("What went out"), Compare: func(a, b view.PastRelease) int { return slices.Compare(a.Titles, b.Titles) }},
		{Key: "who", Name: l.Say("Asked by"), Compare: func(a, b view.PastRelease) int { return slices.Compare(a.Askers, b.Askers) }},
		{Key: "requests", Name: l.Say("Requests"), Compare: func(a, b view.PastRelease) int { return cmp.Compare(a.Requests.Count, b.Requests.Count) }},
		{Key: "started", Name: l.Say("Started"), Compare: func(a, b view.PastRelease) int { return a.BegunAt().Compare(b.BegunAt()) }},
		{Key: "live", Name: l.Say("Live"), Compare: func(a, b view.PastRelease) int { return a.Times.Complete.Compare(b.Times.Complete) }},
		{Key: "took", Name: l.Say("Took"), Compare: func(a, b view.PastRelease) int { return cmp.Compare(a.Ran(), b.Ran()) }},
	})
}

// historyPages list the releases of a site, as far back as the ledger goes.
type historyPages struct {
	*frame.Frame
	view *view.Reader
}

// historyBody is a page of a site's history.
type historyBody struct {
	Heads   []rows.Head
	History []releaseRow
	Chart   *chart
	Older   string
	// Removed says that older ones were removed, at the end of the list.
	Removed string
	// RollbackLater says when a rollback will be possible; "" where it is, or never.
	RollbackLater string

	Compare compare.Form
	// Day is the form that chooses a day.
	Day dayForm
}

// releasesAtOnce is how many releases a page of the history lists.
const releasesAtOnce = 50

func (h *historyPages) show(v *frame.Visit) {
	name, _, ok := h.SeenSite(v)
	if !ok {
		return
	}
	if on := v.R.URL.Query().Get("on"); on != "" {
		h.showDay(v, name, on)
		return
	}
	before, err := strconv.ParseInt("0"+v.R.URL.Query().Get("before"), 10, 64)
	if err != nil {
		h.Trouble(v, v.Problem(http.StatusUnprocessableEntity, "invalid", "“before” is the number of a release."))
		return
	}
	site, past, err := h.view.History(v.R.Context(), name, releasesAtOnce, before)
	if err != nil {
		h.Trouble(v, err)
		return
	}
	body := historyBody{
		Chart: chartOf(site.Language, past), Older: olderThan(site, past, releasesAtOnce),
		Compare: compare.FormOf(name, past, site.Clock(), 0, 0), Day: dayFormOf(site),
	}
	body.Heads = historyHeads(past, v.R.URL, site.Clock())
	body.History = releaseRows(past, site.Clock())
	if gone := site.Removed; gone.Release > 0 && body.Older == "" {
		body.Removed = site.Language.Say("Older releases, up to #%d, were removed on %s.", gone.Release, site.Clock().Time(gone.At))
	}
	h.write(v, site, past, v.Say("Releases")+" · "+site.Title, body)
}

// write writes the page of releases.
func (h *historyPages) write(v *frame.Visit, site view.Site, past []view.PastRelease, title string, body historyBody) {
	if v.Who.Role == auth.Operator {
		body.RollbackLater = withRollbacks(body.History, view.SiteDetail{Site: site, Releases: past})
	}
	name := site.Name
	p := frame.LivePage(name, site.Instant, site.Clock())
	p.Title, p.Body = title, body
	p.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: site.Title, Link: frame.SiteLink(name)}}
	h.Write(v, http.StatusOK, "history", p)
}

// olderThan leads to earlier releases; "" at the beginning.
func olderThan(site view.Site, past []view.PastRelease, limit int) string {
	if len(past) < limit || past[len(past)-1].Number <= site.Removed.Release+1 {
		return ""
	}
	return frame.SiteLink(site.Name) + "/releases?before=" + strconv.FormatInt(past[len(past)-1].Number, 10)
}

// chart shows how long releases took, the oldest first. The table below it has the same
// figures.
type chart struct {
	Width int
	Bars  []chartBar
	Words string
}

// chartBar is a release: its height is its duration, its class the outcome.
type chartBar struct {
	X         int
	Y, Height float64
	Class     string
}

// chartOf is nil for fewer than two releases.
func chartOf(l words.Language, past []view.PastRelease) *chart {
	var longest, shortest time.Duration
	ran := 0
	for _, r := range past {
		if span := r.Ran(); span > 0 {
			longest = max(longest, span)
			if shortest == 0 || span < shortest {
				shortest = span
			}
			ran++
		}
	}
	if ran < 2 {
		return nil
	}
	c := &chart{Words: l.Say("How long the last %d releases took: %s to %s.", ran, l.Took(shortest), l.Took(longest))}
	for i := len(past) - 1; i >= 0; i-- {
		span := past[i].Ran()
		if span == 0 {
			continue
		}
		height := max(2, 40*float64(span)/float64(longest))
		class := "quiet"
		switch past[i].Outcome {
		case release.Succeeded:
			class = "ok"
		case release.Failed, release.Stale:
			class = "bad"
		case release.Cancelled, release.Superseded, release.Unchanged:
		}
		c.Bars = append(c.Bars, chartBar{X: c.Width, Y: 40 - height, Height: height, Class: class})
		c.Width += 10
	}
	c.Width = max(c.Width, 10*releasesAtOnce) // a few bars stay as narrow as many
	return c
}

// withRollbacks offers rollbacks to operators. While a release runs it offers none, and gives
// the sentence that says until when.
func withRollbacks(rows []releaseRow, d view.SiteDetail) (later string) {
	for i, r := range d.Releases {
		switch {
		case !canComeBack(r, d):
		case view.IsReleasing(d.Site):
			return view.RollbackLater(d.Site)
		default:
			rows[i].Rollback = operator.RollbackLink(r.Site, r.Number)
		}
	}
	return ""
}

// canComeBack says whether a release was live with other content than what is.
func canComeBack(r view.PastRelease, d view.SiteDetail) bool {
	return r.Outcome == release.Succeeded && r.Content() != d.Shows() && r.RollbackTo == 0
}

// undo is the way to the question whether to put back what was live before, or when there
// will be one. Both are empty where nothing can be undone.
type undo struct {
	Ask   *frame.Crumb
	Later string
}

// undoOf undoes the live release by the first below it that can come back. What was put
// back itself is not undone.
func undoOf(d view.SiteDetail) (u undo) {
	live := d.NowLive()
	at := slices.IndexFunc(d.Releases, func(r view.PastRelease) bool { return r.Number < live.Number && canComeBack(r, d) })
	switch {
	case live.RollbackTo != 0 || at < 0:
	case view.IsReleasing(d.Site):
		u.Later = d.Language.Say("You can undo this when release #%d has ended.", d.Current.Number)
	default:
		r := d.Releases[at]
		u.Ask = &frame.Crumb{Text: d.Language.Say("Undo: back to release #%d…", r.Number), Link: operator.RollbackLink(r.Site, r.Number)}
	}
	return u
}
