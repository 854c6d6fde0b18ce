package pages

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
	"github.com/pressrun/pressrun/test/browser"
)

var currentStep = regexp.MustCompile(`(?s)<li class="current" aria-current="step">\s*<span class="dot".*?<span class="name">([^<]*)<`)

var currentStage = regexp.MustCompile(`<li class="current" aria-current="step">(Preparing|Building|Publishing|Live)<`)

func TestEveryStateIsShownInWordsAndAsOneStep(t *testing.T) {
	srv := servePages(t)
	for name, f := range samples() {
		t.Run(name, func(t *testing.T) {
			p := browser.NewReader(t, srv.URL).Get("/sites/" + name).Status(http.StatusOK)
			p.Says(view.StateName(words.Language{}, f.site.State), "Release now", "Last releases", "For operators", "Riverside Public Library")
			steps := currentStep.FindAllStringSubmatch(p.Text, -1)
			if len(steps) != 1 || steps[0][1] != view.StateName(words.Language{}, f.site.State) {
				t.Errorf("the current step is %q, want %q alone", steps, view.StateName(words.Language{}, f.site.State))
			}
			if stages := currentStage.FindAllString(p.Text, -1); len(stages) > 1 || len(stages) == 0 && f.site.State == release.InProgress && f.site.Current.Cancel.At.IsZero() {
				t.Errorf("an editor sees %d stages as the current one", len(stages))
			}
			for _, s := range release.States {
				p.Says(view.StateName(words.Language{}, s))
			}
		})
	}
}

func TestWhatKeepsReleasesBackIsSaidLoudly(t *testing.T) {
	srv := servePages(t)
	for name, want := range map[string][]string{
		"held":        {"Nothing goes live until somebody acts. The build failed: page about/visit has no title.", "Nothing is lost", "“Release now” tries again at once", "an editor can mend it", "Until somebody acts"},
		"retry":       {"The last try failed. The next is at 15:13 EST. The bucket refused the upload.", "See what happened to release #127", "an operator should look", "Until 15:13:32 EST"},
		"paused":      {"Paused by Grace Hopper until 17:12 EST: Moving the database. What is asked for is kept and goes out afterwards."},
		"frozen":      {"Nothing goes live before Wed 25 Nov 2026, 03:12 EST: Election night."},
		"late":        {"Later than usual: started 1 min 30 s ago, usually 2 min 40 s. It takes longer than it may.", "Late since", "late since 15:11:40 EST"},
		"slow":        {"Later than usual: started 10 min ago, usually 2 min 40 s. Nothing is lost", "Expected live about 15:05:20 EST", "Late since 15:05:20 EST"},
		"idle_frozen": {"Nothing goes live before Wed 25 Nov 2026, 03:12 EST: Election night.", "Frozen until Wed 25 Nov 2026, 03:12 EST: Election night.", "Everything but what is scheduled is live"},
		"cancelling":  {"it is being cancelled by Grace Hopper"},
		"schedule": {
			"two-hourly", "every 2h, by the clock of UTC", "Mon 23 Nov 2026, 22:00 UTC : two-hourly", "waits for the end of a freeze: moving <house>",
			"Holidays ahead", "Thu 26 Nov 2026: Thanksgiving Day",
		},
		"disk":      {"Nothing can be saved. The disk is full."},
		"edge":      {"Edge pending. Live at the origin, edge pending: cloudfront E1 may still show what was replaced"},
		"first":     {"Nothing has been released yet.", "There has been no release yet."},
		"requested": {"Release #128 starts at 15:12:46 EST", "further changes, which may join", "Waiting for release #128 to start"},
		"in_progress": {
			"Now: building 1,214 pages", "Expected live about 15:13:50 EST", "Running for 1 min 30 s", "Usually takes 2 min 40 s",
			"In release #128", "Waiting for the release after it", "New on the shelves: November", "Jun Tanaka",
			"Scheduled", "not before Tue 24 Nov 2026, 09:12 EST", "Ada Lovelace, Maria Sánchez, Jun Tanaka and others",
		},
		"ready": {"Everything but what is scheduled is live, as of release #127", "Failed the check found 12 pages without content"},
	} {
		t.Run(name, func(t *testing.T) {
			browser.NewReader(t, srv.URL).Get("/sites/" + name).Status(http.StatusOK).Says(want...)
		})
	}
}

// The heading's words and colour, the tab's title and the notices are of one mind.
func TestTheHeadingSaysWhatKeepsReleasesBack(t *testing.T) {
	srv := servePages(t)
	for name, want := range map[string]struct{ name, class string }{
		"held": {"Held", "bad"}, "paused": {"Paused", "warn"}, "frozen": {"Frozen", "warn"}, "idle_frozen": {"Frozen", "warn"},
		"retry": {"Waiting to try again", "warn"}, "late": {"Late: Building", "warn"}, "slow": {"Late: Building", "warn"},
		"in_progress": {"Building", "now"}, "ready": {"Ready", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.NewReader(t, srv.URL).Get("/sites/" + name).Status(http.StatusOK)
			for _, part := range []string{
				`<span class="state ` + want.class + `">` + want.name + `</span>`,
				`<title>` + want.name + ` · Riverside Public Library`,
				`class="card stand ` + want.class + `"`,
			} {
				if !strings.Contains(p.Text, part) {
					t.Errorf("no %s in the page", part)
				}
			}
		})
	}
}

func TestOneReleaseOfTheHistoryIsLive(t *testing.T) {
	srv := servePages(t)
	for name, number := range map[string]string{"ready": "#127", "in_progress": "#127", "complete": "#128"} {
		p := browser.NewReader(t, srv.URL).Get("/sites/" + name)
		_, history, _ := strings.Cut(p.Text, `id="history"`)
		if n := strings.Count(history, `<span class="outcome ok">Live</span>`); n != 1 {
			t.Errorf("%s: %d releases are live", name, n)
		}
		p.Says(number+" Live", "#125 Was live")
	}
}

func TestTimesAreForProgramsToo(t *testing.T) {
	srv := servePages(t)
	p := browser.NewReader(t, srv.URL).Get("/sites/in_progress")
	if want := `<time datetime="2026-11-23T15:13:50-05:00">15:13:50 EST</time>`; !strings.Contains(p.Text, want) {
		t.Errorf("no %s in the page", want)
	}
}

func TestLinksOpenNothingOfOurs(t *testing.T) {
	srv := servePages(t)
	p := browser.NewReader(t, srv.URL).Get("/sites/in_progress")
	links := regexp.MustCompile(`<a [^>]*href="https?:[^>]*>`).FindAllString(p.Text, -1)
	if len(links) < 5 {
		t.Fatalf("only %d links lead elsewhere", len(links))
	}
	for _, link := range links {
		if !strings.Contains(link, `rel="noopener noreferrer"`) {
			t.Errorf("%s has no rel", link)
		}
	}
}

func TestOperatorsAreOfferedWhatMakesSense(t *testing.T) {
	srv := servePages(t)
	for name, want := range map[string]string{"held": "Retry now", "retry": "Retry now", "paused": "Resume releases", "in_progress": "Cancel release #128…", "late": "Reset the site…", "frozen": "In force"} {
		p := browser.NewReader(t, srv.URL).Get("/sites/"+name+"/operate").Status(http.StatusOK).Says(want, "What hooks were told", "Opening hours <b>")
		if name != "held" && name != "retry" {
			p.SaysNot("Retry now")
		}
	}
}
