//go:build unix

package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/pressrun/pressrun/test/browser"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
)

// newsroom is the real program with a site that is built on this machine, a provider
// where people sign in, and somebody before a browser.
type newsroom struct {
	browser.Screen
	t        *testing.T
	server   *program.Server
	provider *mockoidc.MockOIDC
	source   string
	live     string
	scripts  bool
	shot     int
}

func openNewsroom(t *testing.T, scripts bool) *newsroom {
	t.Helper()
	return openNewsroomAfter(t, scripts, func(*program.Server) {})
}

// openNewsroomAfter is openNewsroom for a site with a past, which before writes.
func openNewsroomAfter(t *testing.T, scripts bool, before func(*program.Server)) *newsroom {
	t.Helper()
	n := &newsroom{t: t, Screen: browser.Screen{T: t, Ctx: browser.Start(t)}, scripts: scripts}
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Shutdown() }) // the browser may hold a connection
	n.provider = provider
	dir := t.TempDir()
	n.source, n.live = filepath.Join(dir, "source"), filepath.Join(dir, "live")
	n.write("pages/index.html", "<!doctype html><title>Hours</title><p>Open 9 to 5.")
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(provider.ClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	n.server, err = program.InstallWith(t.Context(), dir, program.Settings{
		Sites: map[string]any{"www": map[string]any{
			"title": "The library", "runner": "local", "quiet": "1s", "source": map[string]any{"folder": n.source},
			"build":  map[string]any{"command": "rm -rf public; cp -r pages public; test ! -e slow || sleep 300", "output": "public"},
			"deploy": map[string]any{"to": n.live},
		}},
		SignIn: map[string]any{"oidc": map[string]any{
			"name": "Agency sign-in", "issuer": provider.Issuer(), "client_id": provider.ClientID, "client_secret_file": secret,
			"scopes": []string{"profile", "email", "groups"}, "allow": []any{map[string]any{"group": "web-operators", "role": "operator"}},
		}},
	}, binary, "serve", "--log-level", "warn", "--config")
	if err != nil {
		t.Fatal(err)
	}
	before(n.server)
	process, err := n.server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := n.server.Ready(t.Context(), eventually.Patience); err != nil {
		text, _ := os.ReadFile(n.server.Log) // which may not be there
		t.Fatalf("%v\n%s", err, text)
	}
	n.Scripts(scripts)
	return n
}

// write writes a file of the site's source; one without text is removed.
func (n *newsroom) write(name, text string) {
	n.t.Helper()
	path := filepath.Join(n.source, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		n.t.Fatal(err)
	}
	if text == "" {
		if err := os.Remove(path); err != nil {
			n.t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// says waits until the page says something. A page with scripts is not loaded again;
// one without is, as its reader or the page itself would.
func (n *newsroom) says(words string) {
	n.t.Helper()
	condition := fmt.Sprintf("document.body && document.body.innerText.includes(%q)", words)
	if n.scripts {
		n.Eval(`window.neverLoadedAgain = "yes"`)
		n.Await(condition)
		if n.Eval(`window.neverLoadedAgain || "no"`) != "yes" {
			n.t.Errorf("the page was loaded again until it said %q", words)
		}
	} else {
		deadline := time.Now().Add(eventually.Patience)
		for n.Eval(`String(`+condition+`)`) != "true" {
			if time.Now().After(deadline) {
				n.t.Fatalf("the page does not say %q: %s", words, n.Eval("document.body.innerText"))
			}
			n.load(n.Eval("location.href"))
		}
	}
	n.shot++
	n.Picture(fmt.Sprintf("flow-%v-%02d-%s", n.scripts, n.shot, strings.ReplaceAll(words, " ", "-")))
}

// open opens a page; there waits for one that a click leads to.
func (n *newsroom) open(path string) {
	n.t.Helper()
	n.load(n.server.URL + path)
	n.there(path)
}

func (n *newsroom) load(address string) {
	n.t.Helper()
	for deadline := time.Now().Add(eventually.Patience); ; {
		err := chromedp.Do(n.Ctx, chromedp.Navigate(address))
		if err == nil {
			return
		}
		// A double click's second page, or one that reloads itself, may still be on its way,
		// and is what is broken off.
		if !strings.Contains(err.Error(), "ERR_ABORTED") || time.Now().After(deadline) {
			n.t.Fatal(err)
		}
	}
}

func (n *newsroom) there(path string) {
	n.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	n.Await(fmt.Sprintf(`location.pathname.startsWith(%q) && document.readyState === "complete"`, path))
}

// act fills in why, and presses the button.
func (n *newsroom) act(path, why string) {
	n.t.Helper()
	n.open(path)
	n.Do(chromedp.SendKeys("#why", why), chromedp.Click("button.danger"))
	n.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
}

// ask asks for a release by the site's page, as people do who are used to clicking twice.
func (n *newsroom) ask(reason string) {
	n.t.Helper()
	n.open("/sites/www")
	n.Do(chromedp.SendKeys("#ask-reason", reason), chromedp.DoubleClick(".ask button.main"))
	n.there("/requests/")
}

// public is what the public reads.
func (n *newsroom) public(want string) {
	n.t.Helper()
	found, err := filepath.Glob(filepath.Join(n.live, "current", "index.html"))
	if err != nil || len(found) == 0 {
		found = []string{filepath.Join(n.live, "index.html")}
	}
	text, err := os.ReadFile(found[0])
	if err != nil || !strings.Contains(string(text), want) {
		n.t.Errorf("the public reads %q, want %q (%v)", text, want, err)
	}
}

// A person signs in, asks for releases, sees them go live, stops one that takes too
// long, and puts an earlier one back: with scripts and without, by nothing but pages.
func TestANewsroomsDayInABrowser(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			n := openNewsroom(t, scripts)
			n.provider.QueueUser(&mockoidc.MockUser{Subject: "grace", Email: "grace@example.gov", EmailVerified: true, Groups: []string{"web-operators"}})
			n.Do(chromedp.Navigate(n.server.URL + "/sites/www"))
			n.there("/signin")
			n.Do(chromedp.Click("a.button"))
			n.there("/sites/www")
			n.says("You are grace@example.gov")

			n.ask("New opening hours")
			n.says("Yes, it is live")
			n.public("Open 9 to 5.")

			n.write("pages/index.html", "<!doctype html><title>Hours</title><p>Open 10 to 4.")
			n.ask("Winter hours")
			n.says("Yes, it is live")
			n.public("Open 10 to 4.")

			n.write("slow", "yes")
			n.ask("A photo")
			n.open("/sites/www")
			n.says("✓ Preparing")
			n.act("/sites/www/cancel", "the wrong photo")
			n.open("/sites/www/releases/3")
			n.says("Cancelled")
			if got := n.Eval(`String(document.querySelectorAll(".requests li").length)`); got != "1" {
				t.Errorf("a double click became %s requests", got)
			}
			n.write("slow", "")

			n.act("/sites/www/rollback?to=1", "winter is not here yet")
			n.open("/sites/www/releases/5") // the fourth waited with the photo, and was put aside
			n.says("Complete: live")
			n.public("Open 9 to 5.")
			n.open("/sites/www")
			n.says("Nothing goes live until somebody acts")
		})
	}
}
