package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/release"
)

// described holds every call, and its answer, against the app's own description.
type described struct {
	t      *testing.T
	router routers.Router
	doc    *openapi3.T
	seen   map[string]bool // operations that have answered with success
	base   string
}

func describe(t *testing.T, b *bench) *described {
	t.Helper()
	resp := b.fetch(t, "/openapi-3.0.json", operatorToken)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("the description is no OpenAPI: %v", err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &described{t: t, router: router, doc: doc, seen: map[string]bool{}, base: b.url}
}

// RoundTrip implements http.RoundTripper.
func (d *described) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		d.t.Errorf("%s %s is not described: %v", r.Method, r.URL.Path, err)
		return resp, nil
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(answer)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if strings.HasSuffix(resp.Header.Get("Content-Type"), "json") || resp.StatusCode == http.StatusNoContent {
		if err := openapi3filter.ValidateResponse(r.Context(), in); err != nil {
			d.t.Errorf("%s %s: %d: %v", r.Method, r.URL.Path, resp.StatusCode, err)
		}
	}
	if resp.StatusCode < 300 {
		d.seen[route.Operation.OperationID] = true
	}
	return resp, nil
}

// calls makes calls whose answers nobody else looks at.
func (d *described) calls(calls ...[3]string) {
	d.t.Helper()
	for _, c := range calls {
		req, err := http.NewRequestWithContext(d.t.Context(), c[0], d.base+c[1], strings.NewReader(c[2]))
		if err != nil {
			d.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+operatorToken)
		req.Header.Set("Content-Type", "application/json")
		resp, err := d.RoundTrip(req)
		if err != nil {
			d.t.Fatal(err)
		}
		resp.Body.Close()
	}
}

// notices makes the calls about what targets are told and who is signed in, and moves
// a request and withdraws it.
func (d *described) notices(b *bench) {
	d.t.Helper()
	sent, err := b.client.TestTarget(d.t.Context(), "www", "cms")
	if err != nil {
		d.t.Fatal(err)
	}
	at := time.Now().Add(time.Hour)
	later, err := b.client.Ask(d.t.Context(), "www", "later", api.RequestInput{Source: release.FromEditor, NotBefore: &at})
	if err != nil {
		d.t.Fatal(err)
	}
	session, err := b.app.ledger.Sessions().Begin(d.t.Context(), ledger.Session{Hash: "h", Via: "people", Subject: "ada", Name: "Ada", Until: at})
	if err != nil {
		d.t.Fatal(err)
	}
	one := ledger.Notice{ID: sent.ID, Type: sent.Type, Target: ledger.NoticeTarget{Site: "www", Name: "cms"}}
	if err := b.app.ledger.Notices().GaveUp(d.t.Context(), one, 500, "down"); err != nil {
		d.t.Fatal(err)
	}
	d.calls(
		[3]string{"GET", "/v1/sites/www/notices?limit=5"}, [3]string{"GET", "/v1/sites/www/notices/" + sent.ID},
		[3]string{"POST", "/v1/sites/www/notices/" + sent.ID + "/replay", ""}, [3]string{"POST", "/v1/sites/www/targets/cms/replay", ""},
		[3]string{"GET", "/v1/retention"}, [3]string{"GET", "/v1/sessions?everybody=true"}, [3]string{"DELETE", "/v1/sessions/" + session.ID, ""},
		[3]string{"PATCH", "/v1/requests/" + later.ID, `{"not_before":"` + at.Add(time.Hour).Format(time.RFC3339) + `"}`}, [3]string{"DELETE", "/v1/requests/" + later.ID, ""},
	)
}

