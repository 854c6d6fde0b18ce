package pages

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/middleware"
	"github.com/pressrun/pressrun/app/pages/assets"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// sampleNow is a Monday afternoon in New York.
var sampleNow = time.Date(2026, 11, 23, 20, 12, 40, 0, time.UTC)

func ago(d time.Duration) time.Time { return sampleNow.Add(-d) }

// sample is what a site's page is made of.
type sample struct {
	site                    release.Site
	edge                    api.Edge
	served, next, scheduled []ledger.Request
	wentOut                 []ledger.Request
	past                    []view.PastRelease
	diskWhy                 string
	diskSince               time.Time
	schedule                view.Schedule
}

// detailIn is the sample as it is read from a ledger for readers of a language.
func (f sample) detailIn(t testing.TB, l words.Language) view.SiteDetail {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	d := view.SiteDetail{Releases: f.past, Site: view.Site{
		Site: f.site, Instant: view.Instant{Now: sampleNow}, Zone: zone, Language: l, Took: when.Took{Usual: 2*time.Minute + 40*time.Second},
		Title: "Riverside Public Library", URL: "https://www.riverside-library.example",
	}}
	for i := range d.Releases {
		d.Releases[i].Language = l
	}
	if d.Schedule = f.schedule; d.Schedule.Schedules != nil {
		d.Schedule.Site = d.Site
	}
	if f.edge.State != "" {
		d.Pending = view.EdgeWords(l, f.edge)
	}
	d.WentOut = d.Requests(f.wentOut)
	d.Served, d.Next, d.Scheduled = d.Requests(f.served), d.Requests(f.next), d.Requests(f.scheduled)
	return d
}

// samples are sites in every state and trouble, as their pages' facts.
func samples() map[string]sample {
	out := map[string]sample{"first": {site: release.NewSite("www", release.DefaultPolicy())}}
	for _, state := range release.States {
		out[string(state)] = sampleIn(state)
	}
	add := func(name string, state release.State, change func(*sample)) {
		f := sampleIn(state)
		change(&f)
		out[name] = f
	}
	add("schedule", release.Ready, func(f *sample) { f.schedule = sampleSchedule() })
	add("held", release.Requested, func(f *sample) {
		f.site.Failures = 4
		f.site.Hold = release.Hold{Since: ago(3 * time.Minute), Why: "4 releases in a row did not succeed; the last: the build failed: page about/visit has no title", Lifted: release.LiftedByPerson}
		f.site.Last = release.Release{Number: 127, Outcome: release.Failed, Why: "the build failed: page about/visit has no title", Fault: release.FaultContent, Times: release.Times{Ended: ago(3 * time.Minute)}}
	})
	add("retry", release.Requested, func(f *sample) {
		f.site.Failures = 1
		f.site.Current.Retry, f.site.Current.NotBefore = 127, sampleNow.Add(52*time.Second)
		f.site.Last = release.Release{Number: 127, Outcome: release.Failed, Why: "the bucket refused the upload", Fault: release.FaultPlatform, Times: release.Times{Ended: ago(8 * time.Second)}}
	})
	add("paused", release.Requested, func(f *sample) {
		f.site.Pause = release.Pause{Act: release.Act{By: "Grace Hopper", Why: "moving the database", At: ago(20 * time.Minute)}, Until: sampleNow.Add(2 * time.Hour)}
	})
	add("frozen", release.Requested, func(f *sample) {
		f.site.Freezes = []release.Window{{ID: "f1", From: ago(time.Hour), To: sampleNow.Add(36 * time.Hour), Why: "Election night", By: "Grace Hopper"}}
	})
	add("late", release.InProgress, func(f *sample) { f.site.Current.Late = ago(time.Minute) })
	add("slow", release.InProgress, func(f *sample) { f.site.Current.Dispatch.Intended = ago(10 * time.Minute) })
	add("idle_frozen", release.Ready, func(f *sample) {
		f.site.Freezes = []release.Window{{ID: "f1", From: ago(time.Hour), To: sampleNow.Add(36 * time.Hour), Why: "Election night", By: "Grace Hopper"}}
	})
	add("cancelling", release.InProgress, func(f *sample) {
		f.site.Current.Cancel = release.Act{By: "Grace Hopper", Why: "wrong photo", At: ago(5 * time.Second)}
	})
	add("edge", release.Ready, func(f *sample) {
		f.edge = api.Edge{CDN: "cloudfront E1", State: api.EdgePending, Why: "the invalidation was still under way after 5 minutes"}
	})
	add("disk", release.InProgress, func(f *sample) { f.diskWhy, f.diskSince = "the disk is full", ago(90*time.Second) })
	return out
}

