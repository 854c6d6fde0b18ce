package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

var currentStep = regexp.MustCompile(`(?s)<li class="current" aria-current="step">.*?<span class="name">([^<]*)<`)

func TestEveryStateIsShownInWordsAndAsOneStep(t *testing.T) {
	srv := servePages(t)
	r := &reader{t: t, base: srv.URL, client: srv.Client()}
	for name, f := range samples() {
		t.Run(name, func(t *testing.T) {
			p := (&reader{t: t, base: r.base, client: r.client}).get("/sites/" + name).status(http.StatusOK)
			p.says(stateName(f.site.State), "Release now", "Last releases", "For operators", "Riverside Public Library")
			steps := currentStep.FindAllStringSubmatch(p.text, -1)
			if len(steps) != 1 || steps[0][1] != stateName(f.site.State) {
				t.Errorf("the current step is %q, want %q alone", steps, stateName(f.site.State))
			}
			for _, s := range release.States {
				p.says(stateName(s))
			}
		})
	}
}

func TestWhatKeepsReleasesBackIsSaidLoudly(t *testing.T) {
	srv := servePages(t)
	for name, want := range map[string][]string{
		"held":       {"Held. 4 releases in a row did not succeed", "Nothing is lost", "“Release now” tries again at once", "an editor can mend it", "Until somebody acts", "Retry now"},
		"retry":      {"Release #127 did not succeed. The bucket refused the upload.", "an operator should look", "Until 15:13:32 EST"},
		"paused":     {"Paused. By Grace Hopper: moving the database.", "until 17:12:40 EST", "Resume releases"},
		"frozen":     {"Frozen. Election night.", "until Wed 25 Nov 2026, 03:12 EST"},
		"late":       {"Late. Release #128 takes longer than it may."},
		"cancelling": {"it is being cancelled by Grace Hopper"},
		"disk":       {"Nothing can be saved. The disk is full."},
		"edge":       {"Edge pending. Live at the origin, edge pending: cloudfront E1 may still show what was replaced"},
		"first":      {"Nothing has been released yet.", "There has been no release yet."},
		"requested":  {"Release #128 starts at 15:12:46 EST", "further changes, which may join", "Waiting for release #128 to start"},
		"in_progress": {
			"Now: building 1,214 pages", "Expected live about 15:13:50 EST", "Running for 1 min 30 s", "Usually takes 2 min 40 s",
			"In release #128", "Waiting for the release after it", "New on the shelves: November", "Jun Tanaka",
			"Scheduled", "not before Tue 24 Nov 2026, 09:12 EST", "Ada Lovelace, Maria Sánchez, Jun Tanaka and others",
		},
		"ready": {"Everything but what is scheduled is live, as of release #127", "Failed the check found 12 pages without content"},
	} {
		t.Run(name, func(t *testing.T) {
			p := (&reader{t: t, base: srv.URL, client: srv.Client()}).get("/sites/" + name).status(http.StatusOK).says(want...)
			if name != "held" && name != "retry" {
				p.saysNot("Retry now")
			}
		})
	}
}

func TestTimesAreForProgramsToo(t *testing.T) {
	srv := servePages(t)
	p := (&reader{t: t, base: srv.URL, client: srv.Client()}).get("/sites/in_progress")
	if want := `<time datetime="2026-11-23T15:13:50-05:00">15:13:50 EST</time>`; !strings.Contains(p.text, want) {
		t.Errorf("no %s in the page", want)
	}
}

func TestAskingWithoutScriptsEndsWithTheChangeLive(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	site := r.get("/sites/www").status(http.StatusOK).says("Ready", "The library", "You are newsroom").saysNot("For operators")
	form := url.Values{"key": {site.field("key")}, "name": {"Ada"}, "reason": {"New opening hours"}}
	asked := r.form("/sites/www/requests", form).status(http.StatusSeeOther)
	to := asked.location()
	if !strings.HasPrefix(to, "/requests/req_") {
		t.Fatalf("asking leads to %q", to)
	}
	job := b.job(t)
	again := r.form("/sites/www/requests", form).status(http.StatusSeeOther)
	if again.location() != to+"?again=1" {
		t.Errorf("the form sent twice leads to %q and %q: two requests", to, again.location())
	}
	r.get(again.location()).status(http.StatusOK).says("It is the same request")
	p := r.get(to).status(http.StatusOK).says("Is my change live?", "New opening hours", "Not yet: it is on its way", "Ada (newsroom)", "Release #1")
	if !strings.Contains(p.text, `<noscript><meta http-equiv="refresh" content="30"></noscript>`) {
		t.Error("a browser without scripts is not told to reload the page")
	}
	if still := r.get(to + "?still=1"); strings.Contains(still.text, "http-equiv") {
		t.Error("who asked for stillness is reloaded all the same")
	}
	b.run(t, job, release.InProgress)
	r.get("/sites/www").says("In Progress", "New opening hours")
	b2 := r.get("/sites/www/releases/1").status(http.StatusOK).says("Release #1", "In progress", "In Progress")
	b2.says("Request accepted", "Ada (newsroom)")
}

