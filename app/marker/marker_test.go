package marker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// address is a public address, as its site's visitors find it.
type address struct {
	mu     sync.Mutex
	status int
	body   string
	err    error
	asked  []string
}

func (a *address) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.String())
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(a.body)), Header: http.Header{}, Request: r}, nil
}

// looks are the addresses that were read so far.
func (a *address) looks() []string {
	synctest.Wait() // for a look of this very instant
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *address) shows(status int, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status, a.body, a.err = status, body, nil
}

func (a *address) fails(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func markerOf(number, sequence int) string {
	return fmt.Sprintf(`{"site":"www","release":%d,"sequence":%d,"at":"2026-11-23T12:00:00Z"}`, number, sequence)
}

// scene is a site with its address, both under a Watcher.
type scene struct {
	*testing.T
	*address
	ledger *ledger.Ledger
}

// watching runs a story in fake time.
func watching(t *testing.T, story func(s scene)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		policy := release.DefaultPolicy()
		policy.Quiet = 0
		led, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(dir, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": policy}})
		if err != nil {
			t.Fatal(err)
		}
		public := &address{status: http.StatusNotFound}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		w := New(Options{Ledger: led, URLs: map[string]string{"www": "https://www.example.org/base/"}, Transport: public, Log: slog.New(slog.DiscardHandler)})
		go func() { defer close(done); w.Run(ctx) }()
		defer func() {
			stop()
			<-done
			if err := led.Close(); err != nil {
				t.Error(err)
			}
		}()
		story(scene{t, public, led})
	})
}

func (s scene) decide(event release.Event) release.Site {
	s.Helper()
	after, err := s.ledger.Decide(s.Context(), "www", event)
	if err != nil {
		s.Fatalf("%T: %v", event, err)
	}
	return after
}

// release makes the next release live, and then shows it.
func (s scene) release(sequence int) {
	s.Helper()
	if _, err := s.ledger.Accept(s.Context(), ledger.Request{Site: "www", Source: release.FromEditor}); err != nil {
		s.Fatal(err)
	}
	site, err := s.ledger.Tick(s.Context(), "www", fmt.Sprint("token", sequence))
	if err != nil {
		s.Fatal(err)
	}
	number, run := site.Current.Number, release.Run{ID: fmt.Sprint(sequence), Attempt: 1}
	s.decide(release.Claim{Release: number, Token: site.Current.Dispatch.Token, Run: run})
	s.decide(release.Report{Release: number, Run: run, Sequence: 1, To: release.InProgress})
	s.shows(http.StatusOK, markerOf(int(number), sequence))
	s.decide(release.Report{Release: number, Run: run, Sequence: 2, To: release.Complete})
	s.decide(release.Report{Release: number, Run: run, Sequence: 3, To: release.Ready})
	time.Sleep(3 * time.Second)
}

func (s scene) site() release.Site {
	s.Helper()
	site, err := s.ledger.Site(s.Context(), "www")
	if err != nil {
		s.Fatal(err)
	}
	return site
}

// kinds are the events of the trail that tell of the public address.
func (s scene) kinds() (kinds []string) {
	s.Helper()
	events, err := s.ledger.Events(s.Context(), "www", 0, 1000)
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == release.KindDiffers || e.Kind == release.KindAgrees {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

func TestAChangeBehindTheAppIsNoticedWithinAMinute(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		shows  int64
		words  string
	}{
		"rolled back by hand": {http.StatusOK, markerOf(1, 7), 1, "shows release #1, and not #2"},
		"deployed by hand":    {http.StatusOK, markerOf(2, 7), 2, "a later deploy under the number of release #2"},
		"overwritten":         {http.StatusNotFound, "", 0, "nothing that Pressrun published"},
		"another site":        {http.StatusOK, `{"site":"docs","release":2,"sequence":6}`, 0, "another site, docs"},
		"an error page":       {http.StatusOK, "<html>", 0, "nothing that Pressrun published"},
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, func(s scene) {
				s.release(5)
				s.release(6)
				if s.site().Differs() || s.site().Public.Sequence != 6 {
					t.Fatalf("after a release: %+v", s.site().Public)
				}
				s.shows(c.status, c.body)
				time.Sleep(every + again + time.Second)
				site := s.site()
				if !site.Differs() || site.Shows() != c.shows || !strings.Contains(site.PublicWords(), c.words) {
					t.Fatalf("it shows #%d: %q", site.Shows(), site.PublicWords())
				}
				time.Sleep(time.Hour)
				s.shows(http.StatusOK, markerOf(2, 6))
				time.Sleep(every + time.Second)
				if got := s.kinds(); s.site().Differs() || len(got) != 2 || got[1] != release.KindAgrees {
					t.Errorf("once it is as before: %v", got)
				}
			})
		})
	}
}

func TestWhatIsNoWordOfTheAddress(t *testing.T) {
	for name, change := range map[string]func(s scene){
		"no answer":      func(s scene) { s.fails(io.ErrUnexpectedEOF) },
		"a login":        func(s scene) { s.shows(http.StatusUnauthorized, "") },
		"a broken proxy": func(s scene) { s.shows(http.StatusBadGateway, "") },
		"a moment's 404": func(s scene) {
			time.Sleep(every - 3*time.Second - time.Second) // just before the next look
			s.shows(http.StatusNotFound, "")
			time.Sleep(2 * time.Second)
			s.shows(http.StatusOK, markerOf(1, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, func(s scene) {
				s.release(1)
				change(s)
				time.Sleep(10 * time.Minute)
				if got := s.kinds(); s.site().Differs() || len(got) != 0 {
					t.Errorf("it was told as a change: %v", got)
				}
			})
		})
	}
}

func TestAnAddressIsReadOnceAMinuteAndAfterAReleaseAlone(t *testing.T) {
	watching(t, func(s scene) {
		time.Sleep(time.Hour)
		const marker = "https://www.example.org/base/pressrun-release.json"
		if read := s.looks(); !slices.Equal(read, []string{marker}) { // for what an earlier ledger published
			t.Errorf("before anything was released %q was read", read)
		}
		s.release(1)
		if read := s.looks(); !slices.Equal(read, []string{marker, marker}) {
			t.Errorf("after the release %q was read", read)
		}
		before, events := len(s.looks()), s.trail()
		time.Sleep(time.Hour)
		if n := len(s.looks()) - before; n != 60 {
			t.Errorf("%d looks in an hour", n)
		}
		if n := s.trail() - events; n != 0 {
			t.Errorf("%d events of an hour in which nothing happened", n)
		}
	})
}

func (s scene) trail() int {
	s.Helper()
	events, err := s.ledger.Events(s.Context(), "www", 0, 1000)
	if err != nil {
		s.Fatal(err)
	}
	return len(events)
}
