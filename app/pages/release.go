package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// releaseBody is the page of one release.
type releaseBody struct {
	Name, Title, Outcome, Class, Text string
	Fault, Note, RunURL, LogLink      string
	Facts                             []fact
	Phases                            []phase
	Metrics                           *metricsView
	Served                            requestList
	Events                            []eventRow
	MoreEvents                        bool
	Retry                             *crumb
}

type metricsView struct {
	api.Metrics
	Steps []stepView
	// EdgeText and EdgePending tell what became of the CDN.
	EdgeText    string
	EdgePending bool
}

// stepView is a step of a run, placed on the line of all of them.
type stepView struct {
	Name, Result, Note, Took string
	Bar                      bar
}

type eventRow struct {
	At                 *moment
	What, By, Why, Ask string
}

func releaseText(number int64) string { return fmt.Sprintf("Release #%d", number) }

func (a *App) releasePage(v *visit) {
	name, conf, ok := a.seenSite(v)
	if !ok {
		return
	}
	number, ok := a.seenRelease(v)
	if !ok {
		return
	}
	p, err := a.live(v, name)
	if err != nil {
		a.trouble(v, err)
		return
	}
	body, err := a.releaseBody(v, name, conf, number)
	if err != nil {
		a.trouble(v, err)
		return
	}
	p.Title, p.Body = body.Title+" · "+a.siteTitle(name), body
	p.Crumbs = []crumb{{Text: "All sites", Link: "/"}, {Text: a.siteTitle(name), Link: siteLink(name)}}
	p.Busy = body.Class == "now"
	a.show(v, http.StatusOK, "release", p)
}

func (a *App) releaseBody(v *visit, name string, conf config.Site, number int64) (releaseBody, error) {
	ctx := v.r.Context()
	site, err := a.ledger.Site(ctx, name)
	if err != nil {
		return releaseBody{}, err
	}
	r, err := a.ledger.Release(ctx, name, number)
	if err != nil {
		return releaseBody{}, err
	}
	served, err := a.ledger.Requests(ctx, name, r.After, r.Upto, shown)
	if err != nil {
		return releaseBody{}, err
	}
	events, err := a.ledger.EventsOfRelease(ctx, name, number, shown)
	if err != nil {
		return releaseBody{}, err
	}
	c := clockface{now: ledger.Now(), zone: conf.Location()}
	b := releaseHead(r, site, c)
	b.Served = servedList(served, r.Upto-r.After, site, c)
	for _, e := range events {
		row := eventRow{At: c.at(e.At), What: eventName(e.Kind), By: e.By, Why: e.Why}
		if e.Request != "" {
			row.Ask = requestLink(e.Request)
		}
		b.Events = append(b.Events, row)
	}
	b.MoreEvents = len(events) == shown
	return b, nil
}

// releaseHead is what the release itself tells.
func releaseHead(r ledger.Release, site release.Site, c clockface) releaseBody {
	state := release.Ready
	if r.Number == site.Current.Number {
		state = site.State
	}
	b := releaseBody{
		Name: r.Site, Title: releaseText(r.Number), Outcome: outcomeWords(r.Outcome, state), Class: outcomeClass(r.Outcome),
		Text: releaseWords(r.Release, c), Fault: faultWords(r.Fault), Note: r.Note, RunURL: webLink(r.Run.URL),
		LogLink: releaseLink(r.Site, r.Number) + "/log", Phases: phases(r.Release, c), Metrics: metricsOf(r.Metrics),
	}
	b.Facts = []fact{{Name: "Requests", Text: numberWords(r.Requests.Count)}}
	if took := tookWords(r.Release); took != "" {
		b.Facts = append(b.Facts, fact{Name: "Took", Text: took})
	}
	if !r.Watermark.IsZero() {
		b.Facts = append(b.Facts, fact{Name: "Content as of", At: c.at(r.Watermark)})
	}
	if r.By != "" {
		b.Facts = append(b.Facts, fact{Name: "Ended by", Text: r.By})
	}
	if r.Retry != 0 {
		b.Retry = &crumb{Text: releaseText(r.Retry), Link: releaseLink(r.Site, r.Retry)}
	}
	return b
}

// releaseWords sum a release up.
func releaseWords(r release.Release, c clockface) string {
	switch r.Outcome {
	case release.Succeeded:
		return "Live since " + clock(r.Times.Complete, c.now, c.zone) + "."
	case release.Failed, release.Stale, release.Cancelled, release.Superseded:
		return sentence(orNoReason(r.Why))
	}
	return ""
}

func servedList(served []ledger.Request, total int64, site release.Site, c clockface) requestList {
	facts := siteFacts{site: site, now: c.now}
	l := requestList{ID: "served", Title: "Requests", More: max(0, total-int64(len(served)))}
	for _, r := range served {
		l.Rows = append(l.Rows, facts.row(r, c))
	}
	return l
}

// metricsOf reads what a run measured; nil when it has not told.
func metricsOf(text string) *metricsView {
	m := &metricsView{}
	if text == "" || json.Unmarshal([]byte(text), &m.Metrics) != nil {
		return nil
	}
	if e := m.Edge; e != nil {
		m.EdgeText, m.EdgePending = e.Words(), e.State == api.EdgePending
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
			Name: strings.ReplaceAll(s.Name, "_", " "), Result: s.Result, Note: s.Note, Took: tookSpan(took),
			Bar: barOf(start, end, s.StartedAt, s.StartedAt.Add(took)),
		})
	}
	return m
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// logPage is the output of a release's run, as plain text.
func (a *App) logPage(v *visit) {
	name, _, ok := a.seenSite(v)
	if !ok {
		return
	}
	number, ok := a.seenRelease(v)
	if !ok {
		return
	}
	out, err := a.openLog(v.r.Context(), name, number)
	if errors.Is(err, fs.ErrNotExist) {
		err = problem.New(http.StatusNotFound, "not_found", fmt.Sprintf("Release #%d has no output here: it has not begun, or its output is no longer kept.", number))
	}
	if err != nil {
		a.trouble(v, err)
		return
	}
	defer out.Close()
	v.w.Header().Set("Cache-Control", "no-store")
	a.sendText(v.w, v.r, out)
}
