package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

// behindNginx puts a real nginx before the app that keeps one connection to it
// for all its clients, and sends bodies on as they come.
func behindNginx(t *testing.T, app string) string {
	t.Helper()
	return servers.StartNginx(t, "upstream app { server "+app+"; keepalive 1; }", `
		location = / { return 200; }
		location / {
			proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering off;
			proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_read_timeout 20s;
			client_max_body_size 30m;
		}`)
}

// Nobody who shares a proxy's connection gets the answer to what somebody else
// sent as a body. nginx 1.22 itself shares no connection whose body it did not
// send to the end; that an answer which comes early, and closes, breaks nothing
// behind it is what this adds to the tests without a proxy.
func TestNobodyBehindAProxyGetsAnothersAnswer(t *testing.T) {
	b := start(t, nil)
	address := behindNginx(t, b.raw(t))
	victims := 0
	victim := func(t *testing.T) {
		t.Helper()
		victims++
		name := fmt.Sprintf("victim-%d", victims)
		resp := b.at("http://"+address).fetch(t, "/v1/sites/"+name, operatorToken)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusNotFound || !strings.Contains(string(text), name) {
			t.Errorf("%s got %s %s %v", name, resp.Status, text, err)
		}
	}
	for _, call := range earlyCalls(operatorToken, operatorToken) {
		if call.status == http.StatusTooManyRequests || call.status == http.StatusServiceUnavailable || call.status == http.StatusBadRequest || call.name == "wrong role" || call.name == "backup" {
			continue // of an app in another state, and what nginx answers itself
		}
		for _, framing := range []string{"length", "chunked"} {
			t.Run(call.name+", "+framing, func(t *testing.T) {
				victim(t) // so that there is a connection to share
				c := dialRaw(t, address)
				head := call.line + " HTTP/1.1\r\nHost: x\r\n" + call.header + framings[framing].header(call.length) + "\r\n"
				if _, err := io.WriteString(c, head+framings[framing].piece(call.begin)); err != nil {
					t.Fatal(err)
				}
				if answer := readAnswer(t, bufio.NewReader(c)); answer.status != call.status {
					t.Fatalf("%+v, want %d", answer, call.status)
				}
				victim(t)
				_, _ = io.WriteString(c, strings.Repeat(smuggled, 3)) // nginx may have closed
				victim(t)
				if tcp, ok := c.(*net.TCPConn); ok {
					_ = tcp.CloseWrite()
				}
				victim(t)
			})
		}
	}
}

// A stream is a body whose end a proxy must find, in each version of HTTP that it may
// speak to the app; and the app's end is its end, not a failure.
func TestAStreamComesThroughAProxyAsItGrowsAndEndsWithTheApp(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		t.Run(version, func(t *testing.T) {
			b := start(t, nil)
			address := servers.StartNginx(t, "upstream app { server "+b.raw(t)+"; keepalive 1; }", `
				location = / { return 200; }
				location / {
					proxy_pass http://app; proxy_http_version `+version+`; proxy_buffering off;
					proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_read_timeout 20s;
				}`)
			lines := b.at("http://"+address).listen(t.Context(), t, "/v1/events?site=www", "")
			for range 3 {
				b.ask(t, release.FromEditor)
			}
			for range 3 {
				next(t, lines)
			}
			b.app.stopNow()
			mustEnd(t, lines)
			if err := lines.Err(); err != nil {
				t.Errorf("the stream broke off: %v", err)
			}
		})
	}
}

// at is the same app by another address.
func (b *bench) at(url string) *bench { return &bench{app: b.app, url: url} }
