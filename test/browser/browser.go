// Package browser is what tests look at pages with: a browser without a window,
// axe-core, which finds what people with disabilities can't use, and a Reader
// without JavaScript.
package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// whole is how long a test with a browser may take: many waits, each of which has
// eventually.Patience.
const whole = 5 * eventually.Patience

// Start starts a browser without a window, for the test's life. It talks to
// this machine only.
func Start(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: -short starts no browser")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		servers.Missing(t, "chromium, chromium-browser or google-chrome, so nobody looks at the pages", "apt-get install chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1100, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("proxy-server", "http://127.0.0.1:1"), chromedp.Flag("proxy-bypass-list", "127.0.0.1"),
		chromedp.WSURLReadTimeout(eventually.Patience))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, whole)
	t.Cleanup(cancel)
	return ctx
}

// scheme makes the browser prefer light or dark.
func scheme(value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// Scripts lets the pages' scripts run, or not.
func (s Screen) Scripts(on bool) {
	s.T.Helper()
	s.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// Picture keeps a picture of the page for the eye, if a folder for it is
// named: PRESSRUN_SHOTS=/tmp/shots go test -run Accessible ./app/...
func (s Screen) Picture(name string) {
	s.T.Helper()
	folder := os.Getenv("PRESSRUN_SHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(s.Ctx, chromedp.FullScreenshot(100))
	if err != nil {
		s.T.Fatal(err)
	}
	name = strings.Trim(strings.NewReplacer("/", "-", "?", "-").Replace(name), "-") + ".png"
	if err := os.WriteFile(filepath.Join(folder, name), png, 0o600); err != nil {
		s.T.Fatal(err)
	}
}

// Screen is a page in a browser.
type Screen struct {
	T   *testing.T
	Ctx context.Context //nolint:containedctx // chromedp's handle of the tab
}

// Do takes steps.
func (s Screen) Do(steps ...chromedp.Action[chromedp.Void]) {
	s.T.Helper()
	if err := chromedp.Do(s.Ctx, steps...); err != nil {
		s.T.Fatal(err)
	}
}

// Eval is what a script answers.
func (s Screen) Eval(script string) string {
	s.T.Helper()
	got, err := chromedp.Run(s.Ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		s.T.Fatalf("%s: %v", script, err)
	}
	return got
}

// Await waits until a script says true. Pages may change meanwhile.
func (s Screen) Await(script string) {
	s.T.Helper()
	for deadline := time.Now().Add(eventually.Patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		ok, err := chromedp.Run(s.Ctx, chromedp.Evaluate[bool]("!!("+script+")"))
		if err == nil && ok {
			return
		}
		if s.Ctx.Err() != nil {
			s.T.Fatal(s.Ctx.Err())
		}
	}
	s.T.Fatalf("still not: %s\n%s", script, s.Eval(`document.body.innerText`))
}

// AwaitText waits until the element with an id says something.
func (s Screen) AwaitText(id, want string) {
	s.T.Helper()
	s.Await(`document.getElementById("` + id + `") && document.getElementById("` + id + `").innerText.includes("` + want + `")`)
}
