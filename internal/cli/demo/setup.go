package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/public"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner/local"
)

// demoSite is the name of the demo's one site.
const demoSite = "demo"

// demo is the app, the CMS and the public site, on three addresses of this
// machine.
type demo struct {
	folder                   string
	appAt, cmsAt, siteAt     net.Listener
	appURL, cmsURL, siteURL  string
	log                      *slog.Logger
	logOut                   *os.File
	app                      *app.App
	cms                      *cms.CMS
	publisher                *publisher
	client                   *api.Client // as an operator
	publicFolder, configFile string
}

func (d *demo) logFile() string { return filepath.Join(d.folder, "log.txt") }

// newDemo prepares everything; nothing is served yet.
func newDemo(ctx context.Context, folder string, ports [3]int, version string) (*demo, error) {
	d := &demo{folder: folder, publicFolder: filepath.Join(folder, "public"), configFile: filepath.Join(folder, "pressrun.yaml")}
	for _, step := range []func() error{
		func() error { return d.listen(ctx, ports) },
		d.openLog,
		func() error { return d.makeApp(ctx, version) },
		d.makeCMS,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *demo) listen(ctx context.Context, ports [3]int) error {
	for i, to := range []struct {
		at  *net.Listener
		url *string
	}{{&d.appAt, &d.appURL}, {&d.cmsAt, &d.cmsURL}, {&d.siteAt, &d.siteURL}} {
		l, err := listenNear(ctx, ports[i])
		if err != nil {
			return err
		}
		*to.at, *to.url = l, "http://"+l.Addr().String()
	}
	return nil
}

// listenNear listens on a port of loopback, or on any if it is taken.
func listenNear(ctx context.Context, port int) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil && port != 0 {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on this machine: %w", err)
	}
	return l, nil
}

func (d *demo) openLog() error {
	f, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	d.logOut, d.log = f, slog.New(slog.NewTextHandler(f, nil))
	return nil
}

// makeApp writes a configuration as an operator would, and loads it.
func (d *demo) makeApp(ctx context.Context, version string) error {
	operator, fromCMS := serve.NewToken(), serve.NewToken()
	text, err := d.configuration(operator, fromCMS)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.configFile, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	conf, err := config.Load(d.configFile)
	if err != nil {
		return err
	}
	// The source is a folder of its own; the build command is this program.
	if err := os.MkdirAll(conf.Sites[demoSite].Source.Folder, 0o700); err != nil {
		return fmt.Errorf("make the frontend's folder: %w", err)
	}
	if d.app, err = serve.New(ctx, conf, d.log, version); err != nil {
		return err
	}
	opts := api.Options{UserAgent: "pressrun-demo/" + version}
	if d.client, err = api.NewClient(d.appURL, operator, opts); err != nil {
		return err
	}
	d.publisher = &publisher{client: d.client.WithToken(fromCMS), asked: map[string]string{}}
	return nil
}

func (d *demo) configuration(operator, fromCMS string) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	// JSON's texts are YAML's too.
	quoted := func(text string) string {
		out, _ := json.Marshal(text) // a text always has one
		return string(out)
	}
	return fmt.Sprintf(`# The demo's configuration, made anew at each start.
listen: %s
url: %s
state: state
pages: {access: loopback}
tokens:
  - {name: demo, role: operator, sha256: %s}
  - {name: cms, role: cms, sites: [%s], sha256: %s}
sites:
  %s:
    title: %s
    url: %s
    runner: local
    quiet: 1s
    max_wait: 5s
    retry: [5s, 30s]
    source: {folder: frontend}
    wait_ready: {url: %s, interval: 1s, limit: 1m}
    build:
      command: %s
      output: site
      environment: production
      env: {CMS_URL: %s, SITE_URL: %s}
    deploy: {to: public}
`, quoted(d.appAt.Addr().String()), quoted(d.appURL), serve.HashToken(operator), demoSite, serve.HashToken(fromCMS),
		demoSite, quoted(cms.SeedSite().Name), quoted(d.siteURL), quoted(d.cmsURL+"/healthz"),
		quoted(shellQuoted(program)+" demo-build --out site"), quoted(d.cmsURL), quoted(d.siteURL)), nil
}

// shellQuoted is text as one word of the shell.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func (d *demo) makeCMS() (err error) {
	d.cms, err = cms.New(cms.Options{
		Site: content.Site{URL: d.siteURL}, URL: d.cmsURL, ReleasesURL: d.appURL + "/sites/" + demoSite,
		File: filepath.Join(d.folder, "cms.json"), AnnounceSeed: true, Publisher: d.publisher, Status: d.publisher, Log: d.log,
	})
	return err
}

// run serves everything for as long as show takes.
func (d *demo) run(ctx context.Context, show func(context.Context) error) error {
	defer func() { _ = d.logOut.Close() }() // a demo's log
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, serving := errgroup.WithContext(serving)
	g.Go(func() error { return d.app.Serve(serving, d.appAt, nil) })
	g.Go(func() error { return serveHTTP(serving, d.cmsAt, d.cms) })
	g.Go(func() error {
		return serveHTTP(serving, d.siteAt, public.Handler(public.Options{Dir: d.publicFolder, Log: d.log}))
	})
	g.Go(func() error { return d.cms.Run(serving) })
	showing, hide := context.WithCancel(ctx)
	defer hide()
	defer context.AfterFunc(serving, hide)()
	err := show(showing)
	if serving.Err() != nil {
		err = nil // what ended the serving is told by Wait
	}
	endErr := d.endRelease(context.WithoutCancel(ctx))
	stop()
	return errors.Join(err, g.Wait(), endErr)
}

// endRelease sees to it that no run is left: runs outlive their app, and this
// one's folder is about to go. A release that is live is let finish, any other
// is cancelled.
func (d *demo) endRelease(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, endLimit)
	defer cancel()
	// Nothing new may begin meanwhile. The pause ends by itself, for a demo
	// that is taken up again.
	until := time.Now().Add(endLimit)
	if _, err := d.client.Act(ctx, demoSite, "pause", api.ActInput{Why: "The demo ends", Until: &until}); err != nil {
		return fmt.Errorf("pause the demo's site: %w", err)
	}
	for cancelled := false; ; {
		site, err := d.client.Site(ctx, demoSite)
		if err != nil {
			return fmt.Errorf("end the release that is under way: %w", err)
		}
		switch site.State {
		case release.Ready, release.Requested:
			return local.AwaitEnd(ctx, filepath.Join(d.folder, "state"), demoSite)
		case release.Dispatched, release.Starting, release.InProgress:
			if !cancelled {
				// A refusal means that it has gone further in the meantime.
				_, err := d.client.Act(ctx, demoSite, "cancel", api.ActInput{Why: "The demo ends"})
				cancelled = err == nil
			}
		case release.Complete: // its last words are on their way
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("end the release that is under way: %w", err)
		}
	}
}

// endLimit bounds the end of a demo.
const endLimit = 15 * time.Second

func serveHTTP(ctx context.Context, l net.Listener, handler http.Handler) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := srv.Shutdown(ending)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		stopped <- err
	})
	err := srv.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return <-stopped
}
