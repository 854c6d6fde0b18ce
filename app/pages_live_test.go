package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// screen is a page in a browser.
type screen struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp's handle of the tab
}

func (s screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, steps...); err != nil {
		s.t.Fatal(err)
	}
}

func (s screen) eval(script string) string {
	s.t.Helper()
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%s: %v", script, err)
	}
	return got
}

// await waits until a script says true. Pages may change meanwhile.
func (s screen) await(script string) {
	s.t.Helper()
	eventually.Succeeds(s.t, script, func() error {
		ok, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool]("!!("+script+")"))
		if err == nil && ok {
			return nil
		}
		if s.ctx.Err() != nil {
			s.t.Fatal(s.ctx.Err())
		}
		text, textErr := chromedp.Run(s.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		return errors.Join(fmt.Errorf("the page says %s", text), err, textErr)
	})
}

func (s screen) awaitText(id, want string) {
	s.t.Helper()
	s.await(`document.getElementById("` + id + `") && document.getElementById("` + id + `").innerText.includes("` + want + `")`)
}

func TestPagesStayUpToDateAndAreWorkedByKeyboard(t *testing.T) {
	ctx := browser(t)
	b := start(t, withPeople)
	srv := ownServer(t, b)
	s := screen{t, ctx}

	s.do(chromedp.Navigate(srv.URL+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.awaitText("stand", "Ready")

	// From the top of the page: the first stop is the link past the head.
	s.do(chromedp.KeyEvent(kb.Tab))
	if got := s.eval(`document.activeElement.textContent`); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	s.do(chromedp.KeyEvent(kb.Enter))
	s.await(`document.activeElement.id === "main"`)

	// Somebody types while somebody else's request changes the page.
	s.do(chromedp.Focus("#ask-name"), chromedp.KeyEvent("Ada"), chromedp.Evaluate[chromedp.Void](`window.mark = "not reloaded"`))
	key := s.eval(`document.querySelector("[name=key]").value`)
	if _, err := b.client.Ask(t.Context(), "www", "other", api.RequestInput{Source: release.FromContent, Actor: "Jun", Title: "Elsewhere"}); err != nil {
		t.Fatal(err)
	}
	job := b.job(t)
	s.awaitText("stand", "Dispatched")
	s.awaitText("open", "Elsewhere")
	s.await(`document.getElementById("announcer").textContent.includes("Release #1")`)
	s.await(`document.title.startsWith("Dispatched")`)
	for script, want := range map[string]string{
		`window.mark`:                                "not reloaded",
		`document.activeElement.id`:                  "ask-name",
		`document.getElementById("ask-name").value`:  "Ada",
		`document.querySelector("[name=key]").value`: key,
		`document.querySelector("[aria-current=step] .name").firstChild.textContent`: "Dispatched",
	} {
		if got := s.eval(script); got != want {
			t.Errorf("%s is %q, want %q", script, got, want)
		}
	}

	// Asking by keyboard alone: reason, button.
	s.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("New hours"), chromedp.KeyEvent(kb.Tab))
	if got := s.eval(`document.activeElement.textContent + getComputedStyle(document.activeElement).outlineStyle`); got != "Release nowsolid" {
		t.Errorf("the next stop is %q: not the button, or its focus does not show", got)
	}
	s.do(chromedp.KeyEvent(kb.Enter))
	s.await(`location.pathname.startsWith("/requests/") && document.readyState === "complete"`)
	s.awaitText("request", "Not yet: it is on its way")
	s.awaitText("request", "New hours")
	s.do(chromedp.Evaluate[chromedp.Void](`window.mark = "not reloaded"`))
	b.run(t, job, release.Ready)
	s.awaitText("request", "Yes, it is live")
	if got := s.eval(`window.mark`); got != "not reloaded" {
		t.Error("the page was reloaded")
	}

	// The focus stays where its thing still is, though the page changes around it.
	s.do(chromedp.Focus(`a[href="/sites/www"]`))
	s.do(chromedp.KeyEvent(kb.Enter))
	s.await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.do(chromedp.Focus(`#release-1 a`))
	if _, err := b.client.Ask(t.Context(), "www", "third", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	b.job(t)
	s.await(`document.getElementById("release-2")`)
	if got := s.eval(`document.activeElement.getAttribute("href") || document.activeElement.nodeName`); got != "/sites/www/releases/1" {
		t.Errorf("the focus went to %q", got)
	}

	// A reader may have stillness.
	s.do(chromedp.Click("#live-control button"))
	s.await(`document.querySelector("#live-control button").textContent === "Go on with live updates"`)
	s.do(chromedp.Click("#live-control button"))

	srv.CloseClientConnections()
	srv.Close()
	s.await(`document.getElementById("connection").textContent`)
	if got := s.eval(`document.getElementById("connection").textContent`); !strings.HasPrefix(got, "Connection lost, showing the state as of ") {
		t.Errorf("without a server the page says %q", got)
	}
}

func TestASignedOutPageSaysSo(t *testing.T) {
	ctx := browser(t)
	b := start(t, withPeople)
	s := screen{t, ctx}
	s.do(chromedp.Navigate(b.url+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.eval(`fetch("/signout", {method: "POST"}).then(() => "out")`)
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.awaitText("connection", "You are signed out")
}

func TestTheListOfSitesStaysUpToDate(t *testing.T) {
	ctx := browser(t)
	b := start(t, withPeople)
	s := screen{t, ctx}
	s.do(chromedp.Navigate(b.url+"/"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.await(`location.pathname === "/" && document.readyState === "complete"`)
	s.awaitText("site-secret", "Ready")
	if _, err := b.client.Ask(t.Context(), "secret", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.awaitText("site-secret", "Dispatched")
	s.awaitText("site-www", "Ready")
	s.await(`document.getElementById("announcer").textContent.includes("Secret plans: Release #1")`)
}

// A server without room for a stream is no lost connection.
func TestAPageWithoutAStreamStaysUpToDateAndSaysSo(t *testing.T) {
	ctx := browser(t)
	b := start(t, withPeople)
	b.app.streams.mu.Lock()
	b.app.streams.mostOfOne = 0
	b.app.streams.mu.Unlock()
	s := screen{t, ctx}
	s.do(chromedp.Navigate(b.url+"/sites/www"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.awaitText("connection", "There are no live updates at the moment")
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	s.awaitText("stand", "Dispatched")
	b.app.streams.mu.Lock()
	b.app.streams.mostOfOne = 10
	b.app.streams.mu.Unlock()
	s.await(`!document.getElementById("connection").textContent`)
}
