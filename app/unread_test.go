package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// smuggled is what must never be answered when it comes as part of a body.
const smuggled = "GET /healthz?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

// early is a call whose answer does not need the whole of its body.
type early struct {
	name, line, header string
	begin              string // of the body, before the answer; the rest comes after it
	length             int    // of the whole body
	status             int
}

// earlyCalls are calls that are answered with every status that a call can be
// refused with, and some that are not refused.
func earlyCalls(operator, cms string) []early {
	as := func(token string) string {
		return "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n"
	}
	const requests = "POST /v1/sites/www/requests"
	return []early{
		{"bad number", "GET /v1/sites/www/releases?limit=x", as(operator), "{", 200, 422},
		{"no token", requests, "", "{", 200, 401},
		{"no token, large", requests, "", "{", 2 << 20, 401},
		{"wrong role", "POST /v1/sites/www/pause", as(cms), "{", 200, 403},
		{"another site's page", "POST /sites/www/requests", "Sec-Fetch-Site: cross-site\r\n", "a=", 200, 403},
		{"no site", "POST /v1/sites/none/requests", as(operator), "{", 200, 404},
		{"no address", "GET /v1/nowhere", as(operator), "{", 200, 404},
		{"no webhooks", "POST " + github.WebhookPath, "", "{", 200, 404},
		{"wrong method", "PATCH /v1/sites/www", as(operator), "{", 200, 405},
		{"slow body", requests, as(operator), "{", 200, 408},
		{"slow metrics", "PUT /v1/sites/www/releases/1/metrics", "", "{", 200, 401},
		{"too large", requests, as(operator), strings.Repeat(" ", 70_000), 200_000, 413},
		{"far too large", requests, as(operator), strings.Repeat(" ", 70_000), 900_000, 413},
		{"too many streams of one", "GET /v1/events", as(cms), "{", 200, 429},
		{"too many streams", "GET /v1/events", as(operator), "{", 200, 503},
		{"health", "GET /healthz", "", "{", 200, 200},
		{"ready", "GET /readyz", "", "{", 200, 200},
		{"description", "GET /openapi.json", "", "{", 200, 200},
		{"page", "GET /signin", "", "{", 200, 200},
		{"sites", "GET /v1/sites", as(operator), "{", 200, 200},
		{"log", "GET /v1/sites/www/releases/1/log", as(operator), "{", 200, 404},
		{"backup", "GET /v1/backup", as(operator), "{", 200, 200},
		{"options", "OPTIONS *", "", "{", 200, 400},
		{"form", "POST /signin", "Content-Type: application/x-www-form-urlencoded\r\n", "token=" + strings.Repeat("x", 1<<20+2000), 2 << 20, 413},
	}
}

// raw serves the app as Run does, and tells where. An answer that waits for the rest of a
// body comes too late for every test.
func (b *bench) raw(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.app.current.Load().handler.Wait = time.Hour
	srv := b.app.server()
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String()
}

// dialRaw is a connection on which what must come is waited for no longer than
// eventually.Patience.
func dialRaw(t *testing.T, address string) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(eventually.Patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// framings are the ways to say how long a body is, and to send a piece of it.
var framings = map[string]struct {
	header func(length int) string
	piece  func(text string) string
}{
	"length": {
		func(length int) string { return "Content-Length: " + strconv.Itoa(length) + "\r\n" },
		func(text string) string { return text },
	},
	"chunked": {
		func(int) string { return "Transfer-Encoding: chunked\r\n" },
		func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) },
	},
	"expect": {
		func(length int) string {
			return "Content-Length: " + strconv.Itoa(length) + "\r\nExpect: 100-continue\r\n"
		},
		func(text string) string { return text },
	},
}

func TestTheRestOfABodyIsNoCallOfItsOwn(t *testing.T) {
	b := start(t, func(c *config.Config) {
		c.Tokens = append(c.Tokens, config.Token{Name: "cms", Role: "cms", SHA256: auth.HashToken("cms-token")})
	})
	b.app.places.Limit(1, 1)
	if _, full := b.app.places.Enter("cms"); full != nil {
		t.Fatal(full)
	}
	address := b.raw(t)
	for _, call := range earlyCalls(operatorToken, "cms-token") {
		for framing, as := range framings {
			if framing == "expect" && len(call.begin) > 1 {
				continue // who waits for 100 sends nothing by itself
			}
			t.Run(call.name+", "+framing, func(t *testing.T) {
				if call.status != http.StatusServiceUnavailable && call.name != "backup" { // they wait for one another
					t.Parallel()
				}
				c := dialRaw(t, address)
				head := call.line + " HTTP/1.1\r\nHost: x\r\n" + call.header + as.header(call.length) + "\r\n"
				answersOnce(t, c, call, head+as.piece(call.begin))
			})
		}
	}
}

