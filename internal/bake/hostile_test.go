package bake

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/pace"
)

// quick are options whose tries do not take long.
func quick(o Options) Options {
	o.Backoff, o.GiveUp, o.Pace = time.Millisecond, time.Hour, pace.Limits{MaxWait: 10 * time.Millisecond}
	return o
}

// names are the guards that refused a bake.
func names(err error) []string {
	refused, ok := errors.AsType[*Refused](err)
	if !ok {
		return []string{fmt.Sprint(err)}
	}
	var out []string
	for _, v := range refused.Violations {
		out = append(out, v.Name)
	}
	return out
}

func outcomeOf(a judge.Account, at string) (judge.Outcome, string) {
	for _, l := range a.Addresses {
		if l.Address == address.Address(at) {
			return l.Outcome, l.Why
		}
	}
	return "unknown", ""
}

// Each is refused before the folder changes.
func TestWhatMustNotBePublishedIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(c *fakeCMS, o *Options)
		want   string
	}{
		"a login page for all": {func(c *fakeCMS, _ *Options) {
			c.every = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, `<title>Log in</title><input type="password">`)
				return true
			}
		}, judge.LoginPage},
		"the home page is an error": {func(c *fakeCMS, _ *Options) { c.put("/", answer{status: 403, media: "text/html"}) }, judge.HomePage},
		"a new page is an error": {func(c *fakeCMS, _ *Options) {
			c.put("/", page("Home", `<a href="/new/">new</a><a href="/news/">n</a>`))
			c.put("/new/", answer{status: 500, media: "text/html", body: "oops"})
		}, judge.Unanswered},
		"an old page is an error": {func(c *fakeCMS, o *Options) {
			o.Limits.RefuseUnreachable = true
			c.put("/unlinked/", answer{status: 500, media: "text/html", body: "oops"})
		}, judge.Unanswered},
		"robots.txt of a staging server": {func(c *fakeCMS, _ *Options) {
			c.put("/robots.txt", answer{media: "text/plain", body: "User-agent: *\nDisallow: /\n"})
		}, judge.RobotsForbid},
		"a canary":          {func(_ *fakeCMS, o *Options) { o.Canaries = []string{"/news/=The text that must be there"} }, judge.Canary},
		"a canary's page":   {func(_ *fakeCMS, o *Options) { o.Canaries = []string{"/nowhere/=x"} }, judge.Canary},
		"a soft not found":  {func(c *fakeCMS, _ *Options) { c.every = softNotFound(c) }, judge.NotFoundPage},
		"no room for all":   {func(_ *fakeCMS, o *Options) { o.MaxPages = 20 }, judge.TooMany},
		"the host in a PDF": {func(c *fakeCMS, _ *Options) { c.put("/bg.png", answer{media: "image/png", body: "PNG x@%[1]s/"}) }, judge.LeakedHost},
	} {
		t.Run(name, func(t *testing.T) {
			cms := newCMS(t)
			o := quick(options(t, cms))
			mustBake(t, o)
			before := contents(t, o.Dir)
			c.breaks(cms, &o)
			a, err := Run(t.Context(), o)
			if !slices.Contains(names(err), c.want) {
				t.Errorf("%v, want %s", names(err), c.want)
			}
			if a.Accepted || fmt.Sprint(before) != fmt.Sprint(contents(t, o.Dir)) {
				t.Error("the folder has changed")
			}
		})
	}
}

func softNotFound(c *fakeCMS) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if _, ok := c.pages[r.URL.RequestURI()]; ok {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>%s</title>Sorry", r.URL.Path)
		return true
	}
}

func TestAPageWithoutAnAnswerStaysAsItWas(t *testing.T) {
	c := newCMS(t)
	o := quick(options(t, c))
	mustBake(t, o)
	c.put("/unlinked/", answer{status: 502, media: "text/html", body: "oops"})
	a := mustBake(t, o)
	if got, why := outcomeOf(a, "/unlinked/"); got != judge.Stale || !strings.Contains(why, "502") {
		t.Errorf("%s: %s", got, why)
	}
	if !strings.Contains(contents(t, o.Dir)["unlinked/index.html"], "thanks") {
		t.Error("the old bytes are not there")
	}
}

