package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/release"
)

// fakeApp answers as an app does that has the given sites, in fixed words.
type fakeApp struct {
	t     *testing.T
	url   string
	sites []api.Site
	// asked is how often a request was looked at: it gets a step further each
	// time. fail makes its release fail.
	asked int
	fail  bool
	// silent has it never tell of a request: a wait for it ends by its time.
	silent bool
	// listed is called each time that the sites were listed.
	listed func()

	mu    sync.Mutex
	calls []string
}

const fakeToken = "prt_THETOKENOFTHETESTSTHETOKEN"

func at(seconds int) *time.Time {
	t := clitest.Noon.Add(time.Duration(seconds) * time.Second)
	return &t
}

func newFakeApp(t *testing.T, sites ...api.Site) *fakeApp {
	t.Helper()
	f := &fakeApp{t: t, sites: sites}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sites", f.listSites)
	mux.HandleFunc("GET /v1/sites/{site}", f.site)
	mux.HandleFunc("POST /v1/sites/{site}/requests", f.ask)
	mux.HandleFunc("GET /v1/requests/{id}", f.request)
	mux.HandleFunc("GET /v1/sites/{site}/releases", f.releases)
	mux.HandleFunc("GET /v1/sites/{site}/schedule", f.schedule)
	mux.HandleFunc("GET /v1/sites/{site}/find", f.found)
	mux.HandleFunc("GET /v1/sites/{site}/releases/{number}", f.release)
	mux.HandleFunc("GET /v1/sites/{site}/releases/{number}/log", f.log)
	mux.HandleFunc("POST /v1/sites/{site}/{act}", f.act)
	mux.HandleFunc("DELETE /v1/sites/{site}/freezes/{id}", f.act)
	mux.HandleFunc("GET /v1/events", f.events)
	mux.HandleFunc("GET /v1/sessions", f.sessions)
	mux.HandleFunc("DELETE /v1/sessions/{id}", f.endSession)
	mux.HandleFunc("GET /v1/backup", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(fakeLedger()) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"status":"ok"}`) })
	srv := httptest.NewServer(f.guard(mux))
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// guard wants the token, and notes what is changed.
func (f *fakeApp) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.Header.Get("Authorization") != "Bearer "+fakeToken {
			refuse(w, api.Problem{Status: 401, Title: "Unauthorized", Code: "unauthorized", Detail: "this token is not known"})
			return
		}
		if r.Method != http.MethodGet {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				f.t.Error(err)
			}
			f.mu.Lock()
			key := r.Header.Get("Idempotency-Key")
			if strings.HasPrefix(key, "cli-") {
				key = "cli-..."
			}
			f.calls = append(f.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, key, body)))
			f.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, p api.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func (f *fakeApp) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeApp) listSites(w http.ResponseWriter, _ *http.Request) {
	f.answer(w, map[string]any{"sites": f.sites})
	if f.listed != nil {
		f.listed()
	}
}

func (f *fakeApp) find(w http.ResponseWriter, r *http.Request) (api.Site, bool) {
	for _, s := range f.sites {
		if s.Name == r.PathValue("site") {
			return s, true
		}
	}
	refuse(w, api.Problem{Status: 404, Title: "Not Found", Code: "no_site", Detail: "there is no site " + r.PathValue("site")})
	return api.Site{}, false
}

func (f *fakeApp) site(w http.ResponseWriter, r *http.Request) {
	if s, ok := f.find(w, r); ok {
		f.answer(w, s)
	}
}

func (f *fakeApp) ask(w http.ResponseWriter, r *http.Request) {
	if _, ok := f.find(w, r); !ok {
		return
	}
	f.answer(w, api.AskResult{
		Request: api.Request{
			ID: "req-1", Site: r.PathValue("site"), Source: release.FromOperator, AcceptedAt: clitest.Noon, Place: 7,
			Status: release.InRelease, Release: 129, Text: "Release #129 starts at 12:00:10 EST, so that further changes can join it.",
		},
		Duplicate: r.Header.Get("Idempotency-Key") == "again",
	})
}

// request gets further each time it is asked for: grouped, dispatched, in
// progress, live.
// found is what a search of the words that it is asked for finds.
func (f *fakeApp) found(w http.ResponseWriter, r *http.Request) {
	out := api.Found{Site: "www", TimeZone: "America/New_York", Requests: []api.Request{}, Changes: []api.Change{}}
	if r.URL.Query().Get("q") == "opening hours" {
		out.Release = 129
		out.Changes = []api.Change{{ID: "chg_1", At: clitest.Noon, Title: "Opening hours\x1b[31m", Actor: "Jun"}}
		out.Requests = []api.Request{{ID: "req-1", Site: "www", Source: release.FromContent, Title: "Opening hours", Actor: "Ada", AcceptedAt: clitest.Noon, Answer: "Yes, it is live"}}
	}
	f.answer(w, out)
}

func (f *fakeApp) request(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != "req-1" {
		refuse(w, api.Problem{Status: 404, Title: "Not Found", Code: "not_found", Detail: "there is no request " + r.PathValue("id")})
		return
	}
	if f.silent {
		<-r.Context().Done()
		return
	}
	f.asked++
	q := api.Request{
		ID: "req-1", Site: "www", Source: release.FromContent, Actor: "Ada", Title: "Opening hours\x1b[31m", Entity: "article/12",
		Reason: "published", AcceptedAt: clitest.Noon, Place: 7, Status: release.InRelease, Release: 129, Text: "In release #129.", ExpectedAt: at(90),
	}
	switch {
	case f.fail && f.asked > 2:
		q.Status, q.Failed, q.Release = release.Waiting, []int64{129}, 130
		q.Text = "Release #130 tries again at 12:01:30 EST."
	case f.asked > 3:
		q.Status, q.LiveAt, q.Text, q.ExpectedAt = release.Live, at(42), "Live since 12:00:42 EST, with release #129.", nil
	}
	f.answer(w, q)
}

func (f *fakeApp) releases(w http.ResponseWriter, r *http.Request) {
	if s, ok := f.find(w, r); ok {
		current := underWay(release.InProgress)
		if s.Condition == "held" {
			current = *s.Current
		}
		f.answer(w, map[string]any{"releases": []api.Release{current, failedRelease, liveRelease}})
	}
}

func (f *fakeApp) release(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("number") {
	case "127":
		f.answer(w, api.ReleaseDetail{Release: failedRelease})
	case "126":
		f.answer(w, api.ReleaseDetail{
			Release: liveRelease,
			Served:  []api.Request{{ID: "req-0", Source: release.FromEditor, Actor: "Grace", Title: "Jobs", AcceptedAt: clitest.Noon.Add(-time.Hour), Reason: "published\nnow"}},
			Events:  []api.Event{{ID: 1, Site: "www", At: clitest.Noon.Add(-time.Hour), Kind: "release.opened", By: "Grace"}, {ID: 2, Site: "www", At: clitest.Noon, Kind: "release.succeeded"}},
		})
	case "129":
		d := underWay(release.Requested)
		switch {
		case f.fail && f.asked > 2:
			d.Outcome, d.Why = release.Failed, "the build failed with exit code 1"
		case f.asked > 2:
			d = underWay(release.InProgress)
		case f.asked > 1:
			d = underWay(release.Dispatched)
		}
		f.answer(w, api.ReleaseDetail{Release: d})
	default:
		refuse(w, api.Problem{Status: 404, Title: "Not Found", Code: "not_found", Detail: "there is no release #" + r.PathValue("number")})
	}
}

func (f *fakeApp) log(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "building %s #%s\n\x1b[31mdone\x1b[0m\n", r.PathValue("site"), r.PathValue("number"))
}

func (f *fakeApp) act(w http.ResponseWriter, r *http.Request) {
	s, ok := f.find(w, r)
	if !ok {
		return
	}
	if r.PathValue("act") == "cancel" {
		refuse(w, api.Problem{Status: 409, Title: "Conflict", Code: "already_live", Detail: "release #128 is live: it can't be cancelled"})
		return
	}
	f.answer(w, s)
}

func (f *fakeApp) events(w http.ResponseWriter, r *http.Request) {
	events := []api.Event{
		{ID: 1, Site: "www", At: clitest.Noon, Kind: "request.accepted", Request: "req-1", By: "Ada"},
		{ID: 2, Site: "www", At: clitest.Noon, Kind: "release.failed", Release: 127, Why: "the build failed\nwith exit code 1"},
		{ID: 3, Site: "www", At: clitest.Noon, Kind: "site.paused", By: "ops", Why: "CDN"},
	}
	var after int64
	if text := r.URL.Query().Get("after"); text != "" {
		if _, err := fmt.Sscan(text, &after); err != nil {
			f.t.Error(err)
		}
	}
	left := []api.Event{}
	for _, e := range events {
		if e.ID > after {
			left = append(left, e)
		}
	}
	f.answer(w, map[string]any{"events": left})
}

var (
	liveRelease = api.Release{
		Site: "www", Number: 126, State: release.Ready, Outcome: release.Succeeded, Requests: 1,
		Run: &api.Run{ID: "local-126", Attempt: 1}, Watermark: at(-25),
		Times: api.Times{Requested: at(-60), Dispatched: at(-50), Starting: at(-49), InProgress: at(-25), Complete: at(-2), Ended: at(0)},
		Metrics: &api.Metrics{
			Steps: []api.StepTime{{Name: "build", Seconds: 12.34, Result: "ok"}, {Name: "deploy", Seconds: 0.25, Result: "ok"}},
			Pages: 1200, Files: 1310, Bytes: 18_400_000, Uploaded: 3, UploadedBytes: 41_000, Unchanged: 1307,
			Edge: &api.Edge{CDN: "fastly:S", State: api.EdgePending, Why: "it answered 503", Seconds: 3},
		},
	}
	failedRelease = api.Release{
		Site: "www", Number: 127, State: release.Ready, Outcome: release.Failed, Requests: 2,
		Why: "the build failed with exit code 1", Fault: release.FaultBuild,
		Times:   api.Times{Requested: at(10), Dispatched: at(20), Starting: at(21), Ended: at(30)},
		Metrics: &api.Metrics{Steps: []api.StepTime{{Name: "build", Seconds: 8.9, Result: "failed", Note: "exit status 1"}}},
	}
)

func underWay(s release.State) api.Release {
	r := api.Release{Site: "www", Number: 129, State: s, Requests: 3, Note: "building", Times: api.Times{Requested: at(0)}}
	if s != release.Requested {
		r.Times.Dispatched = at(10)
	}
	if s == release.InProgress {
		r.Times.Starting, r.Times.InProgress = at(11), at(20)
	}
	return r
}

func www() api.Site {
	current, live := underWay(release.InProgress), liveRelease
	return api.Site{
		Name: "www", Title: "Example Agency", URL: "https://www.example.gov", State: release.InProgress, Since: *at(20),
		Waiting: api.Waiting{Count: 2, Since: at(25), For: "release", Text: "Waiting for release #129 to end."},
		Current: &current, Live: &live, Last: &failedRelease, Scheduled: at(3600),
		Paused:  &api.Pause{By: "ops", Why: "The CDN is being moved", Since: *at(5), Until: at(7200)},
		Held:    &api.Hold{Since: *at(1), Why: "three failures in a row"},
		Freezes: []api.Freeze{{ID: "QX4T2B7A", From: *at(86400), To: *at(172800), Why: "Christmas", By: "ops"}, {From: *at(0), To: *at(1), Why: "Audit"}},
		Text:    "Release #129 is in progress.",
	}
}

// heldSite is held after a failure: what waits has had no run.
func heldSite() api.Site {
	s := www()
	current := underWay(release.Requested)
	current.Number, current.Site = 128, "www-held"
	s.Name, s.State, s.Condition, s.Headline, s.Current = "www-held", release.Requested, "held", "Held", &current
	s.Waiting, s.Paused, s.Freezes = api.Waiting{Count: 3, Since: at(0), For: "hold"}, nil, nil
	s.Text = "Held: the build failed with exit code 1. Nothing is lost; ask for a release to try again at once."
	return s
}

func staging() api.Site {
	return api.Site{Name: "www-staging", Title: "www-staging", State: release.Ready, Since: clitest.Noon, Text: "Nothing has been released yet."}
}

// fakeLedger is the header of a SQLite file of one page of 512 bytes, as its
// format has it (sqlite.org/fileformat.html), and nothing else.
func fakeLedger() []byte {
	text := make([]byte, 512)
	copy(text, "SQLite format 3\x00\x02\x00")
	text[31] = 1
	return text
}
