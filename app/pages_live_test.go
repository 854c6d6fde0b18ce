package app

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

func TestPagesStayUpToDateAndAreWorkedByKeyboard(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, withPeople)
	srv := ownServer(t, b)
	s := browser.Screen{T: t, Ctx: ctx}

	s.Do(chromedp.Navigate(srv.URL+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.AwaitText("stand", "Ready")

	// From the top of the page: the first stop is the link past the head.
	s.Do(chromedp.KeyEvent(kb.Tab))
	if got := s.Eval(`document.activeElement.textContent`); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	s.Do(chromedp.KeyEvent(kb.Enter))
	s.Await(`document.activeElement.id === "main"`)

	// Somebody types while somebody else's request changes the page.
	s.Do(chromedp.Focus("#ask-name"), chromedp.KeyEvent("Ada"), chromedp.Evaluate[chromedp.Void](`window.mark = "not reloaded"`))
	key := s.Eval(`document.querySelector("[name=key]").value`)
	if _, err := b.client.Ask(t.Context(), "www", "other", api.RequestInput{Source: release.FromContent, Actor: "Jun", Title: "Elsewhere"}); err != nil {
		t.Fatal(err)
	}
	job := b.job(t)
	s.AwaitText("stand", "Preparing")
	s.AwaitText("open", "Elsewhere")
	s.Await(`document.getElementById("announcer").textContent.includes("Publishing 1 change.")`)
	s.Await(`document.title.startsWith("Preparing")`)
	s.Await(`document.querySelector("[aria-current=step] .name").firstChild.textContent === "Dispatched"`)
	for script, want := range map[string]string{
		`window.mark`:                                "not reloaded",
		`document.activeElement.id`:                  "ask-name",
		`document.getElementById("ask-name").value`:  "Ada",
		`document.querySelector("[name=key]").value`: key,
	} {
		if got := s.Eval(script); got != want {
			t.Errorf("%s is %q, want %q", script, got, want)
		}
	}

	// Asking by keyboard alone: reason, button.
	s.Do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("New hours"), chromedp.KeyEvent(kb.Tab))
	if got := s.Eval(`document.activeElement.textContent + getComputedStyle(document.activeElement).outlineStyle`); got != "Release nowsolid" {
		t.Errorf("the next stop is %q: not the button, or its focus does not show", got)
	}
	s.Do(chromedp.KeyEvent(kb.Enter))
	s.Await(`location.pathname.startsWith("/requests/") && document.readyState === "complete"`)
	s.AwaitText("request", "Not yet: it is on its way")
	s.AwaitText("request", "New hours")
	s.Do(chromedp.Evaluate[chromedp.Void](`window.mark = "not reloaded"`))
	b.run(t, job, release.Ready)
	s.AwaitText("request", "Yes, it is live")
	if got := s.Eval(`window.mark`); got != "not reloaded" {
		t.Error("the page was reloaded")
	}

	// The focus stays where its thing still is, though the page changes around it.
	s.Do(chromedp.Focus(`a[href="/sites/www"]`))
	s.Do(chromedp.KeyEvent(kb.Enter))
	s.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.Do(chromedp.Focus(`#release-1 a`))
	if _, err := b.client.Ask(t.Context(), "www", "third", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	b.job(t)
	s.Await(`document.getElementById("release-2")`)
	if got := s.Eval(`document.activeElement.getAttribute("href") || document.activeElement.nodeName`); got != "/sites/www/releases/1" {
		t.Errorf("the focus went to %q", got)
	}

	// A reader may have stillness.
	s.Do(chromedp.Click("#live-control button"))
	s.Await(`document.querySelector("#live-control button").textContent === "Go on with live updates"`)
	s.Do(chromedp.Click("#live-control button"))

	srv.CloseClientConnections()
	srv.Close()
	s.Await(`document.getElementById("connection").textContent`)
	if got := s.Eval(`document.getElementById("connection").textContent`); !strings.HasPrefix(got, "Connection lost, showing the state as of ") {
		t.Errorf("without a server the page says %q", got)
	}
}

func TestASignedOutPageSaysSo(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, withPeople)
	s := browser.Screen{T: t, Ctx: ctx}
	s.Do(chromedp.Navigate(b.url+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.Eval(`fetch("/signout", {method: "POST"}).then(() => "out")`)
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.AwaitText("connection", "You are signed out")
}

func TestTheListOfSitesStaysUpToDate(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, withPeople)
	s := browser.Screen{T: t, Ctx: ctx}
	s.Do(chromedp.Navigate(b.url+"/"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	s.AwaitText("site-secret", "Ready")
	if _, err := b.client.Ask(t.Context(), "secret", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.AwaitText("site-secret", "Preparing")
	s.AwaitText("site-www", "Ready")
	s.Await(`document.getElementById("announcer").textContent.includes("Secret plans: Release #1")`)
}

// A server without room for a stream is no lost connection.
func TestAPageWithoutAStreamStaysUpToDateAndSaysSo(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, withPeople)
	b.app.places.Limit(stream.MaxOpen, 0)
	s := browser.Screen{T: t, Ctx: ctx}
	s.Do(chromedp.Navigate(b.url+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.AwaitText("connection", "There are no live updates at the moment")
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.AwaitText("stand", "Preparing")
	b.app.places.Limit(stream.MaxOpen, 10)
	s.Await(`!document.getElementById("connection").textContent`)
}
