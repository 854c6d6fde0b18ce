//go:build unix

package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
)

// noonsTitle went out yesterday at noon, and noonsAsker asked for it.
const (
	noonsTitle = "Holiday closings"
	noonsAsker = "Maria Sánchez"
)

// writePast plays a release for each hour of yesterday by the rules, by a clock of its own
// that stands still until then.
func writePast(t *testing.T, server *program.Server, noon time.Time) {
	t.Helper()
	if err := os.MkdirAll(server.State, 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(server.State, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
		if err != nil {
			t.Fatal(err)
		}
		for hour := -12; hour < 12; hour++ {
			time.Sleep(time.Until(noon.Add(time.Duration(hour) * time.Hour)))
			asked := ledger.Request{Site: "www", Source: release.FromWorkflow, Actor: "Jun Tanaka", Title: fmt.Sprintf("New on the shelves, part %d", hour+13)}
			if hour == 0 {
				asked.Title, asked.Actor = noonsTitle, noonsAsker
			}
			playOne(t, l, asked, int64(hour+13))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// playOne is a run that asks for a release, and succeeds within two minutes.
func playOne(t *testing.T, l *ledger.Ledger, asked ledger.Request, number int64) {
	t.Helper()
	run := release.Run{ID: fmt.Sprint("run-", number), Attempt: 1}
	if _, err := l.ClaimTurn(t.Context(), asked, release.Claim{Run: run}); err != nil {
		t.Fatal(err)
	}
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		time.Sleep(40 * time.Second)
		if _, err := l.Decide(t.Context(), "www", release.Report{Release: number, Run: run, Sequence: int64(i) + 1, To: to}); err != nil {
			t.Fatal(err)
		}
	}
}

// person asks a question at a site's page. Each click, and each field that is filled in,
// is a step.
type person struct {
	*newsroom
	steps int
}

// asks stands before the site's page with a question.
func (n *newsroom) asks(question string) *person {
	n.t.Helper()
	n.t.Log(question)
	n.open("/sites/www")
	return &person{newsroom: n}
}

func (p *person) click(what string) {
	p.t.Helper()
	p.steps++
	p.Do(chromedp.Click(what))
}

func (p *person) types(field, text string) {
	p.t.Helper()
	p.steps++
	p.Do(chromedp.SendKeys(field, text))
}

// reads wants an answer in what is seen without scrolling, on a desk and on a phone,
// after so many steps at most.
func (p *person) reads(within int, answers ...string) {
	p.t.Helper()
	for _, answer := range answers {
		p.says(answer)
	}
	if p.steps > within {
		p.t.Errorf("it took %d steps, and not %d", p.steps, within)
	}
	for _, screen := range [][2]int64{{1280, 800}, {390, 844}} {
		p.Do(chromedp.EmulateViewport(screen[0], screen[1]))
		for _, answer := range answers {
			if at := p.Eval(fmt.Sprintf(bottomOf, answer)); at != "seen" {
				p.t.Errorf("on a screen of %d by %d, %q is %s", screen[0], screen[1], answer, at)
			}
		}
		p.shot++
		p.Picture(fmt.Sprintf("question-%v-%02d-%d", p.scripts, p.shot, screen[0]))
	}
	p.Do(chromedp.EmulateViewport(1100, 900))
}

// bottomOf says where the smallest element with a text ends.
const bottomOf = `(() => {
	const has = [...document.querySelectorAll("main *")].filter((e) => e.innerText && e.innerText.includes(%q) && e.getClientRects().length)
	if (!has.length) return "nowhere"
	const bottom = Math.min(...has.map((e) => e.getBoundingClientRect().bottom)) + window.scrollY
	return bottom <= window.innerHeight ? "seen" : "below: it ends at " + Math.round(bottom)
})()`

// The five questions that people put to the page, each answered in a few steps, and in
// what is seen without scrolling.
func TestFiveQuestionsAreAnsweredFromTheSitesPage(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			now := time.Now().UTC()
			noon := time.Date(now.Year(), now.Month(), now.Day()-1, 12, 0, 0, 0, time.UTC)
			n := openNewsroomAfter(t, scripts, func(s *program.Server) { writePast(t, s, noon) })
			n.provider.QueueUser(&mockoidc.MockUser{Subject: "grace", Email: "grace@example.gov", EmailVerified: true, Groups: []string{"web-operators"}})
			n.Do(chromedp.Navigate(n.server.URL + "/sites/www"))
			n.there("/signin")
			n.Do(chromedp.Click("a.button"))
			n.there("/sites/www")
			n.change("Opening hours", "Open 9 to 5.", release.Live)
			n.change("Story time for toddlers", "Open 10 to 4.", release.Live)

			p := n.asks("Is the Opening hours page live?")
			p.types("#find-q", "opening hours"+kb.Enter)
			n.there("/sites/www/find")
			p.reads(1, "Yes, it is live", "Live since")

			p = n.asks("What went out yesterday at noon, and who asked?")
			p.click(`a[href$="on=yesterday"]`)
			n.there("/sites/www/releases")
			if today := time.Now().UTC().Day(); today != now.Day() { // it may have become midnight
				n.open("/sites/www/releases?on=" + noon.Format(time.DateOnly))
			}
			if row := n.Eval(`document.querySelector("#release-13").innerText`); !strings.Contains(row, noonsTitle) || !strings.Contains(row, noonsAsker) || !strings.Contains(row, "12:01 UTC") {
				t.Errorf("release #13 is told as %q", row)
			}
			p.reads(1, "24 releases went live on this day")

			n.write("slow", "yes")
			n.change("Opening hours", "Open 8 to 8.", release.InRelease)
			p = n.asks("When will it be?")
			p.reads(0, "Publishing 1 change. Live")
			p.types("#find-q", "opening hours"+kb.Enter)
			n.there("/sites/www/find")
			p.reads(1, "Not yet: it is on its way", "Live about")

			n.act("/sites/www/cancel", "the wrong hours")
			p = n.asks("Why not?")
			p.reads(0, "Nothing goes live until somebody acts", "the wrong hours")

			n.write("slow", "")
			n.change("Book sale", "Open 8 to 8.", release.Live)
			p = n.asks("Undo the last release.")
			p.click(`#live-now a[href*="/rollback"]`)
			n.there("/sites/www/rollback")
			p.types("#why", "the old hours hold")
			p.click("button.danger")
			n.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
			n.says("Nothing goes live until somebody acts")
			p.reads(3, "The public sees the content of release #26", "the old hours hold")
			n.open("/sites/www/releases/29")
			n.says("Complete: live")
			n.public("Open 10 to 4.")
		})
	}
}

// change has the CMS ask for what somebody published, and waits until it is so far.
func (n *newsroom) change(title, text string, until release.Status) {
	n.t.Helper()
	n.write("pages/index.html", "<!doctype html><title>Hours</title><p>"+text)
	cms, err := api.NewClient(n.server.URL, n.server.Token, api.Options{})
	if err != nil {
		n.t.Fatal(err)
	}
	asked, err := cms.Ask(n.t.Context(), "www", title+text, api.RequestInput{Source: release.FromContent, Actor: "Ada Lovelace", Title: title})
	if err != nil {
		n.t.Fatal(err)
	}
	for deadline := time.Now().Add(eventually.Patience); ; time.Sleep(100 * time.Millisecond) {
		got, err := cms.Request(n.t.Context(), asked.ID)
		at, e := cms.Site(n.t.Context(), "www")
		if err == nil && e == nil && got.Status == until && (until != release.InRelease || at.State == release.InProgress) {
			return
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("the request of %q is %+v, %v", title, got, err)
		}
	}
}