func TestHostileAnswersAreBoundedAndNamed(t *testing.T) {
	c := newCMS(t)
	c.put("/", page("Home", `<a href="/loop/a">l</a><a href="/huge/">h</a><a href="/bomb/">b</a><a href="/deep/">d</a><a href="/nul/">n</a><a href="http://169.254.169.254/x">m</a><a href="//other.example/x">o</a><a href="/away">away</a>`))
	c.put("/loop/a", answer{status: 302, header: map[string]string{"Location": "/loop/b"}})
	c.put("/loop/b", answer{status: 302, header: map[string]string{"Location": "/loop/a"}})
	c.put("/away", answer{status: 302, header: map[string]string{"Location": "http://169.254.169.254/latest/"}})
	c.put("/deep/", page("Deep", strings.Repeat("<div><svg><p>", 50_000)+"<a href='/%[1]s"))
	c.put("/nul/", page("Nul", "\x00<a href=\"\x00/nul/\">\xff\xfe"))
	c.put("/robots.txt", answer{media: "text/plain", body: strings.Repeat("# robots\n", 1<<17)})
	c.every = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/huge/", "/bomb/":
			w.Header().Set("Content-Type", "text/html")
			out := w.Write
			if r.URL.Path == "/bomb/" {
				w.Header().Set("Content-Encoding", "gzip")
				z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
				if err != nil {
					t.Error(err)
					return true
				}
				defer z.Close()
				out = z.Write
			}
			part := []byte(strings.Repeat("<p>x", 1<<18))
			for range 50 {
				if _, err := out(part); err != nil {
					return true
				}
			}
			return true
		}
		return false
	}
	a := mustBake(t, quick(options(t, c)))
	for at, want := range map[string]judge.Outcome{"/huge/": judge.Bad, "/bomb/": judge.Bad, "/deep/": judge.Baked, "/nul/": judge.Baked, "/loop/a": judge.Redirects, "/robots.txt": judge.Baked, "/away": judge.Redirects} {
		if got, why := outcomeOf(a, at); got != want || want == judge.Bad && !strings.Contains(why, "larger") {
			t.Errorf("%s: %s (%s), want %s", at, got, why, want)
		}
	}
}

func TestAnEndlessCalendarIsStoppedAndNamed(t *testing.T) {
	c := newCMS(t)
	c.every = func(w http.ResponseWriter, r *http.Request) bool {
		rest, ok := strings.CutPrefix(r.URL.Path, "/loop/")
		if !ok {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<title>%s</title><a href="again/">on</a> <a href="/loop/%sagain/">on</a>`, r.URL.Path, rest)
		return true
	}
	c.put("/", page("Home", `<a href="/loop/">on and on</a>`))
	a := mustBake(t, quick(options(t, c)))
	if a.Counts.Known > 60 || !slices.ContainsFunc(a.Notes, func(n string) bool { return strings.Contains(n, "again and again") }) {
		t.Errorf("%d known, notes %q", a.Counts.Known, a.Notes)
	}
}

// What one bake has asked for before it ends, the next does not ask for again.
func TestAKilledBakeGoesOnWhereItWas(t *testing.T) {
	c := newCMS(t)
	o := quick(options(t, c))
	ctx, kill := context.WithCancel(t.Context())
	var answered atomic.Int64
	c.every = func(_ http.ResponseWriter, _ *http.Request) bool {
		if answered.Add(1) == 15 {
			kill()
		}
		return false
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(contents(t, o.Dir)) > 0 {
		t.Error("half a site is there")
	}
	if err := tear(filepath.Join(o.Dir+".bake", "journal.jsonl")); err != nil { // as a kill in the middle of a line does
		t.Fatal(err)
	}
	first := c.times()
	a := mustBake(t, o)
	again := 0
	for at, n := range c.times() {
		if n > 0 && first[at] > 0 {
			again++
		}
	}
	if !a.Resumed || again > 14 || len(contents(t, o.Dir)) != 19 {
		t.Errorf("resumed: %v, %d of %d asked for again, %d files", a.Resumed, again, len(first), len(contents(t, o.Dir)))
	}
}

func tear(name string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(`{"address":"/ha`)
	return errors.Join(err, file.Close())
}

func TestAPasswordGoesToTheCMSAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(file, []byte("user:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	authorization, err := ReadAuthorization(file)
	if err != nil || authorization != "Basic dXNlcjpzZWNyZXQ=" {
		t.Fatal(authorization, err)
	}
	c, other := newCMS(t), newCMS(t)
	var without atomic.Int64
	c.every = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != authorization || r.Header.Get("Cookie") != "" {
			without.Add(1)
		}
		return false
	}
	c.put("/old", answer{status: 301, header: map[string]string{"Location": other.URL + "/news/"}})
	o := quick(options(t, c))
	o.Authorization = authorization
	mustBake(t, o)
	if without.Load() > 0 || len(other.times()) > 0 {
		t.Errorf("%d requests without, %v elsewhere", without.Load(), other.times())
	}
}

func TestAFolderOfOthersIsLeftAlone(t *testing.T) {
	c := newCMS(t)
	o := quick(options(t, c))
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no bake made") {
		t.Error(err)
	}
}

func TestACMSThatIsNotThereIsSaidToBe(t *testing.T) {
	c := newCMS(t)
	o := quick(options(t, c))
	o.GiveUp = 300 * time.Millisecond
	c.Close()
	_, err := Run(t.Context(), o)
	if got := names(err); !slices.Contains(got, judge.HomePage) || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}
