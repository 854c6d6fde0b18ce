package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/eventually"
)

// told is a server whose answer is a stream, and what becomes of it.
type told struct {
	*httptest.Server
	begun, over chan struct{}
}

func serveStream(t *testing.T, tell func(context.Context, *Events)) *told {
	t.Helper()
	s := &told{begun: make(chan struct{}, 1), over: make(chan struct{}, 1)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Stream{Log: slog.New(slog.DiscardHandler), Over: func() { s.over <- struct{}{} }, Tell: func(ctx context.Context, out *Events) {
			s.begun <- struct{}{}
			tell(ctx, out)
		}}.Serve(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// tellTwice sends two events, the first of which looks like the end of a chunk.
func tellTwice(_ context.Context, out *Events) {
	out.Send(NewEvent(1, "a", []byte(`{"why":"0\r\n\r\n"}`)))
	out.Send(NewEvent(2, "b", []byte(strings.Repeat("x", 70_000))))
}

var wholeStream = ": connected\nretry: 2000\n\nid: 1\nevent: a\ndata: {\"why\":\"0\\r\\n\\r\\n\"}\n\nid: 2\nevent: b\ndata: " + strings.Repeat("x", 70_000) + "\n\n"

// A stream has an end that can be told from a connection that broke, in each version of
// HTTP that has one.
func TestAStreamArrivesWholeInEachVersionOfHTTP(t *testing.T) {
	for _, version := range []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			s := serveStream(t, tellTwice)
			s.EnableHTTP2 = version == "HTTP/2.0"
			var resp *http.Response
			if s.EnableHTTP2 {
				s.StartTLS()
				var err error
				if resp, err = s.Client().Get(s.URL); err != nil {
					t.Fatal(err)
				}
			} else {
				s.Start()
				resp = getRaw(t, s.URL, "GET / "+version+"\r\nHost: x\r\n\r\n")
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil || string(text) != wholeStream {
				t.Errorf("%s %v: %d bytes, %v", resp.Proto, resp.TransferEncoding, len(text), err)
			}
			chunked := len(resp.TransferEncoding) > 0
			if got := resp.Header.Get("Content-Type"); got != "text/event-stream" || chunked != (version == "HTTP/1.1") || resp.ContentLength > 0 {
				t.Errorf("%s: %v", version, resp.Header)
			}
			eventually.Receives(t, "the end of the stream", s.over)
		})
	}
}

// getRaw sends a call as it is, and reads the head of the answer.
func getRaw(t *testing.T, address, call string) *http.Response {
	t.Helper()
	c := dial(t, address)
	if _, err := io.WriteString(c, call); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(call, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server may have closed it
	return c
}

func TestAHeadOfAStreamHasNoBody(t *testing.T) {
	s := serveStream(t, func(context.Context, *Events) { t.Error("it is told to nobody") })
	s.Start()
	resp := getRaw(t, s.URL, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Errorf("%s %q", resp.Status, got)
	}
	eventually.Receives(t, "the end of the stream", s.over)
}

// What a reader sends after its call, which it was told not to, neither ends the stream
// nor is taken for a call.
func TestAStreamEndsWhenItsReaderGoes(t *testing.T) {
	s := serveStream(t, func(ctx context.Context, _ *Events) { <-ctx.Done() })
	s.Start()
	c := dial(t, s.URL)
	if _, err := fmt.Fprint(c, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 100)); err != nil {
		t.Fatal(err)
	}
	eventually.Receives(t, "the stream", s.begun)
	select {
	case <-s.over:
		t.Fatal("the stream ended before its reader went")
	default:
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	eventually.Receives(t, "the end of the stream", s.over)
	if len(s.begun) > 0 {
		t.Error("a second call was answered")
	}
}

// A stream that breaks off by a mistake is told from one that ended, and the others go on.
func TestABrokenStreamIsNotWhole(t *testing.T) {
	s := serveStream(t, func(context.Context, *Events) { panic("a mistake") })
	s.Start()
	resp := getRaw(t, s.URL, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("%q came as a whole", text)
	}
	eventually.Receives(t, "the end of the stream", s.over)
}
