package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/pressrun/pressrun/internal/ansi"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// hostile are what somebody writes who wants a page, a stream or a terminal to do
// something else than show it.
var hostile = []string{
	`<script>alert(1)</script>`, `</script><img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `' onmouseover='alert(1)`,
	"</title></textarea></style><h1>forged</h1>", "{{.}} ${7*7} <%= 7*7 %>", "\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "\u009b31m\u0085",
	"a\r\nevent: site.paused\r\nid: 999\r\ndata: {}\r\n\r\nid: 998\n\n", "a\rb\n: comment\nretry: 1\n\n", "one\u2028two\u2029three", "\u202egnp.exe\u2066\u200b\ufeff", "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307",
	"\xff\xfe\xc3\x28\xed\xa0\x80", "::error file=x::forged\n::set-output name=a::b",
}

// mustBeTame looks for what a browser would carry out, and for characters that show
// as something else than they are.
func mustBeTame(t *testing.T, where, page string) {
	t.Helper()
	if i := strings.IndexAny(page, "\x00\x07\x1b\u0085\u009b\u2028\u2029\u202e\u2066\ufeff"); i >= 0 {
		t.Errorf("%s has the character %q in %q", where, page[i:i+3], page[max(0, i-40):min(len(page), i+40)])
	}
	tokens := html.NewTokenizer(strings.NewReader(page))
	inScript := false
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return
		}
		token := tokens.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			inScript = token.Data == "script"
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" && !strings.HasPrefix(a.Val, "/assets/") || a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Errorf("%s has <%s %s=%q>", where, token.Data, a.Key, a.Val)
				}
			}
			if token.Data == "h1" && strings.Contains(page, "<h1>forged") || token.Data == "img" && strings.Contains(token.String(), "alert") {
				t.Errorf("%s has %s", where, token)
			}
		case html.TextToken:
			if inScript && strings.Contains(token.Data, "alert(1)") {
				t.Errorf("%s has a script %q", where, token.Data)
			}
		case html.EndTagToken, html.CommentToken, html.DoctypeToken, html.ErrorToken:
			inScript = false
		}
	}
}

func TestNoTextFromElsewhereDoesAnythingButShow(t *testing.T) {
	output := strings.Join(hostile, "\n") + "\x00\n" + strings.Repeat("x", 1<<20) + "\nend\n"
	b := start(t, withPeople)
	var ids []string
	for i, text := range hostile {
		text = strings.ToValidUTF8(text, "\ufffd") // what JSON can carry; see below for the rest
		in := api.RequestInput{Source: release.FromEditor, Actor: text, Title: text, Reason: text, Entity: text}
		asked, err := b.client.Ask(t.Context(), "www", fmt.Sprint("hostile ", i), in)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		ids = append(ids, asked.ID)
	}
	raw := `{"source":"editor","title":"` + hostile[13] + `"}`
	if status, _ := b.callAs(t, operatorToken, http.MethodPost, "/v1/sites/www/requests", raw); status >= http.StatusInternalServerError {
		t.Errorf("bytes that are no UTF-8 get %d", status)
	}
	b.playHostile(t)
	r := signedInReader(t, b, operatorToken)
	for _, text := range hostile {
		text = strings.ToValidUTF8(text, "\ufffd")
		if _, err := b.client.Act(t.Context(), "www", "pause", api.ActInput{Why: text, Actor: text}); err != nil {
			t.Fatal(err)
		}
		paths := append([]string{"/", "/sites/www", "/sites/www/cancel", "/sites/www/rollback?to=1", "/sites/www/releases/1", "/sites/" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/signin?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"}, "/requests/"+ids[0])
		for _, path := range paths {
			mustBeTame(t, path, r.Get(path).Text)
		}
	}
	for _, id := range ids {
		mustBeTame(t, "/requests/"+id, r.Get("/requests/"+id).Text)
	}
	b.mustStreamWhole(t)
	b.runner.output = output
	for _, path := range []string{"/sites/www/releases/1/log", "/sites/www/releases/1/log?q=alert", "/sites/www/releases/1/log?q=%3Cscript%3Ealert(1)%3C/script%3E"} {
		mustBeTame(t, path, r.Get(path).Status(http.StatusOK).Text)
	}
	for path, output := range map[string]string{"/v1/sites/www/releases/1/log": output, "/sites/www/releases/1/log.txt": ansi.Visible(output)} {
		resp := b.fetch(t, path, operatorToken)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		// A browser must not take it for a page, whatever is in it.
		if h := resp.Header; err != nil || resp.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v %v", path, resp.StatusCode, h, err)
		}
		if string(text) != output {
			t.Errorf("%s: the output has %d bytes, want %d", path, len(text), len(output))
		}
	}
}

// playHostile plays a run that says hostile things.
func (b *bench) playHostile(t *testing.T) {
	t.Helper()
	job := b.job(t)
	b.runner.mu.Lock()
	id := b.runner.runs[job.Token]
	b.runner.mu.Unlock()
	run := api.Run{ID: id.ID, Attempt: 1, URL: "javascript:alert(1)"}
	claim, err := b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: job.Release, Token: job.Token, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	session := b.client.WithToken(claim.Session)
	all := strings.ToValidUTF8(strings.Join(hostile, " "), "\ufffd")
	short := all[:min(len(all), 300)]
	for i, s := range []release.State{release.InProgress, release.Complete} {
		if _, err := session.Report(t.Context(), "www", job.Release, api.ReportInput{Run: run, Sequence: int64(i + 1), State: s, Note: short}); err != nil {
			t.Fatal(err)
		}
	}
	if err := session.Heartbeat(t.Context(), "www", job.Release, api.HeartbeatInput{Run: run, Note: short}); err != nil {
		t.Fatal(err)
	}
	figures := api.Metrics{Pages: 1, Steps: []api.StepTime{{Name: short, Result: "ok", Note: short}}, Changed: hostileValid()}
	if err := session.PutMetrics(t.Context(), "www", job.Release, figures); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Report(t.Context(), "www", job.Release, api.ReportInput{Run: run, Sequence: 3, State: release.Ready, Note: short}); err != nil {
		t.Fatal(err)
	}
}

func hostileValid() []string {
	out := slices.Clone(hostile)
	for i := range out {
		out[i] = strings.ToValidUTF8(out[i], "\ufffd")
	}
	return out
}

// mustStreamWhole reads the event stream frame by frame: each has one id, one kind and
// one line of data, and they are those of the list.
func (b *bench) mustStreamWhole(t *testing.T) {
	t.Helper()
	newest, err := b.app.ledger.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	lines := b.listen(ctx, t, "/v1/events?site=www", "0")
	lines.Buffer(nil, 1<<20)
	lines.Split(bufio.ScanLines)
	var last int64
	var frame []string
	for last < newest && lines.Scan() {
		if line := lines.Text(); line != "" {
			frame = append(frame, line)
			continue
		}
		if strings.HasPrefix(frame[0], ":") { // the beginning
			frame = nil
			continue
		}
		id, isID := strings.CutPrefix(frame[0], "id: ")
		kind, isKind := strings.CutPrefix(frame[1], "event: ")
		data, isData := strings.CutPrefix(frame[len(frame)-1], "data: ")
		var e api.Event
		if err := json.Unmarshal([]byte(data), &e); len(frame) != 3 || !isID || !isKind || !isData || err != nil || e.Kind != kind || strconv.FormatInt(e.ID, 10) != id || e.ID != last+1 {
			t.Fatalf("after event %d comes the frame %q: %v", last, frame, err)
		}
		if strings.ContainsAny(data, "\r\x1b\u2028\u2029<") {
			t.Errorf("event %d has raw %q", e.ID, data)
		}
		last, frame = e.ID, nil
	}
	if last != newest {
		t.Errorf("the stream ended at event %d of %d: %v", last, newest, lines.Err())
	}
}
