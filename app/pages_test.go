package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

func TestAskingWithoutScriptsEndsWithTheChangeLive(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	site := r.Get("/sites/www").Status(http.StatusOK).Says("Ready", "The library", "You are newsroom").SaysNot("For operators")
	form := url.Values{"key": {site.Field("key")}, "name": {"Ada"}, "reason": {"New opening hours"}}
	asked := r.Form("/sites/www/requests", form).Status(http.StatusSeeOther)
	to := asked.Location()
	if !strings.HasPrefix(to, "/requests/req_") {
		t.Fatalf("asking leads to %q", to)
	}
	job := b.job(t)
	again := r.Form("/sites/www/requests", form).Status(http.StatusSeeOther)
	if again.Location() != to+"?again=1" {
		t.Errorf("the form sent twice leads to %q and %q: two requests", to, again.Location())
	}
	r.Get(again.Location()).Status(http.StatusOK).Says("It is the same request")
	p := r.Get(to).Status(http.StatusOK).Says("Is my change live?", "New opening hours", "Not yet: it is on its way", "Ada (newsroom)", "Release #1")
	if !strings.Contains(p.Text, `<noscript><meta http-equiv="refresh" content="30"></noscript>`) {
		t.Error("a browser without scripts is not told to reload the page")
	}
	if still := r.Get(to + "?still=1"); strings.Contains(still.Text, "http-equiv") {
		t.Error("who asked for stillness is reloaded all the same")
	}
	b.run(t, job, release.InProgress)
	r.Get("/sites/www").Says("In Progress", "New opening hours")
	b2 := r.Get("/sites/www/releases/1").Status(http.StatusOK).Says("Release #1", "In progress", "In Progress")
	b2.Says("Request accepted", "Ada (newsroom)")
}

func TestALiveChangeIsSaidToBeLive(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	to := r.Form("/sites/www/requests", url.Values{"key": {"k1"}}).Status(http.StatusSeeOther).Location()
	b.run(t, b.job(t), release.Ready)
	p := r.Get(to).Status(http.StatusOK).Says("Yes, it is live", "Live since", "with release #1", "newsroom")
	if strings.Contains(p.Text, "http-equiv") {
		t.Error("a page that will not change reloads itself")
	}
	r.Get("/sites/www").Says("Ready", "Everything is live, as of release #1", "#1 Live all content newsroom").SaysNot("New opening hours")
	r.Get("/sites/www/releases/1").Says("Live since", "Ready")
	r.Get("/").Says("The library", "Everything is live")
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
	p := r.Get("/sites/www/releases/1").Status(http.StatusOK)
	p.Says("1\u202f214", "1\u202f500 (2.5 MB)", "3 (1.2 kB)", "build ok 1 min 2 s", "deploy ok: 3 files 2.2 s", "hours/index.html", "abc123", "New hours", "Complete: live",
		"Live at the origin, edge pending: fastly:S may still show what was replaced (it answered 503 <b>)")
	if strings.Contains(p.Text, "503 <b>") {
		t.Error("the CDN's words are markup")
	}
	if !strings.Contains(p.Text, `href="/requests/`+asked.ID+`"`) {
		t.Error("no link to the request it served")
	}
	r.Get("/sites/www/releases/1/log").Status(http.StatusNotFound).Says("has no output here")
	r.Get("/sites/www/releases/2").Status(http.StatusNotFound)
	r.Get("/sites/www/releases/0").Status(http.StatusNotFound)
	r.Get("/sites/www/releases/x").Status(http.StatusNotFound)
}

func TestAReleaseTellsWhatBecameOfTheCDN(t *testing.T) {
	b := start(t, withPeople)
	b.ask(t, release.FromContent)
	b.run(t, b.job(t), release.Ready)
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, `{"files":3,"edge":{"cdn":"fastly:S","state":"purged","purged":12,"seconds":1.5}}`); err != nil {
		t.Fatal(err)
	}
	signedInReader(t, b, editorToken).Get("/sites/www/releases/1").Says("Live everywhere: fastly:S was told to forget 12 items, in 1.5s")
}

