//go:build unix

package action_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// fakeApp is an app of one site, www: the API of internal/api over the real
// rules of internal/release, with faults to order.
type fakeApp struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	site     release.Site
	requests []api.Request
	calls    []seen
	metrics  *api.Metrics
	account  *api.AccountInput
	// fault says what happens to the nth call of a kind, from 0.
	fault func(kind string, n int) fault
	// after is called once a call has been decided, without the lock.
	after func(kind string)
	count map[string]int
	// sessions are good; forget makes them not.
	session int
}

type seen struct {
	Kind     string
	Sequence int64
	State    release.State
	Why      string
	Fault    release.Fault
	Code     release.Code // of the refusal
}

type fault string

const (
	fine        fault = ""
	lostAnswer  fault = "the answer is lost"
	lostRequest fault = "the request is lost"
	unavailable fault = "503"
	forgotten   fault = "the session is forgotten"
)

const runToken = "run-token-for-www"

// traceParent is the release's span, as an app gives it whose releases are traced.
const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func newFakeApp(t *testing.T) *fakeApp {
	t.Helper()
	a := &fakeApp{
		t: t, site: release.NewSite("www", release.DefaultPolicy()), count: map[string]int{},
		fault: func(string, int) fault { return fine }, after: func(string) {},
	}
	a.Server = httptest.NewServer(a.routes())
	t.Cleanup(a.Close)
	return a
}

// step decides an event; the caller holds the lock.
func (a *fakeApp) step(e release.Event) error {
	site, _, err := release.Step(a.site, e, time.Now())
	a.site = site
	return err
}

func (a *fakeApp) must(e release.Event) {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.step(e); err != nil {
		a.t.Fatalf("%T: %v", e, err)
	}
}

// dispatched brings the site to Dispatched with one request by an editor.
func (a *fakeApp) dispatched(run string) (number int64, token string) {
	a.t.Helper()
	a.ask("A page was changed")
	a.mu.Lock()
	a.site.Policy.Quiet = 0
	a.mu.Unlock()
	a.must(release.Tick{Token: "dispatch-token"})
	a.must(release.DispatchConfirmed{Token: "dispatch-token", Run: release.Run{ID: run, Attempt: 1}})
	return a.now().Current.Number, "dispatch-token"
}

func (a *fakeApp) ask(title string) {
	a.t.Helper()
	a.must(release.RequestAccepted{Source: release.FromEditor})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, api.Request{ID: "r" + strconv.Itoa(len(a.requests)), Site: "www", Source: release.FromEditor, Title: title})
}

// allowed are the guards let pass in the current release; the caller holds the lock.
func (a *fakeApp) allowed() *api.Allowed {
	now := a.site.Current.Allowed
	if now.Guards == "" {
		return nil
	}
	return &api.Allowed{Guards: now.Guards.Names(), By: now.By, Why: now.Why, At: now.At}
}

func (a *fakeApp) now() release.Site {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.site
}

func (a *fakeApp) seen(kind string) []seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.calls), func(s seen) bool { return s.Kind != kind })
}

// reported are the states that were reported, each once, in order.
func (a *fakeApp) reported() []release.State {
	var out []release.State
	for _, s := range a.seen("report") {
		if !slices.Contains(out, s.State) {
			out = append(out, s.State)
		}
	}
	return out
}