// sampleIn is a library's site in a state, in the middle of a busy afternoon.
func sampleIn(state release.State) sample {
	site := release.NewSite("www", release.DefaultPolicy())
	site.State, site.Number, site.Accepted, site.Served = state, 128, 412, 408
	r := release.Release{Number: 128, After: 408, Upto: 411, Requests: release.Group{Count: 3, First: ago(118 * time.Second), Last: ago(100 * time.Second)}}
	entered := map[release.State]time.Duration{
		release.Requested: 118 * time.Second, release.Dispatched: 89 * time.Second, release.Starting: 86 * time.Second,
		release.InProgress: 61 * time.Second, release.Complete: 4 * time.Second,
	}
	for _, s := range release.States[1:] {
		setTime(&r.Times, s, ago(entered[s]))
		if s == state {
			break
		}
	}
	past := pastReleases()
	site.Last, site.Live = past[0].Release.Release.Release, past[0].Release.Release.Release
	f := sample{wentOut: []ledger.Request{request(408, "Jun Tanaka", "Interlibrary loans", 26*time.Minute), request(407, "Maria Sánchez", "Board of trustees", 27*time.Minute)}}
	mine := []ledger.Request{
		request(411, "Ada Lovelace", "Opening hours over the holidays", 100*time.Second),
		request(410, "Maria Sánchez", "Story time for toddlers moves to Thursdays", 107*time.Second),
		request(409, "Ada Lovelace", "Opening hours over the holidays", 118*time.Second),
	}
	if state != release.Ready {
		site.Current, f.served = r, mine
		past = append([]view.PastRelease{pastRelease(r, state, "Ada Lovelace", "Maria Sánchez")}, past...)
	}
	if state != release.Ready && state != release.Requested {
		site.Current.Dispatch = release.Dispatch{Token: "t", Intended: ago(90 * time.Second), Sent: 1}
		site.Current.Run = release.Run{ID: "7", Attempt: 1, URL: "https://ci.example/runs/7"}
		past[0] = pastRelease(site.Current, state, past[0].Askers...)
	}
	switch state {
	case release.Requested:
		site.Current.Requests.First, site.Current.Requests.Last = ago(14*time.Second), ago(4*time.Second)
		site.Current.Times.Requested = ago(14 * time.Second)
		for i, age := range []time.Duration{4 * time.Second, 9 * time.Second, 14 * time.Second} {
			mine[i].AcceptedAt = ago(age)
		}
	case release.InProgress:
		site.Current.Note = "building 1,214 pages"
	case release.Complete:
		site.Served, site.Current.Outcome = 411, release.Succeeded
		past[0] = pastRelease(site.Current, state, past[0].Askers...)
	case release.Ready, release.Dispatched, release.Starting:
	}
	if state == release.InProgress || state == release.Complete {
		site.Waiting = release.Group{Count: 1, First: ago(12 * time.Second), Last: ago(12 * time.Second)}
		f.next = []ledger.Request{request(412, "Jun Tanaka", "New on the shelves: November", 12*time.Second)}
	}
	if state == release.Ready {
		site.Served = 412
	}
	f.scheduled = []ledger.Request{request(0, "Maria Sánchez", "Book sale in the main hall", 3*time.Hour)}
	f.scheduled[0].NotBefore = sampleNow.Add(18 * time.Hour)
	site.Scheduled = f.scheduled[0].NotBefore
	for i := range past {
		past[i].Live = past[i].Number == 127 && state != release.Complete || past[i].Number == 128 && state == release.Complete
	}
	f.site, f.past = site, past
	return f
}

func setTime(t *release.Times, s release.State, at time.Time) {
	switch s {
	case release.Requested:
		t.Requested = at
	case release.Dispatched:
		t.Dispatched = at
	case release.Starting:
		t.Starting = at
	case release.InProgress:
		t.InProgress = at
	case release.Complete:
		t.Complete = at
	case release.Ready:
		t.Ended = at
	}
}

func request(place int64, who, title string, age time.Duration) ledger.Request {
	return ledger.Request{
		ID: fmt.Sprint("req_", place, who[:3]), Site: "www", Actor: who, Title: title, Link: "https://cms.example/edit/12",
		Source: release.FromContent, Place: place, AcceptedAt: ago(age),
	}
}

func pastRelease(r release.Release, state release.State, askers ...string) view.PastRelease {
	return view.PastRelease{Release: view.Release{Release: ledger.Release{Release: r, Site: "www"}, State: state}, Askers: askers}
}