func TestALiveChangeIsSaidToBeLive(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	to := r.form("/sites/www/requests", url.Values{"key": {"k1"}}).status(http.StatusSeeOther).location()
	b.run(t, b.job(t), release.Ready)
	p := r.get(to).status(http.StatusOK).says("Yes, it is live", "Live since", "with release #1", "newsroom")
	if strings.Contains(p.text, "http-equiv") {
		t.Error("a page that will not change reloads itself")
	}
	r.get("/sites/www").says("Ready", "Everything is live, as of release #1", "#1 Live newsroom").saysNot("New opening hours")
	r.get("/sites/www/releases/1").says("Live since", "Ready")
	r.get("/").says("The library", "Everything is live")
}

func TestAReleaseTellsWhatItDid(t *testing.T) {
	b := start(t, withPeople)
	asked, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent, Actor: "Ada", Title: "New hours"})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	metrics := `{"pages":1214,"files":1500,"bytes":2500000,"uploaded":3,"uploaded_bytes":1200,"deleted":1,"unchanged":1496,"commit":"abc123",
		"steps":[{"name":"build","started_at":"2026-11-23T15:00:00Z","seconds":61.5,"result":"ok"},{"name":"deploy","started_at":"2026-11-23T15:01:01Z","seconds":2.25,"result":"ok","note":"3 files"}],
		"changed":["hours/index.html"],"edge":{"cdn":"fastly:S","state":"pending","why":"it answered 503 <b>","purged":0,"seconds":1}}`
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, metrics); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, editorToken)
	p := r.get("/sites/www/releases/1").status(http.StatusOK)
	p.says("1\u202f214", "1\u202f500 (2.5 MB)", "3 (1.2 kB)", "build ok 1 min 2 s", "deploy ok: 3 files 2.2 s", "hours/index.html", "abc123", "New hours", "Complete: live",
		"Live at the origin, edge pending: fastly:S may still show what was replaced (it answered 503 <b>)")
	if strings.Contains(p.text, "503 <b>") {
		t.Error("the CDN's words are markup")
	}
	if !strings.Contains(p.text, `href="/requests/`+asked.ID+`"`) {
		t.Error("no link to the request it served")
	}
	r.get("/sites/www/releases/1/log").status(http.StatusNotFound).says("has no output here")
	r.get("/sites/www/releases/2").status(http.StatusNotFound)
	r.get("/sites/www/releases/0").status(http.StatusNotFound)
	r.get("/sites/www/releases/x").status(http.StatusNotFound)
}

func TestAReleaseTellsWhatBecameOfTheCDN(t *testing.T) {
	b := start(t, withPeople)
	b.ask(t, release.FromContent)
	b.run(t, b.job(t), release.Ready)
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, `{"files":3,"edge":{"cdn":"fastly:S","state":"purged","purged":12,"seconds":1.5}}`); err != nil {
		t.Fatal(err)
	}
	signedInReader(t, b, editorToken).get("/sites/www/releases/1").says("Live everywhere: fastly:S was told to forget 12 items, in 1.5s")
}

func TestAFailedReleaseTellsHowLongItsStepsTook(t *testing.T) {
	b := start(t, withPeople)
	b.ask(t, release.FromContent)
	job := b.job(t)
	b.run(t, job, release.InProgress)
	run := api.Run{ID: "run-1", Attempt: 1}
	session := b.client.WithToken(b.app.auth.MintSession(auth.Grant{Site: "www", Release: 1, Run: run.ID, Attempt: 1}))
	if err := session.Fail(t.Context(), "www", 1, api.FailureInput{Run: run, Why: "no title", Fault: release.FaultContent}); err != nil {
		t.Fatal(err)
	}
	steps := []api.StepTime{{Name: "build", StartedAt: time.Now().UTC(), Seconds: 61.5, Result: "failed", Note: "exit status 1"}}
	if err := session.PutMetrics(t.Context(), "www", 1, api.Metrics{Steps: steps}); err != nil {
		t.Fatal(err)
	}
	p := signedInReader(t, b, editorToken).get("/sites/www/releases/1").says("build failed: exit status 1 1 min 2 s", "no title")
	if strings.Contains(p.text, "<dt>Pages</dt>") {
		t.Error("it tells of pages that never were")
	}
}