func TestAFailedReleaseTellsHowLongItsStepsTook(t *testing.T) {
	b := start(t, withPeople)
	b.ask(t, release.FromContent)
	job := b.job(t)
	b.run(t, job, release.InProgress)
	run := api.Run{ID: "run-1", Attempt: 1}
	session := b.client.WithToken(b.app.current.Load().auth.MintSession(auth.Grant{Site: "www", Release: 1, Run: run.ID, Attempt: 1}))
	if err := session.Fail(t.Context(), "www", 1, api.FailureInput{Run: run, Why: "no title", Fault: release.FaultContent}); err != nil {
		t.Fatal(err)
	}
	steps := []api.StepTime{{Name: "build", StartedAt: time.Now().UTC(), Seconds: 61.5, Result: "failed", Note: "exit status 1"}}
	if err := session.PutMetrics(t.Context(), "www", 1, api.Metrics{Steps: steps}); err != nil {
		t.Fatal(err)
	}
	p := signedInReader(t, b, editorToken).Get("/sites/www/releases/1").Says("build failed: exit status 1 1 min 2 s", "no title")
	if strings.Contains(p.Text, "<dt>Pages</dt>") {
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
	r.Form("/sites/www/pause", url.Values{"why": {evil}}).Status(http.StatusUnprocessableEntity) // for its NUL
	r.Form("/sites/www/pause", url.Values{"why": {strings.ReplaceAll(evil, "\x00", "")}}).Status(http.StatusSeeOther)
	for _, path := range []string{"/", "/sites/www", "/sites/www/releases/1", "/requests/" + accepted.Request.ID} {
		p := r.Get(path).Status(http.StatusOK)
		for _, bad := range []string{"<script>alert", "<img src=x", "javascript:", "\u202e", "\u2066", "\x07", "\x00", "e" + strings.Repeat("\u0301", 5)} {
			if strings.Contains(p.Text, bad) {
				t.Errorf("%s carries %q", path, bad)
			}
		}
	}
	r.Get("/sites/www").Says("<script>alert(1)</script>evil").Says("…")
	r.Get("/requests/%3Cscript%3E").Status(http.StatusNotFound)
}

func TestUnknownAddresses(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	for _, path := range []string{"/nope", "/sites/none", "/sites/secret", "/sites/secret/releases/1", "/requests/req_none", "/sites/www/nope", "/sites/www/releases/1/nope"} {
		p := r.Get(path).Status(http.StatusNotFound).Says("There is no such page")
		if !strings.HasPrefix(p.Resp.Header.Get("Content-Type"), "text/html") || strings.Contains(p.Text, "Secret plans") {
			t.Errorf("%s: %s\n%s", path, p.Resp.Header, p.Text)
		}
	}
	r.Get("/").Says("The library").SaysNot("Secret plans")
	for _, path := range []string{"/sites/www/requests", "/sites/www/pause"} {
		if to := r.Get(path).Status(http.StatusSeeOther).Location(); to != "/sites/www" {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	api := r.Get("/v1/nope").Status(http.StatusNotFound)
	if got := api.Resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("a program gets %s", got)
	}
	api = r.Get("/v1/sites/www/pause").Status(http.StatusMethodNotAllowed)
	if got := api.Resp.Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestAssetsAreKeptAndPagesAreNot(t *testing.T) {
	b := start(t, withPeople)
	p := newReader(t, b).Get("/signin").Status(http.StatusOK)
	if got := p.Resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("pages: Cache-Control %q", got)
	}
	links := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(p.Text, -1)
	if len(links) < 2 {
		t.Fatalf("the page names %d assets", len(links))
	}
	for _, link := range links {
		a := newReader(t, b).Get(link[1]).Status(http.StatusOK)
		if got := a.Resp.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", link[1], got)
		}
	}
	newReader(t, b).Get("/assets/pages.css").Status(http.StatusNotFound)
	csp := p.Resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
}

func TestTroubleWithTheDiskIsSaidUntilItIsOver(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	b.app.disk.Note(&ledger.Unavailable{Why: "the disk is full"})
	r.Get("/sites/www").Says("Nothing can be saved. The disk is full.")
	r.Get("/").Says("Nothing can be saved. The disk is full.")
	r.Form("/sites/www/requests", url.Values{"key": {"k"}}).Status(http.StatusSeeOther)
	r.Get("/sites/www").SaysNot("Nothing can be saved")
	r.Get("/").SaysNot("Nothing can be saved")
}

func TestOnThisMachineNobodySignsIn(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Access = "loopback" })
	r := newReader(t, b)
	r.Get("/sites/www").Status(http.StatusOK).Says("For operators").SaysNot("Sign out")
	if to := r.Get("/signin?next=/sites/www").Status(http.StatusSeeOther).Location(); to != "/sites/www" {
		t.Errorf("signing in leads to %q", to)
	}
	to := r.Form("/sites/www/requests", url.Values{"name": {"Ada"}}).Status(http.StatusSeeOther).Location()
	r.Get(to).Says("Asked by Ada")
}

func TestScheduledRequestsBeyondThoseShownAreNotHidden(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	at := ledger.Now().Add(time.Hour)
	for range 50 {
		if _, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent, NotBefore: &at}); err != nil {
			t.Fatal(err)
		}
	}
	r.Get("/sites/www").SaysNot("and others, later")
	if _, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent, NotBefore: &at}); err != nil {
		t.Fatal(err)
	}
	r.Get("/sites/www").Says("and others, later")
}

func TestTheHistoryHasNoEnd(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	for range 2 {
		b.ask(t, release.FromEditor)
		b.run(t, b.job(t), release.Ready)
	}
	r.Get("/sites/www/releases").Status(http.StatusOK).Says("#2", "#1", "How long the last 2 releases took", "Roll back")
	r.Get("/sites/www/releases?before=2").Status(http.StatusOK).Says("#1").SaysNot("#2")
	r.Get("/sites/www/releases?before=1").Status(http.StatusOK).Says("There is no older release.")
	r.Get("/sites/www/releases?before=x").Status(http.StatusUnprocessableEntity)
	r.Get("/sites/www?wall").Status(http.StatusOK).Says("Live now")
}
