//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// clocked is an app whose wall clock the test sets: the app's, that of its supervisors,
// runs and deploys, which are all the same program. The clock of the timers goes on.
type clocked struct {
	t     *testing.T
	bin   string
	clock *program.WallClock
	app   *server
}

// newClocked builds the program once for all tests of clocks. It takes minutes, since
// all of Go's packages are compiled with another time.Now (see program.BuildSettable).
func newClocked(t *testing.T) *clocked {
	t.Helper()
	if os.Getenv("PRESSRUN_WALL_CLOCK") == "" {
		t.Skip("a program whose clock can be set takes minutes to build: make drill-clock")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &clocked{t: t}
	if c.bin, c.clock, err = program.BuildSettable(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// serve starts an app with one site, at the right time.
func (c *clocked) serve(t *testing.T, site map[string]any) {
	t.Helper()
	c.t = t
	c.set(0)
	c.app = configure(t, stateFolder(t), "www", site)
	c.app.cmd = exec.Command(c.bin, "serve", "--config", c.app.file)
	c.app.cmd.Stdout, c.app.cmd.Stderr = c.app.output, c.app.output
	if err := c.app.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.app.stop(t) })
	servers.WaitHTTP(t, c.app.url+"/healthz")
}

func (c *clocked) set(shift time.Duration) {
	c.t.Helper()
	if err := c.clock.Set(shift); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clocked) ask(key string, notBefore time.Time) string {
	c.t.Helper()
	in := api.RequestInput{Source: release.FromEditor, Title: key}
	if !notBefore.IsZero() {
		in.NotBefore = &notBefore
	}
	asked, err := c.app.client.Ask(c.t.Context(), "www", key, in)
	if err != nil {
		c.t.Fatal(err)
	}
	return asked.ID
}

// isLive waits until a request is live and nothing is under way, whatever failed before.
func (c *clocked) isLive(id string) {
	c.t.Helper()
	defer func() {
		if c.t.Failed() {
			c.app.explain(c.t, id)
		}
	}()
	eventually.Holds(c.t, "the request to be live", func() bool {
		site, err := c.app.client.Site(c.t.Context(), "www")
		if err != nil {
			c.t.Fatal(err)
		}
		status := what(c.t, c.app, id).Status
		return (status == release.Live || status == release.WasLive) && site.State == release.Ready
	})
}

// released are the releases that went live, with what each served.
func (c *clocked) released() (served []string, failed int) {
	c.t.Helper()
	all, err := c.app.client.Releases(c.t.Context(), "www", 500, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range all {
		switch r.Outcome { //nolint:exhaustive // all others are failures
		case release.Succeeded:
		case "": // under way
			continue
		default:
			failed++
			continue
		}
		d, err := c.app.client.Release(c.t.Context(), "www", r.Number)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, request := range d.Served {
			served = append(served, request.Key+request.Title+request.Reason)
		}
	}
	slices.Sort(served)
	return served, failed
}

// A clock that is set forth and back under a running app, as by somebody's hand, or by
// NTP after a battery ran dry: nothing is lost, nothing happens twice, and nothing is
// stuck for longer than the clock was wrong. One program is built for all of it.
func TestAWallClockThatIsSetUnderARunningApp(t *testing.T) {
	c := newClocked(t)
	t.Run("under a release", c.underARelease)
	t.Run("under a deploy's lease", c.underALease)
	t.Run("under a schedule", c.underASchedule)
	t.Run("before the time of a request", c.beforeItsTime)
	t.Run("under a session", c.underASession)
	t.Run("between a webhook and its replay", c.betweenReplays)
	t.Run("again and again", c.againAndAgain)
}

func (c *clocked) underARelease(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	site, _ := folderSite(t, page(ran, "sleep 2;"))
	c.serve(t, site)
	n := 0
	for _, jump := range []time.Duration{3 * time.Hour, -3 * time.Hour, 72 * time.Hour, -72 * time.Hour} {
		for _, back := range []bool{false, true} {
			n++
			id := c.ask("jump-"+strconv.Itoa(n), time.Time{})
			eventually.Holds(t, "the build", func() bool { return ranTimes(t, ran) == n })
			c.set(jump)
			if back {
				time.Sleep(time.Second)
				c.set(0)
			}
			c.isLive(id)
			c.set(0)
			if got := ranTimes(t, ran); got != n {
				t.Fatalf("%s, back %v: %d builds for %d releases", jump, back, got, n)
			}
		}
	}
	if served, failed := c.released(); len(served) != n || failed > 0 {
		t.Errorf("%d releases failed, served were %q", failed, served)
	}
}

// underALease: a deploy that holds the lease may end, as after a machine's sleep, which
// looks the same; the next one takes over and all files are there.
func (c *clocked) underALease(t *testing.T) {
	gw := servers.StartVersityGW(t, "site")
	site, _ := folderSite(t, "mkdir -p out && cp -r . out/ 2>/dev/null; rm -rf out/out; date +%N > out/stamp.txt")
	source := site["source"].(map[string]any)["folder"].(string)
	for i := range 1500 {
		if err := os.WriteFile(filepath.Join(source, fmt.Sprintf("p%04d.html", i)), fmt.Appendf(nil, "<!doctype html><title>%d</title>", i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(source, "index.html"), []byte("<!doctype html><title>home</title>"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", gw.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", gw.SecretKey)
	site["deploy"] = map[string]any{"to": "s3://site", "endpoint": gw.Endpoint, "region": servers.Region}
	c.serve(t, site)
	for i, jump := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		id := c.ask("lease-"+strconv.Itoa(i), time.Time{})
		eventually.Holds(t, "a deploy that writes", func() bool {
			now, err := c.app.client.Site(t.Context(), "www")
			if err != nil {
				t.Fatal(err)
			}
			_, err = os.Stat(filepath.Join(gw.Data, "site", "p0100.html"))
			return i == 0 && err == nil || i > 0 && now.State == release.InProgress
		})
		c.set(jump)
		c.isLive(id)
		c.set(0)
	}
	cmd := exec.CommandContext(t.Context(), c.bin, "audit", "s3://site", "--endpoint", gw.Endpoint, "--site", "www")
	cmd.Env = append(os.Environ(), "AWS_REGION="+servers.Region)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
}

func (c *clocked) underASchedule(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	site, _ := folderSite(t, page(ran, ""))
	site["schedules"] = []any{map[string]any{"name": "often", "cron": "*/10 * * * *"}}
	c.serve(t, site)
	slots := func() []string {
		served, failed := c.released()
		if failed > 0 {
			t.Errorf("%d releases failed", failed)
		}
		return served
	}
	c.set(time.Hour) // six slots on
	eventually.Holds(t, "the schedule after the clock was put forth", func() bool { return len(slots()) == 1 })
	c.set(0)
	time.Sleep(70 * time.Second) // in which the app has seen that, and nothing is asked for twice
	between := slots()
	c.set(time.Hour)
	time.Sleep(70 * time.Second)
	c.set(2 * time.Hour)
	eventually.Holds(t, "the schedule of the hour after", func() bool { return len(slots()) > len(between) })
	all := slots()
	if once := slices.Compact(slices.Clone(all)); len(once) != len(all) {
		t.Errorf("a slot was asked for twice: %q", all)
	}
	if len(all) > 4 { // two hours' jumps, and at most two slots that really passed
		t.Errorf("more was asked for than slots came: %q", all)
	}
}

func (c *clocked) beforeItsTime(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	site, _ := folderSite(t, page(ran, ""))
	c.serve(t, site)
	early, late := c.ask("early", c.clock.Now().Add(30*time.Minute)), c.ask("late", c.clock.Now().Add(2*time.Hour))
	time.Sleep(3 * time.Second)
	if got := what(t, c.app, early).Status; got != release.Scheduled {
		t.Fatalf("half an hour before its time it is %s", got)
	}
	c.set(-time.Hour)
	c.set(time.Hour)
	c.isLive(early)
	c.set(0) // its time is ahead again: it is live all the same
	time.Sleep(65 * time.Second)
	if got := what(t, c.app, late).Status; got != release.Scheduled || ranTimes(t, ran) != 1 {
		t.Errorf("two hours before its time it is %s after %d builds", got, ranTimes(t, ran))
	}
	c.set(3 * time.Hour)
	c.isLive(late)
	c.set(0)
	c.isLive(c.ask("now", time.Time{}))
	if got := ranTimes(t, ran); got != 3 {
		t.Errorf("%d builds for three requests", got)
	}
}

func (c *clocked) underASession(t *testing.T) {
	site, _ := folderSite(t, page(filepath.Join(t.TempDir(), "ran"), ""))
	c.serve(t, site)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	visitor := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	signIn := func() {
		t.Helper()
		resp, err := visitor.PostForm(c.app.url+"/signin", url.Values{"token": {operatorToken}, "next": {"/"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	page := func() int {
		t.Helper()
		resp, err := visitor.Get(c.app.url + "/sites/www")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	signIn()
	for _, shift := range []time.Duration{0, 20 * time.Minute, -20 * time.Minute, -72 * time.Hour, 0} {
		c.set(shift)
		if got := page(); got != http.StatusOK {
			t.Errorf("with the clock set by %s: %d", shift, got)
		}
	}
	c.set(72 * time.Hour)
	if got := page(); got != http.StatusSeeOther {
		t.Errorf("three days later: %d, expected the sign-in", got)
	}
	jar, _ = cookiejar.New(nil) // never fails without options
	visitor.Jar = jar
	signIn()
	for _, shift := range []time.Duration{72 * time.Hour, 0} {
		c.set(shift)
		if got := page(); got != http.StatusOK {
			t.Errorf("signed in anew, with the clock set by %s: %d", shift, got)
		}
	}
}
