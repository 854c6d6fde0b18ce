package probe_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// idle is a runner that nothing is handed to.
type idle struct{ runner.Runner }

func (idle) Reattach(context.Context) error { return nil }
func (idle) Close() error                   { return nil }
func (idle) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errors.New("nothing runs")
}

// serve runs an app and gives its address.
func serve(t *testing.T, access string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conf := config.Config{
		State: t.TempDir(), Listen: l.Addr().String(), Pages: config.Pages{Access: access},
		Tokens: []config.Token{},
		Sites:  map[string]config.Site{"www": {Title: "The library", Runner: "local"}, "blog": {Title: "Blog", Runner: "local"}},
	}
	for _, role := range []string{"operator", "editor", "cms"} {
		conf.Tokens = append(conf.Tokens, config.Token{Name: role, Role: role, SHA256: auth.HashToken(role + token)})
	}
	a, err := app.New(t.Context(), app.Options{Config: conf, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return idle{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- a.Serve(ctx, l, func(net.Addr) { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func TestARunningAppPasses(t *testing.T) {
	url := serve(t, config.AccessToken)
	for _, role := range []string{"operator", "editor", "cms"} {
		o, d := runAs(t, role+token, url, "--site", "www")
		if o.Code != 0 || len(d.Checks) != 10 {
			t.Errorf("%s: ended with %d: %+v", role, o.Code, d.Checks)
		}
		for _, c := range d.Checks {
			if c.Result != "ok" {
				t.Errorf("%s: %+v", role, c)
			}
		}
	}
}

func TestARunningAppThatLetsItsMachineInPasses(t *testing.T) {
	o, d := runAs(t, "", serve(t, config.AccessLoopback))
	if o.Code != 0 {
		t.Errorf("ended with %d: %+v", o.Code, d.Checks)
	}
	for _, c := range d.Checks {
		if c.Check == "other-host" && !strings.HasSuffix(c.Detail, "421") || c.Check == "no-token" && c.Result != "skipped" {
			t.Errorf("%+v", c)
		}
	}
}