func TestHostileTextStaysText(t *testing.T) {
	b := start(t, withPeople)
	evil := "<script>alert(1)</script>\u202eevil\u2066\x07\x00 \"'><img src=x onerror=alert(1)>" + strings.Repeat("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", 20) + strings.Repeat("long", 60)
	accepted, err := b.app.ledger.Accept(t.Context(), ledger.Request{
		Site: "www", Key: "evil", Source: release.FromContent, Actor: evil, Title: evil, Link: "javascript:alert(1)", Reason: evil, Entity: evil,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	r.form("/sites/www/pause", url.Values{"why": {evil}}).status(http.StatusSeeOther)
	for _, path := range []string{"/", "/sites/www", "/sites/www/releases/1", "/requests/" + accepted.Request.ID} {
		p := r.get(path).status(http.StatusOK)
		for _, bad := range []string{"<script>alert", "<img src=x", "javascript:", "\u202e", "\u2066", "\x07", "\x00", "e" + strings.Repeat("\u0301", 5)} {
			if strings.Contains(p.text, bad) {
				t.Errorf("%s carries %q", path, bad)
			}
		}
	}
	r.get("/sites/www").says("<script>alert(1)</script>evil").says("…")
	r.get("/requests/%3Cscript%3E").status(http.StatusNotFound)
}

func TestLinksOpenNothingOfOurs(t *testing.T) {
	srv := servePages(t)
	p := (&reader{t: t, base: srv.URL, client: srv.Client()}).get("/sites/in_progress")
	links := regexp.MustCompile(`<a [^>]*href="https?:[^>]*>`).FindAllString(p.text, -1)
	if len(links) < 5 {
		t.Fatalf("only %d links lead elsewhere", len(links))
	}
	for _, link := range links {
		if !strings.Contains(link, `rel="noopener noreferrer"`) {
			t.Errorf("%s has no rel", link)
		}
	}
}

func TestUnknownAddresses(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	for _, path := range []string{"/nope", "/sites/none", "/sites/secret", "/sites/secret/releases/1", "/requests/req_none", "/sites/www/nope", "/sites/www/releases/1/nope"} {
		p := r.get(path).status(http.StatusNotFound).says("There is no such page")
		if !strings.HasPrefix(p.resp.Header.Get("Content-Type"), "text/html") || strings.Contains(p.text, "Secret plans") {
			t.Errorf("%s: %s\n%s", path, p.resp.Header, p.text)
		}
	}
	r.get("/").says("The library").saysNot("Secret plans")
	for _, path := range []string{"/sites/www/requests", "/sites/www/releases", "/sites/www/pause"} {
		if to := r.get(path).status(http.StatusSeeOther).location(); to != "/sites/www" {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	api := r.get("/v1/nope").status(http.StatusNotFound)
	if got := api.resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("a program gets %s", got)
	}
	api = r.get("/v1/sites/www/pause").status(http.StatusMethodNotAllowed)
	if got := api.resp.Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestAssetsAreKeptAndPagesAreNot(t *testing.T) {
	b := start(t, withPeople)
	p := newReader(t, b).get("/signin").status(http.StatusOK)
	if got := p.resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("pages: Cache-Control %q", got)
	}
	links := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(p.text, -1)
	if len(links) < 2 {
		t.Fatalf("the page names %d assets", len(links))
	}
	for _, link := range links {
		a := newReader(t, b).get(link[1]).status(http.StatusOK)
		if got := a.resp.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", link[1], got)
		}
	}
	newReader(t, b).get("/assets/pages.css").status(http.StatusNotFound)
	csp := p.resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
}

func TestTroubleWithTheDiskIsSaidUntilItIsOver(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	b.app.disk.Note(&ledger.Unavailable{Why: "the disk is full"})
	r.get("/sites/www").says("Nothing can be saved. The disk is full.")
	r.get("/").says("Nothing can be saved. The disk is full.")
	r.form("/sites/www/requests", url.Values{"key": {"k"}}).status(http.StatusSeeOther)
	r.get("/sites/www").saysNot("Nothing can be saved")
	r.get("/").saysNot("Nothing can be saved")
}

func TestOnThisMachineNobodySignsIn(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Access = "loopback" })
	r := newReader(t, b)
	r.get("/sites/www").status(http.StatusOK).says("For operators").saysNot("Sign out")
	if to := r.get("/signin?next=/sites/www").status(http.StatusSeeOther).location(); to != "/sites/www" {
		t.Errorf("signing in leads to %q", to)
	}
	to := r.form("/sites/www/requests", url.Values{"name": {"Ada"}}).status(http.StatusSeeOther).location()
	r.get(to).says("Asked by Ada")
}

func TestEveryKindOfEventHasWords(t *testing.T) {
	for _, file := range []string{"../internal/release/effect.go", "../internal/ledger/types.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		kinds := 0
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Kind") || len(spec.Values) == 0 {
				return true
			}
			kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds++
			if eventWords[kind] == "" {
				t.Errorf("%s: %s has no words, and pages do not listen to it", file, kind)
			}
			return true
		})
		if kinds == 0 {
			t.Errorf("%s names no kinds any more: look where they went", file)
		}
	}
}

func TestScheduledRequestsBeyondThoseShownAreNotHidden(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	at := ledger.Now().Add(time.Hour)
	for range shownRequests {
		if _, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent, NotBefore: &at}); err != nil {
			t.Fatal(err)
		}
	}
	r.get("/sites/www").saysNot("and others, later")
	if _, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent, NotBefore: &at}); err != nil {
		t.Fatal(err)
	}
	r.get("/sites/www").says("and others, later")
}
