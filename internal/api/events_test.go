package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessagesAreReadAsTheStandardSays(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []message
	}{
		"one":               {"id: 7\nevent: x\ndata: {}\n\n", []message{{"7", "x", "{}"}}},
		"comments, retry":   {": hi\nretry: 5\n\n: still\ndata: a\n\n", []message{{"", "", "a"}}},
		"CR and CRLF":       {"data: a\r\rdata: b\r\n\r\n", []message{{"", "", "a"}, {"", "", "b"}}},
		"several lines":     {"data: a\ndata:b\ndata\n\n", []message{{"", "", "a\nb\n"}}},
		"the id stays":      {"id: 1\ndata: a\n\ndata: b\n\n", []message{{"1", "", "a"}, {"1", "", "b"}}},
		"no data, no event": {"event: x\nid: 3\n\ndata: a\n\n", []message{{"3", "", "a"}}},
		"byte order mark":   {"\xEF\xBB\xBFdata: a\n\n", []message{{"", "", "a"}}},
		"broken off":        {"data: a\n\ndata: b\n", []message{{"", "", "a"}}},
		"unknown fields":    {"foo: bar\ndata: a\n\n", []message{{"", "", "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newMessageReader(strings.NewReader(c.stream))
			var got []message
			for {
				m, err := r.next()
				if err != nil {
					if !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Fatal(err)
					}
					break
				}
				got = append(got, m)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(message{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEndlessLinesAndMessagesAreRefused(t *testing.T) {
	for _, stream := range []string{strings.Repeat("x", maxLine+1), strings.Repeat("data: "+strings.Repeat("y", 1000)+"\n", 2000)} {
		if _, err := newMessageReader(strings.NewReader(stream)).next(); !errors.Is(err, errTooLong) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte("id: 1\r\nevent: x\r\ndata: {\"id\":1}\r\n\r\n: c\n\n"))
	f.Add([]byte("\xEF\xBB\xBFdata\ndata:\n\nid:\x00\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := newMessageReader(strings.NewReader(string(stream)))
		for range len(stream) + 1 {
			m, err := r.next()
			if err != nil {
				return
			}
			if strings.ContainsAny(m.id+m.name, "\r\n") || strings.Contains(m.data, "\r") || len(m.data) > len(stream) {
				t.Fatalf("got %+v", m)
			}
		}
		t.Fatal("more messages than bytes")
	})
}

// flaky serves five events, and breaks off after each two.
func flaky(t *testing.T, calls *atomic.Int64) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		if n == 2 {
			http.Error(w, "away for a moment", http.StatusBadGateway)
			return
		}
		last := 0
		if id := r.Header.Get("Last-Event-ID"); id != "" {
			if _, err := fmt.Sscan(id, &last); err != nil {
				t.Error(err)
			}
		}
		w.Header().Set("Content-Type", "text/event-stream")
		// The one before comes again: a reader must not be told twice.
		for id := max(last, 1); id <= min(last+2, 5); id++ {
			fmt.Fprintf(w, "id: %d\nevent: x\ndata: {\"id\":%d,\"site\":%q}\n\n", id, id, r.URL.Query().Get("site"))
		}
		fmt.Fprint(w, "data: {\"id\":")
	}))
	t.Cleanup(srv.Close)
	c, err := NewClient(srv.URL, "secret", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEventsResumeWithoutGapOrDouble(t *testing.T) {
	var calls atomic.Int64
	c := flaky(t, &calls)
	var got []int64
	enough := errors.New("enough")
	err := c.Events(t.Context(), "www", 0, func(e Event) error {
		if e.Site != "www" {
			t.Errorf("asked for %q", e.Site)
		}
		if got = append(got, e.ID); len(got) == 5 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEventsEndWhenTheAppRefusesOrTheContextEnds(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"title":"Forbidden","status":403,"code":"forbidden"}`)
	}))
	defer srv.Close()
	c, err := NewClient(srv.URL, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Events(t.Context(), "", FromNow, func(Event) error { return nil }); CodeOf(err) != "forbidden" {
		t.Errorf("got %v", err)
	}
	var calls atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	err = flaky(t, &calls).Events(ctx, "", 0, func(Event) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
