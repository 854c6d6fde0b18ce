package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/pages/compare"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// releasePages show a release and its run's output.
type releasePages struct {
	*frame.Frame
	view *view.Reader
	logs stream.RunLogs
}

// releaseBody is the page of one release.
type releaseBody struct {
	Name, Title, Outcome, Class, Text string
	Fault, Note, RunURL, LogLink      string
	Facts                             []fact
	Phases                            []view.Phase
	Metrics                           *metricsView
	Baked                             *bakedView
	Served                            rows.Requests
	Events                            []rows.Event
	MoreEvents                        bool
	// Compared leads to the comparison with the release before; "" if it never was live.
	// Changed are some of the changed files.
	Compared string
	Changed  []changedFile
	Retry    *frame.Crumb
	// Same is the release with the same content and code, because of which this one had
	// nothing to do.
	Same *frame.Crumb
	// Rollback is the release that it put back; Ordered is who wanted that, and Why.
	Rollback     *frame.Crumb
	Ordered, Why string
}

// changedFile is a file that the release changed; of a page Link leads to its old and new
// text.
type changedFile struct{ Path, Link string }

// changedFiles are those that the run reported.
func changedFiles(r view.Release, paths []string) []changedFile {
	var out []changedFile
	for _, path := range paths {
		one := changedFile{Path: path}
		if rules.IsPage(path) && r.Outcome == release.Succeeded {
			one.Link = compare.Link(r.Site, 0, r.Number, path)
		}
		out = append(out, one)
	}
	return out
}

type metricsView struct {
	api.Metrics
	Steps []stepView
	// EdgeText and EdgePending describe the state of the CDN.
	EdgeText    string
	EdgePending bool
}

// stepView is a step of a run, placed on the line of all of them.
type stepView struct {
	Name, Result, Note, Took string
	Bar                      view.Bar
}

func releaseText(l words.Language, number int64) string { return l.Say("Release #%d", number) }

func (p *releasePages) show(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if !ok {
		return
	}
	number, ok := p.SeenRelease(v)
	if !ok {
		return
	}
	found, err := p.view.Release(v.R.Context(), name, number)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	body := releaseBodyOf(found)
	one := frame.LivePage(name, found.Of.Instant, found.Of.Clock())
	one.Title, one.Body = body.Title+" · "+found.Of.Title, body
	one.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: found.Of.Title, Link: frame.SiteLink(name)}}
	one.Busy = found.Outcome == ""
	p.Write(v, http.StatusOK, "release", one)
}

func releaseBodyOf(d view.ReleaseDetail) releaseBody {
	c := d.Of.Clock()
	b := releaseHead(d.Release, c)
	b.Served = rows.Requests{ID: "served", Title: c.Language.Say("Requests"), More: max(0, d.Upto-d.After-int64(len(d.Requests)))}
	for _, r := range d.Requests {
		b.Served.Rows = append(b.Served.Rows, rows.RequestOf(r, c))
	}
	for _, e := range d.Events {
		b.Events = append(b.Events, rows.EventOf(e, c))
	}
	b.MoreEvents = len(d.Events) == view.Shown
	return b
}

// releaseHead is the page without the release's requests and events.
func releaseHead(r view.Release, c when.Clock) releaseBody {
	l := c.Language
	b := releaseBody{
		Name: r.Site, Title: releaseText(l, r.Number), Outcome: r.OutcomeWords(), Class: r.OutcomeClass(),
		Text: r.Text(c), Fault: r.FaultWords(), Note: r.Note, RunURL: view.WebLink(r.Run.URL),
		LogLink: frame.ReleaseLink(r.Site, r.Number) + "/log", Phases: view.Phases(r.Release.Release, c), Metrics: metricsOf(l, r.Measured()),
	}
	if b.Metrics != nil && b.Metrics.Baked != nil {
		b.Baked = bakedOf(l, r, *b.Metrics.Baked)
	}
	if r.Outcome == release.Succeeded && r.RollbackTo == 0 {
		b.Compared = compare.Link(r.Site, 0, r.Number, "")
	}
	if b.Metrics != nil {
		b.Changed = changedFiles(r, b.Metrics.Changed)
	}
	if r.RollbackTo != 0 {
		b.Rollback = &frame.Crumb{Text: releaseText(l, r.RollbackTo), Link: frame.ReleaseLink(r.Site, r.RollbackTo)}
		b.Ordered = r.Ordered.By
		b.Why = r.Ordered.Why
	}
	b.Facts = []fact{{Name: l.Say("Requests"), Text: text.Number(r.Requests.Count)}}
	if took := r.Took(); took != "" {
		b.Facts = append(b.Facts, fact{Name: l.Say("Took"), Text: took})
	}
	if !r.Watermark.IsZero() {
		b.Facts = append(b.Facts, fact{Name: l.Say("Content as of"), At: c.At(r.Watermark)})
	}
	if said := r.ConsistencyWords(); said != "" {
		b.Facts = append(b.Facts, fact{Name: l.Say("Consistency"), Text: said})
	}
	if r.SameAs != 0 {
		b.Same = &frame.Crumb{Text: releaseText(l, r.SameAs), Link: frame.ReleaseLink(r.Site, r.SameAs)}
	}
	if r.By != "" {
		b.Facts = append(b.Facts, fact{Name: l.Say("Ended by"), Text: r.By})
	}
	if a := r.Allowed; a.Guards != "" {
		b.Facts = append(b.Facts, fact{Name: l.Say("Let pass once"), Text: a.Guards.String() + " (" + a.By + ": " + a.Why + ")"})
	}
	if r.Retry != 0 {
		b.Retry = &frame.Crumb{Text: releaseText(l, r.Retry), Link: frame.ReleaseLink(r.Site, r.Retry)}
	}
	return b
}

// metricsOf shows the measurements of a run; nil for none.
func metricsOf(l words.Language, measured *api.Metrics) *metricsView {
	if measured == nil {
		return nil
	}
	m := &metricsView{Metrics: *measured}
	if e := m.Edge; e != nil {
		m.EdgeText, m.EdgePending = view.EdgeWords(l, *e), e.State == api.EdgePending
	}
	var start, end time.Time
	for _, s := range m.Metrics.Steps {
		if start.IsZero() || s.StartedAt.Before(start) {
			start = s.StartedAt
		}
		if stop := s.StartedAt.Add(seconds(s.Seconds)); stop.After(end) {
			end = stop
		}
	}
	for _, s := range m.Metrics.Steps {
		took := seconds(s.Seconds)
		m.Steps = append(m.Steps, stepView{
			Name: strings.ReplaceAll(s.Name, "_", " "), Result: stepResult(l, s.Result), Note: s.Note, Took: l.Took(took),
			Bar: view.BarOf(start, end, s.StartedAt, s.StartedAt.Add(took)),
		})
	}
	return m
}

// stepResult names the result of a step.
func stepResult(l words.Language, result string) string {
	switch result {
	case "ok":
		return l.Say("ok")
	case "failed":
		return l.Say("failed")
	case "skipped":
		return l.Say("skipped")
	}
	return result
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