func TestAnswersAreAsTheDescriptionSays(t *testing.T) {
	b := start(t, func(c *config.Config) {
		limited(c)
		hooked(c)
		told("http://127.0.0.1:9/")(c)
		published(t, hours...)(c)
		site := c.Sites["www"]
		site.GitHub.Previews = &config.SitePreviews{Address: "https://*.preview.example.gov"}
		c.Sites["www"] = site
	})
	d := describe(t, b)
	var err error
	if b.client, err = api.NewClient(b.url, operatorToken, api.Options{Tries: 1, Transport: d}); err != nil {
		t.Fatal(err)
	}
	look := [][3]string{
		{"GET", "/metrics"},
		{"GET", "/v1/sites"},
		{"GET", "/v1/sites/www"},
		{"GET", "/v1/sites/www/requests"},
		{"GET", "/v1/sites/www/find?q=a&show=waiting"},
		{"GET", "/v1/sites/www/schedule?next=5"},
		{"GET", "/v1/sites/www/releases?limit=2"},
		{"GET", "/v1/sites/www/releases/1"},
		{"GET", "/v1/sites/www/releases/2"},
		{"GET", "/healthz"},
		{"GET", "/readyz"},
		{"GET", "/v1/sites/www/hooks"},
		{"GET", "/v1/sites/www/deliveries?limit=5"},
		{"GET", "/v1/sites/www/changes"},
		{"GET", "/v1/sites/www/previews"},
		{"GET", "/v1/sites/www/differences?limit=2"},
		{"GET", "/v1/sites/www/differences/text?path=index.html"},
	}
	d.calls(look...)
	if site := b.site(t); !site.Since().IsZero() {
		t.Fatalf("a new site is %s since %s", site.State, site.Since())
	}
	resp := b.fetch(t, "/v1/sites/www", operatorToken)
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || strings.Contains(string(text), "0001-01-01") {
		t.Errorf("a site that was never released is told to be so since year 1: %s %v", text, err)
	}
	d.calls(
		[3]string{"POST", "/v1/sites/www/hooks/cms/address", ""}, [3]string{"POST", "/v1/sites/www/hooks/cms/address", ""},
		[3]string{"POST", "/v1/sites/www/hooks/cms/rotate", `{"overlap_hours":1}`}, [3]string{"POST", "/v1/sites/www/hooks/none/rotate", `{}`},
	)
	d.calls(look...)
	d.calls([3]string{"DELETE", "/v1/sites/www/hooks/cms/address", ""}, [3]string{"DELETE", "/v1/sites/www/hooks/cms/address", ""})
	d.calls(
		[3]string{"POST", "/v1/sites/www/previews", `{"ref":"feature/menu","days":30}`}, [3]string{"POST", "/v1/sites/www/previews", `{"ref":"a b"}`},
		[3]string{"POST", "/v1/sites/www/previews/" + preview.Name("feature/menu") + "/extend", `{"days":60}`}, [3]string{"POST", "/v1/sites/www/previews/none/extend", `{"days":60}`},
		[3]string{"DELETE", "/v1/sites/www/previews/" + preview.Name("feature/menu"), ""}, [3]string{"DELETE", "/v1/sites/www/previews/none", ""},
	)
	asked := b.ask(t, release.FromEditor)
	ask := func(key string) {
		t.Helper()
		if _, err := b.client.Ask(t.Context(), "www", key, api.RequestInput{Source: release.FromEditor, Title: "Hours", Link: "https://cms.example/1"}); err != nil {
			t.Error(err)
		}
	}
	ask("k")
	ask("k")
	b.run(t, b.job(t), release.Complete)
	ask("next")
	d.calls(look...)
	d.notices(b)
	d.calls(
		[3]string{"POST", "/v1/sites/www/pause", `{"why":"moving"}`},
		[3]string{"POST", "/v1/sites/www/reset", `{}`}, // the second release waits now
		[3]string{"POST", "/v1/sites/www/freezes", `{"to":"2999-01-01T00:00:00Z","why":"x"}`},
		[3]string{"GET", "/v1/requests/" + asked.ID},
	)
	d.calls(look...)
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	d.calls(
		[3]string{"DELETE", "/v1/sites/www/freezes/" + site.Freezes[0].ID},
		[3]string{"POST", "/v1/sites/www/retry", `{}`}, [3]string{"POST", "/v1/sites/www/resume", `{}`},
	)
	b.fails(t)
	d.calls(look...)
	d.calls(
		[3]string{"POST", "/v1/sites/www/allow", `{"guards":["none"],"why":"x"}`},
		[3]string{"POST", "/v1/sites/www/pause", `{"why":"moving"}`},
		[3]string{"POST", "/v1/sites/www/allow", `{"guards":["broken-links"],"why":"the shop follows"}`},
	)
	d.calls(look...)
	d.calls(
		[3]string{"POST", "/v1/sites/www/cancel", `{"why":"wrong"}`}, [3]string{"POST", "/v1/sites/www/cancel", `{}`},
		[3]string{"POST", "/v1/sites/www/requests", `{"source":"moon"}`}, [3]string{"POST", "/v1/sites/www/requests", `{`},
		[3]string{"GET", "/v1/sites/www/releases/99"}, [3]string{"GET", "/v1/sites/www/releases/1/log"}, [3]string{"GET", "/v1/sites/www/releases/x"},
		[3]string{"GET", "/v1/requests/none"}, [3]string{"GET", "/v1/sites/none"}, [3]string{"GET", "/v1/backup"},
		[3]string{"GET", "/v1/events?after=x"},
	)
	d.calls(look...)
	// Somebody changes the destination, and it is put back.
	if _, err := b.app.ledger.Decide(t.Context(), "www", release.MarkerSeen{Marker: release.Marker{Release: 9}, At: ledger.Now()}); err != nil {
		t.Fatal(err)
	}
	d.calls(look...)
	d.calls([3]string{"POST", "/v1/sites/www/rollback", `{"to":1,"why":"wrong"}`}, [3]string{"POST", "/v1/sites/www/rollback", `{"to":1}`})
	d.calls(look...)
	if _, err := b.client.EventList(t.Context(), "", 0, 10); err != nil {
		t.Error(err)
	}
	for path, item := range d.doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !d.seen[op.OperationID] && op.OperationID != "log" { // this runner has none
				t.Errorf("%s %s (%s) was never called with success", method, path, op.OperationID)
			}
		}
	}
}