// answersOnce sends the beginning of a call, reads the answer, sends the rest of
// the body, which looks like another call, and looks that nothing answers it.
func answersOnce(t *testing.T, c net.Conn, call early, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil && call.status != http.StatusRequestEntityTooLarge {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	answer := readAnswer(t, in)
	if answer != (answered{call.status, true}) {
		t.Errorf("the answer is %+v, want %d and that it closes the connection", answer, call.status)
	}
	_, _ = io.WriteString(c, smuggled) // the other side may have gone
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // nothing more comes, so the server need not wait for it
	}
	left, _ := io.ReadAll(in) // empty, also when the other side has gone
	if len(left) > 0 {
		t.Errorf("the rest of the body is answered: %.80s", left)
	}
}

// answered is an answer of which nothing is left to read.
type answered struct {
	status int
	closes bool // the connection, by its own word
}

// readAnswer reads one answer, and its body to the end.
func readAnswer(t *testing.T, in *bufio.Reader) answered {
	t.Helper()
	for {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatalf("the answer %s breaks off: %v", answer.Status, err)
		}
		if answer.StatusCode != http.StatusContinue {
			return answered{answer.StatusCode, answer.Close}
		}
	}
}

// What is pipelined after a whole body is a call of its own: it is answered as
// such, or not at all, but the body before it never is.
func TestACallAfterAWholeBodyIsItsOwn(t *testing.T) {
	b := start(t, nil)
	address := b.raw(t)
	as := "Authorization: Bearer " + operatorToken + "\r\n"
	for _, call := range []struct {
		name, line, header, body string
		status                   int
		kept                     bool // the body is read before the answer
	}{
		{"accepted", "POST /v1/sites/www/requests", as + "Content-Type: application/json\r\n", `{"source":"operator"}`, 201, true},
		{"no JSON", "POST /v1/sites/www/requests", as + "Content-Type: application/json\r\n", smuggled, 400, true},
		{"wrong field", "POST /v1/sites/www/requests", as + "Content-Type: application/json\r\n", `{"source":"operator","title":7}`, 422, true},
		{"wrong type", "POST /v1/sites/www/requests", as + "Content-Type: text/x-odd\r\n", smuggled, 415, true},
		{"no token", "POST /v1/sites/www/requests", "", smuggled, 401, false},
		{"wrong sign-in", "POST /signin", "Content-Type: application/x-www-form-urlencoded\r\n", "token=" + strings.ReplaceAll(smuggled, " ", "+"), 403, true},
		{"no address", "GET /v1/nowhere", "", smuggled, 404, false},
		{"wrong method", "PATCH /v1/sites", as, smuggled, 405, false},
		{"unread body", "GET /healthz", "", smuggled, 200, false},
	} {
		for framing, how := range framings {
			t.Run(call.name+", "+framing, func(t *testing.T) {
				c := dialRaw(t, address)
				body := how.piece(call.body)
				if framing == "chunked" {
					body += "0\r\n\r\n"
				}
				text := call.line + " HTTP/1.1\r\nHost: x\r\n" + call.header + how.header(len(call.body)) + "\r\n" + body +
					"GET /v1/sites/second HTTP/1.1\r\nHost: x\r\n" + as + "\r\n"
				if _, err := io.WriteString(c, text); err != nil {
					t.Fatal(err)
				}
				in := bufio.NewReader(c)
				answer := readAnswer(t, in)
				if answer != (answered{call.status, !call.kept}) {
					t.Errorf("the answer is %+v, want %+v", answer, answered{call.status, !call.kept})
				}
				if !call.kept {
					if left, _ := io.ReadAll(in); len(left) > 0 {
						t.Errorf("after the end of the connection came %.80s", left)
					}
					return
				}
				if second := readAnswer(t, in); second.status != http.StatusNotFound {
					t.Errorf("the second call is answered with %d", second.status)
				}
			})
		}
	}
}

// An event stream to whose call a body belongs is the last answer of its
// connection.
func TestAStreamWithAnUnreadBodyIsTheLastAnswer(t *testing.T) {
	b := start(t, nil)
	c := dialRaw(t, b.raw(t))
	if _, err := io.WriteString(c, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+operatorToken+"\r\nContent-Length: 200\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !answer.Close {
		t.Fatalf("%+v", answer)
	}
	if _, err := io.WriteString(c, smuggled); err != nil {
		t.Fatal(err)
	}
	b.app.stopNow()
	text, _ := io.ReadAll(answer.Body)
	if strings.Contains(string(text), "HTTP/1.1") {
		t.Errorf("the rest of the body is answered: %s", text)
	}
}

func TestTheRestOfAWebhookIsNoCallOfItsOwn(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	address := h.raw(t)
	const signed = "X-Hub-Signature-256: sha256=00\r\n"
	for _, call := range []early{
		{"unsigned", "POST " + github.WebhookPath, "", "{", 200, 401},
		{"too large", "POST " + github.WebhookPath, signed, strings.Repeat(" ", 25<<20+1000), 26 << 20, 413},
	} {
		for _, framing := range []string{"length", "chunked"} {
			t.Run(call.name+", "+framing, func(t *testing.T) {
				head := call.line + " HTTP/1.1\r\nHost: x\r\n" + call.header + framings[framing].header(call.length) + "\r\n"
				answersOnce(t, dialRaw(t, address), call, head+framings[framing].piece(call.begin))
			})
		}
	}
}