func (a *fakeApp) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sites/www/claims", a.handle("claim", runToken, func(body *json.Decoder, _ int64, _ *seen) (any, error) {
		var in api.ClaimInput
		if err := body.Decode(&in); err != nil {
			return nil, err
		}
		run := release.Run{ID: in.Run.ID, Attempt: in.Run.Attempt}
		if err := a.step(release.Claim{Release: in.Release, Token: in.Token, Run: run}); err != nil {
			return nil, err
		}
		return api.ClaimResult{Release: a.site.Current.Number, State: a.site.State, Session: a.sessionToken(), HeartbeatSeconds: 1, Sequence: a.site.Current.Sequence, RollbackTo: a.site.Current.RollbackTo, Attempts: a.site.Failures + 1, TraceParent: traceParent, Allowed: a.allowed()}, nil
	}))
	mux.HandleFunc("POST /v1/sites/www/releases/{number}/reports", a.handle("report", "", func(body *json.Decoder, number int64, s *seen) (any, error) {
		var in api.ReportInput
		if err := body.Decode(&in); err != nil {
			return nil, err
		}
		s.Sequence, s.State = in.Sequence, in.State
		run := release.Run{ID: in.Run.ID, Attempt: in.Run.Attempt}
		if err := a.step(release.Report{Release: number, Run: run, Sequence: in.Sequence, To: in.State}); err != nil {
			return nil, err
		}
		out := api.ReportResult{Release: number, State: a.site.State}
		if in.State == release.InProgress {
			watermark := a.site.Current.Watermark
			out.Watermark, out.Requests, out.RequestsTotal = &watermark, slices.Clone(a.requests), int64(len(a.requests))
		}
		return out, nil
	}))
	mux.HandleFunc("POST /v1/sites/www/releases/{number}/heartbeats", a.handle("heartbeat", "", func(body *json.Decoder, number int64, s *seen) (any, error) {
		var in api.HeartbeatInput
		if err := body.Decode(&in); err != nil {
			return nil, err
		}
		s.Why = in.Note
		return nil, a.step(release.Heartbeat{Release: number, Run: release.Run{ID: in.Run.ID, Attempt: in.Run.Attempt}})
	}))
	mux.HandleFunc("POST /v1/sites/www/releases/{number}/failure", a.handle("failure", "", func(body *json.Decoder, number int64, s *seen) (any, error) {
		var in api.FailureInput
		if err := body.Decode(&in); err != nil {
			return nil, err
		}
		s.Sequence, s.Why, s.Fault = in.Sequence, in.Why, in.Fault
		return nil, a.step(release.Failure{Release: number, Run: release.Run{ID: in.Run.ID, Attempt: in.Run.Attempt}, Sequence: in.Sequence, Why: in.Why, Fault: in.Fault, Guards: release.GuardsOf(in.Guards...)})
	}))
	mux.HandleFunc("PUT /v1/sites/www/releases/{number}/metrics", a.handle("metrics", "", func(body *json.Decoder, _ int64, _ *seen) (any, error) {
		a.metrics = &api.Metrics{}
		return nil, body.Decode(a.metrics)
	}))
	mux.HandleFunc("POST /v1/sites/www/releases/{number}/content", a.handle("content", "", func(body *json.Decoder, number int64, s *seen) (any, error) {
		var in api.ContentInput
		if err := body.Decode(&in); err != nil {
			return nil, err
		}
		s.Sequence, s.Why = in.Sequence, in.Digest
		run := release.Run{ID: in.Run.ID, Attempt: in.Run.Attempt}
		read := release.ContentRead{Release: number, Run: run, Sequence: in.Sequence, Digest: in.Digest, Consistency: in.Consistency}
		if in.Watermark != nil {
			read.Watermark = *in.Watermark
		}
		if err := a.step(read); err != nil {
			return nil, err
		}
		of := a.site.Current
		if of.Number != number {
			of = a.site.Last
		}
		return api.ContentResult{Release: number, SameAs: of.SameAs, Watermark: &of.Watermark}, nil
	}))
	mux.HandleFunc("PUT /v1/sites/www/releases/{number}/account", a.handle("account", "", func(body *json.Decoder, _ int64, _ *seen) (any, error) {
		a.account = &api.AccountInput{}
		return nil, body.Decode(a.account)
	}))
	return mux
}

func (a *fakeApp) sessionToken() string { return "session-" + strconv.Itoa(a.session) }

func (a *fakeApp) handle(kind, bearer string, decide func(*json.Decoder, int64, *seen) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		n := a.count[kind]
		a.count[kind]++
		f := a.fault(kind, n)
		if f == forgotten {
			a.session++
		}
		want := bearer
		if want == "" {
			want = a.sessionToken()
		}
		switch {
		case f == lostRequest:
			a.mu.Unlock()
			hangUp(w)
			return
		case f == unavailable:
			a.mu.Unlock()
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") != want:
			a.mu.Unlock()
			refuse(w, http.StatusUnauthorized, "unauthorized", "who are you?")
			return
		}
		s := seen{Kind: kind}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64) // a claim has none
		out, err := decide(decoder, number, &s)
		conflict, refused := errors.AsType[*release.Conflict](err)
		if refused {
			s.Code = conflict.Code
		}
		a.calls = append(a.calls, s)
		a.mu.Unlock()
		a.after(kind)
		switch {
		case f == lostAnswer:
			hangUp(w)
		case refused:
			refuse(w, http.StatusConflict, string(conflict.Code), conflict.Text)
		case err != nil:
			refuse(w, http.StatusUnprocessableEntity, "invalid", err.Error())
		case out == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(out)
		}
	}
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func refuse(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(api.Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail})
}
