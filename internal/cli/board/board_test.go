package board

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
)

// stage is an app and a terminal that a test plays.
type stage struct {
	mu     sync.Mutex
	site   api.Site
	err    error
	reads  int
	out    bytes.Buffer
	width  int
	height int
	events chan api.Event
	// ended is what the stream of events ends with.
	ended  chan error
	result chan error
	cancel context.CancelFunc
}

func (s *stage) sites(context.Context) ([]api.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return []api.Site{s.site}, s.err
}

func (s *stage) follow(ctx context.Context, fn func(api.Event) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.ended:
			return err
		case e := <-s.events:
			if err := fn(e); err != nil {
				return err
			}
		}
	}
}

// watch begins a board within a synctest bubble.
func watch(t *testing.T, screen, json, colour bool) *stage {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stage{
		site:  api.Site{Name: "www", State: release.Ready, Headline: "Ready", Since: time.Now(), Text: "Nothing waits."},
		width: 60, height: 20, events: make(chan api.Event), ended: make(chan error), result: make(chan error, 1), cancel: cancel,
	}
	term := &terminal.Terminal{
		Out: s, Screen: screen, Colour: colour, Now: time.Now, Local: time.UTC,
		Width: func() int { return s.size(&s.width) }, Height: func() int { return s.size(&s.height) },
	}
	p := term.Printer()
	p.JSON = json
	go func() {
		s.result <- Watch(ctx, Options{Sites: s.sites, Events: s.follow, App: "http://127.0.0.1:8080", Interval: 15 * time.Second, Terminal: term, Printer: p})
	}()
	t.Cleanup(cancel)
	synctest.Wait()
	return s
}

// size is one of the terminal's.
func (s *stage) size(of *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *of
}

// Write is the terminal's.
func (s *stage) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

// wrote is what was written since it was asked last.
func (s *stage) wrote() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.out.String()
	s.out.Reset()
	return text
}

// becomes has the app answer otherwise.
func (s *stage) becomes(change func(*stage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *stage) happens(e api.Event) {
	s.events <- e
	time.Sleep(2 * settle)
	synctest.Wait()
}

// end interrupts the board and gives its error.
func (s *stage) end() error {
	s.cancel()
	return <-s.result
}

func building(s *stage) {
	s.site.State, s.site.Headline, s.site.Text = release.InProgress, "In progress", "Release #7 is being built."
}

func TestAPipeGetsALineForEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch(t, false, false, false)
		if got := s.wrote(); got != "2000-01-01 00:00:00 UTC  www  ready: Nothing waits.\n" {
			t.Errorf("at first: %q", got)
		}
		s.happens(api.Event{ID: 1, Kind: "request.accepted"})
		if got := s.wrote(); got != "" {
			t.Errorf("nothing changed: %q", got)
		}
		s.becomes(building)
		s.happens(api.Event{ID: 2, Kind: "release.in_progress"})
		if got := s.wrote(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "in progress: Release #7 is being built.") || strings.Contains(got, "\x1b") {
			t.Errorf("a change: %q", got)
		}
		s.becomes(func(s *stage) { s.site.Text = "Later than usual." })
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if got := s.wrote(); !strings.Contains(got, "Later than usual.") {
			t.Errorf("what no event tells: %q", got)
		}
		if err := s.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestJSONIsADocumentALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch(t, true, true, true)
		s.becomes(building)
		s.happens(api.Event{ID: 2})
		got := s.wrote()
		if strings.Count(got, "\n") != 2 || strings.Count(got, `{"sites":[{"name":"www"`) != 2 || strings.Contains(got, "\x1b") {
			t.Errorf("got %q", got)
		}
		_ = s.end()
	})
}

func TestATerminalIsDrawnInPlaceAndGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch(t, true, false, false)
		first := s.wrote()
		if !strings.HasPrefix(first, "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H") || !strings.Contains(first, "www  ready for 0 s") {
			t.Errorf("at first: %q", first)
		}
		s.becomes(building)
		s.happens(api.Event{ID: 2, At: time.Now(), Site: "www", Kind: "release.in_progress", Release: 7, Why: "an \x1b[2Jescape"})
		got := s.wrote()
		if !strings.Contains(got, "\x1b[H") || !strings.Contains(got, "Release #7 is being built.") || !strings.Contains(got, "What happened") || strings.Contains(got, "\x1b[2J") {
			t.Errorf("a change: %q", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := s.wrote(); strings.Count(got, "\x1b[H") != 2 { // its clock
			t.Errorf("drawn %d times in 2 s", strings.Count(got, "\x1b[H"))
		}
		if err := s.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if got := s.wrote(); !strings.HasSuffix(got, "\x1b[?7h\x1b[?25h\x1b[?1049l") {
			t.Errorf("the terminal is not given back: %q", got)
		}
	})
}

func TestATerminalIsGivenBackAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch(t, true, false, false)
		s.becomes(func(s *stage) { s.err = &api.Problem{Status: http.StatusForbidden, Code: "forbidden"} })
		s.events <- api.Event{ID: 1}
		if err := <-s.result; api.CodeOf(err) != "forbidden" {
			t.Errorf("ended with %v", err)
		}
		if got := s.wrote(); !strings.HasSuffix(got, "\x1b[?1049l") {
			t.Errorf("the terminal is not given back: %q", got)
		}
	})
}

func TestAResizedTerminalIsDrawnAnewAndNeverOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch(t, true, false, false)
		s.wrote()
		s.becomes(func(s *stage) { s.width, s.height = 12, 2 })
		time.Sleep(tick)
		synctest.Wait()
		got := s.wrote()
		if got == "" || strings.Count(got, "\r\n") != 1 {
			t.Errorf("2 lines of 12: %q", got)
		}
		for line := range strings.SplitSeq(strings.NewReplacer("\x1b[H", "", "\x1b[J", "", "\x1b[K", "").Replace(got), "\r\n") {
			if len([]rune(line)) > 12 {
				t.Errorf("a line is too long: %q", line)
			}
		}
		_ = s.end()
	})
}

func TestAnAppThatGoesAwayIsWaitedFor(t *testing.T) {
	for _, screen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := watch(t, screen, false, false)
			s.wrote()
			s.becomes(func(s *stage) { s.err = exit.With(exit.Unreachable, errors.New("connection refused")) })
			time.Sleep(time.Minute)
			synctest.Wait()
			got := s.wrote()
			if !strings.Contains(got, "connection refused") || !screen && strings.Count(got, "\n") != 1 {
				t.Errorf("away: %.300q", got)
			}
			s.becomes(func(s *stage) { s.err = nil; building(s) })
			time.Sleep(longestTry + time.Second)
			synctest.Wait()
			if got := s.wrote(); !strings.Contains(got, "is being built") || !screen && !strings.Contains(got, "answers again") {
				t.Errorf("there again: %q", got)
			}
			_ = s.end()
		})
	}
}

func TestColoursAreOnlyWhereTheTerminalShowsThem(t *testing.T) {
	for _, colour := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := watch(t, true, false, colour)
			if got := strings.Contains(s.wrote(), "\x1b[32mready\x1b[0m"); got != colour {
				t.Errorf("colour %v: %v", colour, got)
			}
			_ = s.end()
		})
	}
}

func TestTheBarShowsHowFarAReleaseIs(t *testing.T) {
	now := time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
	at := now.Add(-30 * time.Second)
	for name, c := range map[string]struct {
		site api.Site
		want string
	}{
		"half":      {api.Site{State: release.InProgress, UsualSeconds: 60, Current: &api.Release{Number: 7, Times: api.Times{Dispatched: &at}}}, "  " + strings.Repeat("█", 12) + strings.Repeat("░", 12) + "  #7 30 s, usually 1 min"},
		"longer":    {api.Site{State: release.InProgress, UsualSeconds: 10, Current: &api.Release{Number: 7, Times: api.Times{Dispatched: &at}}}, "  " + strings.Repeat("█", 24) + "  #7 30 s, usually 10 s"},
		"not known": {api.Site{State: release.InProgress, Current: &api.Release{Times: api.Times{Dispatched: &at}}}, ""},
		"none":      {api.Site{State: release.Ready, UsualSeconds: 10}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, span := range progress(c.site, now) {
				got += span.Text
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
