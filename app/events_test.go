package app

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
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

func TestShuttingDownEndsStreamsAndLosesNothing(t *testing.T) {
	b := start(t, nil)
	lines := b.listen(t.Context(), t, "/v1/events", "0")
	b.ask(t, release.FromEditor)
	next(t, lines)
	b.app.stopNow()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for lines.Scan() {
		}
	}()
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		t.Error("the stream goes on")
	}
}

func TestAnotherSitesEventsAreNotTold(t *testing.T) {
	b := start(t, limited)
	status, p := b.call(t, http.MethodGet, "/v1/events?site=www", "cms-docs-token", "")
	if status != http.StatusForbidden {
		t.Errorf("got %d %+v", status, p)
	}
}
