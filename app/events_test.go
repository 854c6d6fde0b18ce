package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// listen opens the event stream and gives its lines.
func (b *bench) listen(ctx context.Context, t *testing.T, path, last string) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("%s: %q", resp.Status, got)
	}
	return bufio.NewScanner(resp.Body)
}

// next is the next event's id and kind.
func next(t *testing.T, lines *bufio.Scanner) (id, kind string) {
	t.Helper()
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			return id, value
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return "", ""
}

func TestAnEventStreamResumesWithoutAGap(t *testing.T) {
	b := start(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	lines := b.listen(ctx, t, "/v1/events?site=www", "")
	b.ask(t, release.FromEditor)
	first, kind := next(t, lines)
	if kind != "request.accepted" {
		t.Fatalf("the first event is %s", kind)
	}
	leave()
	b.run(t, b.job(t), release.Ready)
	lines = b.listen(t.Context(), t, "/v1/events?site=www", first)
	for _, want := range []string{
		release.KindOpened, release.KindDispatching, release.KindDispatched, release.KindStarting,
		release.KindInProgress, release.KindComplete, release.KindEnded,
	} {
		if _, kind := next(t, lines); kind != want {
			t.Errorf("got %s, want %s", kind, want)
		}
	}
}

// mustEnd reads a stream to its end, which must come soon.
func mustEnd(t *testing.T, lines *bufio.Scanner) {
	t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for lines.Scan() {
		}
	}()
	eventually.Receives(t, "the stream's end", over)
}

func TestShuttingDownEndsStreamsAndLosesNothing(t *testing.T) {
	b := start(t, nil)
	lines := b.listen(t.Context(), t, "/v1/events", "0")
	b.ask(t, release.FromEditor)
	next(t, lines)
	b.app.stopNow()
	b.app.places.Wait(t.Context()) // as the app does before it ends
	mustEnd(t, lines)
	if err := lines.Err(); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
}

func TestAnotherSitesEventsAreNotTold(t *testing.T) {
	b := start(t, limited)
	status, p := b.call(t, http.MethodGet, "/v1/events?site=www", "cms-docs-token", "")
	if status != http.StatusForbidden {
		t.Errorf("got %d %+v", status, p)
	}
}

func TestAStreamOfALostLedgerRestartsFromHowThingsAre(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.Ready)
	newest, err := b.app.ledger.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines := b.listen(t.Context(), t, "/v1/events?site=www", "5000")
	if id, kind := next(t, lines); kind != api.EventsRestarted || id != strconv.FormatInt(newest, 10) {
		t.Fatalf("got %s with id %s, want one with %d", kind, id, newest)
	}
	b.ask(t, release.FromEditor)
	if id, kind := next(t, lines); kind != "request.accepted" || id != strconv.FormatInt(newest+1, 10) {
		t.Errorf("then came %s with id %s", kind, id)
	}
}

// The client drops what it has seen already; not so after a restart.
func TestAFollowerOfALostLedgerGoesOn(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.Ready)
	ctx, cancel := context.WithCancel(t.Context())
	var kinds []string
	err := b.client.Events(ctx, "www", 5000, func(e api.Event) error {
		kinds = append(kinds, e.Kind)
		switch e.Kind {
		case api.EventsRestarted:
			b.ask(t, release.FromEditor)
		case "request.accepted":
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(kinds) < 2 || kinds[0] != api.EventsRestarted || kinds[1] != "request.accepted" {
		t.Errorf("it was told %v, %v", kinds, err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	b := start(t, limited)
	b.app.places.Limit(3, 2)
	ctx, leave := context.WithCancel(t.Context())
	for range 2 {
		b.listen(ctx, t, "/v1/events", "")
	}
	refused := func(token string, status int) {
		t.Helper()
		resp := b.fetch(t, "/v1/events?site=docs", token)
		defer resp.Body.Close()
		var p api.Problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != status || p.Code != "too_many_streams" || resp.Header.Get("Retry-After") != "30" {
			t.Errorf("got %s, %+v, again after %q", resp.Status, p, resp.Header.Get("Retry-After"))
		}
	}
	refused(operatorToken, http.StatusTooManyRequests)
	if _, full := b.app.places.Enter("another"); full != nil {
		t.Fatal(full)
	}
	refused("cms-token", http.StatusServiceUnavailable)
	if page, err := b.client.EventList(t.Context(), "", 0, 1); err != nil {
		t.Errorf("a list is no stream: %v %v", page, err)
	}
	leave()
	eventually.Holds(t, "the places are given back", func() bool {
		return b.app.places.Open() == 1
	})
	b.listen(t.Context(), t, "/v1/events", "")
}

func TestSigningOutEndsTheStreamOfAnOpenPage(t *testing.T) {
	b := start(t, withPeople)
	b.app.current.Load().api.Events.Beat = 20 * time.Millisecond
	r := newReader(t, b)
	cookie := r.SignIn(editorToken, "/").Status(http.StatusSeeOther).Resp.Cookies()[0]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(cookie)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() && lines.Text() != ": still here" {
	}
	if lines.Text() != ": still here" {
		t.Fatalf("the stream never lived: %s, %v", resp.Status, lines.Err())
	}
	r.Form("/signout", nil).Status(http.StatusSeeOther)
	mustEnd(t, lines)
}