// fails plays a run that measures something and fails.
func (b *bench) fails(t *testing.T) {
	t.Helper()
	job := b.job(t)
	b.await(t, release.Dispatched)
	run := api.Run{ID: b.site(t).Current.Run.ID, Attempt: 1}
	claim, err := b.client.WithToken(job.Bearer).Claim(t.Context(), job.Site, api.ClaimInput{Release: job.Release, Token: job.Token, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	session := b.client.WithToken(claim.Session)
	if err := session.Heartbeat(t.Context(), "www", job.Release, api.HeartbeatInput{Run: run, Note: "building"}); err != nil {
		t.Error(err)
	}
	if err := session.PutMetrics(t.Context(), "www", job.Release, api.Metrics{Pages: 1}); err != nil {
		t.Error(err)
	}
	if _, err := session.Report(t.Context(), "www", job.Release, api.ReportInput{Run: run, Sequence: 1, State: release.InProgress}); err != nil {
		t.Error(err)
	}
	if _, err := session.ContentRead(t.Context(), "www", job.Release, api.ContentInput{Run: run, Sequence: 2, Digest: "d", Consistency: release.Quiet}); err != nil {
		t.Error(err)
	}
	if err := session.PutAccount(t.Context(), "www", job.Release, api.AccountInput{Lines: accountOf(t, `{"address":"/<b>"}`)}); err != nil {
		t.Error(err)
	}
	if account, err := b.client.Account(t.Context(), "www", job.Release); err != nil {
		t.Errorf("the account of release #%d: %v", job.Release, err)
	} else if text, err := io.ReadAll(account); err != nil || string(text) != `{"address":"/<b>"}` || account.Close() != nil {
		t.Errorf("the account is %q (%v)", text, err)
	}
	if err := session.Fail(t.Context(), "www", job.Release, api.FailureInput{Run: run, Why: "the build broke", Fault: release.FaultBuild, Guards: []string{guard.BrokenLinks}}); err != nil {
		t.Error(err)
	}
}

// accountOf are lines as a run leaves them.
func accountOf(t *testing.T, lines string) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	if _, err := packed.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
