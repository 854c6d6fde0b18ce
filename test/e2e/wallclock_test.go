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
	"strings"
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

const (
	// looks is how often the app compares its clock with its timers in these tests, in
	// place of once a minute.
	looks = 2 * time.Second
	// looked is time in which it has done so.
	looked = 4 * looks
)

// quicker makes the app do in seconds what it does in minutes.
var quicker = []program.Change{
	{File: "app/scheduler/clock.go", Is: "const clockLook = time.Minute", Becomes: "const clockLook = 2 * time.Second"},
	{File: "internal/deploy/lease/acquire.go", Is: "DefaultTTL = time.Minute", Becomes: "DefaultTTL = 15 * time.Second"},
}

// buildSettable builds the program once for all tests of clocks.
func buildSettable(t *testing.T) string {
	t.Helper()
	if os.Getenv("PRESSRUN_WALL_CLOCK") == "" {
		t.Skip("this takes a minute: make drill-clock")
	}
	path, err := program.BuildSettable(t.Context(), realDir(t), quicker...)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func realDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// newClocked gives a test a clock of its own.
func newClocked(t *testing.T, built string) *clocked {
	t.Helper()
	c := &clocked{t: t}
	var err error
	if c.bin, c.clock, err = program.LinkSettable(built, filepath.Dir(built), strings.ReplaceAll(filepath.Base(t.Name()), "'", "")); err != nil {
		t.Fatal(err)
	}
	return c
}

// serve starts an app with one site, at the right time.
func (c *clocked) serve(t *testing.T, site map[string]any, env ...string) {
	t.Helper()
	site["retry"] = []string{"1s", "1s", "1s", "1s", "1s"}
	c.app = configure(t, stateFolder(t), "www", site)
	c.app.cmd = exec.Command(c.bin, "serve", "--config", c.app.file)
	c.app.cmd.Stdout, c.app.cmd.Stderr = c.app.output, c.app.output
	c.app.cmd.Env = append(os.Environ(), env...)
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
	c.awaits(id, "the request to be live", func() bool {
		site, err := c.app.client.Site(c.t.Context(), "www")
		if err != nil {
			c.t.Fatal(err)
		}
		status := what(c.t, c.app, id).Status
		return (status == release.Live || status == release.WasLive) && site.State == release.Ready
	})
}

// awaits waits, and in vain tells what became of a request.
func (c *clocked) awaits(id, what string, holds func() bool) {
	c.t.Helper()
	defer func() {
		if c.t.Failed() {
			c.app.explain(c.t, id)
		}
	}()
	eventually.Holds(c.t, what, holds)
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
// stuck for longer than the clock was wrong. One program is built for all of it, and each
// part has an app and a clock of its own.
func TestAWallClockThatIsSetUnderARunningApp(t *testing.T) {
	built := buildSettable(t)
	for name, part := range map[string]func(*clocked, *testing.T){
		"under a release":                  (*clocked).underARelease,
		"under a deploy's lease":           (*clocked).underALease,
		"under a schedule":                 (*clocked).underASchedule,
		"before the time of a request":     (*clocked).beforeItsTime,
		"under a session":                  (*clocked).underASession,
		"between a webhook and its replay": (*clocked).betweenReplays,
		"again and again":                  (*clocked).againAndAgain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(newClocked(t, built), t)
		})
	}
}

func (c *clocked) underARelease(t *testing.T) {
	t.Helper()
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
	t.Helper()
	gw := servers.StartVersityGW(t, "site")
	site, _ := folderSite(t, "mkdir -p out && cp -r . out/ 2>/dev/null; rm -rf out/out; date +%N > out/stamp.txt")
	source := site["source"].(map[string]any)["folder"].(string)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(source, name), []byte("<!doctype html><title>"+text+"</title>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("index.html", "home")
	env := []string{"AWS_ACCESS_KEY_ID=" + gw.AccessKey, "AWS_SECRET_ACCESS_KEY=" + gw.SecretKey, "AWS_REGION=" + servers.Region}
	site["deploy"] = map[string]any{"to": "s3://site", "endpoint": gw.Endpoint, "region": servers.Region}
	c.serve(t, site, env...)
	for i, jump := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		for n := range 1500 {
			write(fmt.Sprintf("p%04d.html", n), fmt.Sprintf("%s %d", jump, n))
		}
		id := c.ask("lease-"+strconv.Itoa(i), time.Time{})
		c.awaits(id, "a deploy that writes", func() bool {
			text, err := os.ReadFile(filepath.Join(gw.Data, "site", "p0100.html"))
			return err == nil && strings.Contains(string(text), jump.String()+" ")
		})
		c.set(jump)
		c.isLive(id)
		c.set(0)
	}
	cmd := exec.CommandContext(t.Context(), c.bin, "audit", "s3://site", "--endpoint", gw.Endpoint, "--site", "www")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
}

func (c *clocked) underASchedule(t *testing.T) {
	t.Helper()
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
	time.Sleep(looked) // in which the app has seen that, and nothing is asked for twice
	between := slots()
	c.set(time.Hour)
	time.Sleep(looked)
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
	t.Helper()
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
	time.Sleep(looked)
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
	t.Helper()
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