func pastReleases() []view.PastRelease {
	var out []view.PastRelease
	names := [][]string{{"Jun Tanaka"}, {"Ada Lovelace", "Jun Tanaka"}, {"the schedule"}, {"Maria Sánchez"}, {"Ada Lovelace", "Maria Sánchez", "Jun Tanaka"}}
	for i, askers := range names {
		begun := ago(time.Duration(25+47*i) * time.Minute)
		r := release.Release{
			Number: int64(127 - i), Outcome: release.Succeeded, Requests: release.Group{Count: int64(len(askers) + i%3)},
			Dispatch: release.Dispatch{Token: "t", Intended: begun},
			Times:    release.Times{Requested: begun.Add(-20 * time.Second), Dispatched: begun, Starting: begun, InProgress: begun.Add(30 * time.Second), Complete: begun.Add(time.Duration(150+9*i) * time.Second), Ended: begun.Add(time.Duration(156+9*i) * time.Second)},
		}
		if i == 1 {
			r.Outcome, r.Why, r.Fault = release.Failed, "the check found 12 pages without content", release.FaultContent
			r.Times.Complete = time.Time{}
		}
		one := pastRelease(r, release.Ready, askers...)
		one.Others = i == 4
		out = append(out, one)
	}
	return out
}

// servePages serves the page of every sample at /sites/NAME.
func servePages(t testing.TB) *httptest.Server {
	t.Helper()
	p := &frame.Frame{Config: config.Config{Pages: config.Pages{Access: "token"}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{name}", assets.Serve)
	mux.HandleFunc("GET /sites/{sample}", func(w http.ResponseWriter, r *http.Request) {
		f, ok := samples()[r.PathValue("sample")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		middleware.SecureHeaders(w.Header())
		v := p.Read(w, r)
		v.Who = &auth.Caller{Name: "Grace Hopper", Role: auth.Operator}
		p.Write(v, http.StatusOK, "site", samplePage(t, f, v.Reader.Language))
	})
	mux.HandleFunc("GET /sites/{sample}/operate", func(w http.ResponseWriter, r *http.Request) {
		v := p.Read(w, r)
		v.Who = &auth.Caller{Name: "Grace Hopper", Role: auth.Operator}
		d := samples()[r.PathValue("sample")].detailIn(t, v.Reader.Language)
		middleware.SecureHeaders(w.Header())
		p.Write(v, http.StatusOK, "operate", frame.Page{Title: v.Say("For operators"), Body: operator.BodyOf(view.Operation{Site: d.Site, Deliveries: sampleDeliveries()}, view.AboutAll, nil)})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func samplePage(t testing.TB, f sample, l words.Language) frame.Page {
	t.Helper()
	d := f.detailIn(t, l)
	body := siteBodyOf(d, "Maria Sánchez", nil)
	body.Key, body.Operator = "the key", operator.FormsOf(d.Site)
	if f.diskWhy != "" {
		body.Alerts = append([]alert{{Alert: view.DiskAlert(f.diskWhy, f.diskSince, d.Clock())}}, body.Alerts...)
	}
	p := frame.Page{Title: body.Status.StateName + " · " + body.Title, Body: body, Crumbs: []frame.Crumb{{Text: l.Say("All sites"), Link: "/"}}}
	p.Stamp(d.Clock())
	return p
}

// sampleSchedule asks every two hours, and is frozen at its next slot.
func sampleSchedule() view.Schedule {
	rule := calendar.Schedule{Name: "two-hourly", Zone: time.UTC, Every: 2 * time.Hour}
	return view.Schedule{
		Schedules: []calendar.Schedule{rule},
		Slots: []view.Slot{
			{At: time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), Schedule: rule, Frozen: release.Window{Why: "moving <house>"}},
			{At: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Schedule: rule},
		},
		Holidays: []view.Holiday{{Holiday: calendar.Holiday{Date: calendar.Date{Year: 2026, Month: 11, Day: 26}, Name: "Thanksgiving Day"}}},
	}
}

// sampleDeliveries are what a hook was told on a busy afternoon.
func sampleDeliveries() []ledger.HookDelivery {
	return []ledger.HookDelivery{
		{Received: ago(time.Minute), Hook: "drupal", Event: "node.update", Title: "Opening hours <b>", Actor: "Ada Lovelace", Decision: "release", Why: "rule “operating status”", Request: "req_1"},
		{Received: ago(time.Hour), Hook: "drupal", Event: "node.update", Title: "Story time", Decision: "wait", Why: "no rule asks for a release"},
	}
}
