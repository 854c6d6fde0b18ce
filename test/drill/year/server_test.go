package year

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/runner"
)

// The tokens of the drill.
const (
	operatorToken = "the operator's token"
	cmsToken      = "the CMS's token"
	runToken      = "the token of workflows that start by themselves"
)

// server is the app as its callers know it: there, or for a while not.
type server struct {
	t        *testing.T
	conf     config.Config
	platform *platform
	log      *slog.Logger

	mu    sync.Mutex
	calls *sync.WaitGroup // under way at the present app
	app   *app.App        // nil while it is away
	stop  context.CancelFunc
	over  chan error
	// away are the times when there was no app.
	away []span
	// faults lose calls and answers.
	faults chance
}

func newServer(t *testing.T, dir string, p *platform, faults chance) *server {
	t.Helper()
	seconds := func(n int) *config.Duration { d := config.Duration(time.Duration(n) * time.Second); return &d }
	site := func(zone string, schedules ...config.Schedule) config.Site {
		return config.Site{Runner: "local", TimeZone: zone, Schedules: schedules, Deadlines: config.Deadlines{Silence: seconds(int(silence / time.Second))}}
	}
	va := shipped(t)
	s := &server{t: t, platform: p, faults: faults}
	s.log = slog.New(errorLog{t: t, server: s})
	s.conf = config.Config{
		State: dir, URL: "http://pressrun.test", Pages: config.Pages{Access: "token"},
		Tokens: []config.Token{
			{Name: "ops", Role: "operator", SHA256: hash(operatorToken)},
			{Name: "cms", Role: "cms", SHA256: hash(cmsToken)},
			{Name: "workflows", Role: "run", SHA256: hash(runToken)},
		},
		Sites: map[string]config.Site{
			"www":     site(va.TimeZone, va.Schedules...),
			"library": site("Europe/Berlin", config.Schedule{Name: "daily", Cron: "30 15 * * *"}),
		},
	}
	return s
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// start begins a new app on the same ledger.
func (s *server) start() {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	a, err := app.New(ctx, app.Options{Config: s.conf, Log: s.log, NewRunner: func(on runner.OnEvent) (runner.Runner, error) {
		return s.platform.connect(on), nil
	}})
	if err != nil {
		s.t.Fatalf("start the app: %v", err)
	}
	ready, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- a.Serve(ctx, &silentListener{closed: make(chan struct{})}, func(net.Addr) { close(ready) })
	}()
	select {
	case <-ready:
	case err := <-over:
		s.t.Fatalf("serve: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app, s.stop, s.over, s.calls = a, stop, over, &sync.WaitGroup{}
	if n := len(s.away); n > 0 {
		s.away[n-1].to = time.Now()
	}
}

// end stops the app: cleanly, when the calls under way are finished first, or
// with calls falling into its arms.
func (s *server) end(clean bool) {
	s.t.Helper()
	s.mu.Lock()
	stop, over, calls := s.stop, s.over, s.calls
	if clean {
		s.app = nil
	}
	s.away = append(s.away, span{from: time.Now()})
	s.mu.Unlock()
	if clean {
		calls.Wait()
	}
	stop()
	if err := <-over; err != nil && !errors.Is(err, http.ErrServerClosed) {
		s.t.Errorf("the app ended with %v", err)
	}
	s.mu.Lock()
	s.app = nil
	s.mu.Unlock()
	calls.Wait()
}

// now is the present app, or nil.
func (s *server) now() *app.App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app
}

var errRefused = errors.New("connection refused")

// RoundTrip implements http.RoundTripper by calling the app's handler. Now and
// then a call or its answer is lost on the way.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	a, calls := s.app, s.calls
	lost, silent := s.faults.of(0.001), s.faults.of(0.002)
	if a != nil {
		calls.Add(1)
	}
	s.mu.Unlock()
	if a == nil {
		return nil, errRefused
	}
	defer calls.Done()
	if lost {
		return nil, io.ErrUnexpectedEOF
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	a.Handler().ServeHTTP(rec, in)
	if silent {
		return nil, io.ErrUnexpectedEOF
	}
	return rec.Result(), nil
}

func (s *server) client(token string) *api.Client {
	s.t.Helper()
	c, err := api.NewClient("http://pressrun.test", token, api.Options{Transport: s})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// silentListener is the network that nobody calls over: calls come by RoundTrip.
type silentListener struct {
	once   sync.Once
	closed chan struct{}
}

func (l *silentListener) Accept() (net.Conn, error) {
	<-l.closed
	return nil, net.ErrClosed
}

func (l *silentListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *silentListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// errorLog fails the drill when the app logs an error that its going away does
// not explain.
type errorLog struct {
	t      *testing.T
	server *server
}

func (errorLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (e errorLog) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	if e.server.closing() {
		return nil
	}
	e.t.Errorf("%s: the app logged an error: %s", time.Now().UTC().Format(time.RFC3339), text)
	return nil
}

func (e errorLog) WithAttrs([]slog.Attr) slog.Handler { return e }
func (e errorLog) WithGroup(string) slog.Handler      { return e }

func (s *server) closing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.away)
	return n > 0 && s.away[n-1].to.IsZero()
}

// span is a time from an instant to another; to is zero while it lasts.
type span struct{ from, to time.Time }

// within is how much of the spans lies between two instants.
func within(spans []span, from, to time.Time) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		end := s.to
		if end.IsZero() || end.After(to) {
			end = to
		}
		begin := s.from
		if begin.Before(from) {
			begin = from
		}
		if end.After(begin) {
			sum += end.Sub(begin)
		}
	}
	return sum
}
