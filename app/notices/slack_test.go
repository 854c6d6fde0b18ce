package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

const botToken = "xoxb-17-secret"

// slackMessage is a message in a channel of fakeSlack.
type slackMessage struct {
	channel, text string
	changes       int
}

// fakeSlack is Slack's API as its documentation has it, as far as it is called: strict
// in what it takes, and bounded to a message a second in a channel.
type fakeSlack struct {
	t        testing.TB
	mu       sync.Mutex
	messages map[string]*slackMessage // by ts
	order    []string
	calls    int
	last     time.Time
	limited  int
	// answer says what is answered instead; nil for what Slack would.
	answer func(n int) (status int, header http.Header, body string, err error)
}

func (s *fakeSlack) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	status, header, body, err := 0, http.Header{}, "", error(nil)
	if s.answer != nil {
		if status, header, body, err = s.answer(s.calls); err != nil {
			return nil, err
		}
	}
	if status == 0 {
		status, header, body = s.take(r)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func refusal(code string) (int, http.Header, string) {
	return http.StatusOK, http.Header{}, fmt.Sprintf(`{"ok":false,"error":%q}`, code)
}

func (s *fakeSlack) take(r *http.Request) (int, http.Header, string) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json; charset=utf-8" || r.URL.Host != "slack.com" || r.URL.Scheme != "https" {
		s.t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Content-Type"))
	}
	if r.Header.Get("Authorization") != "Bearer "+botToken {
		return refusal("invalid_auth")
	}
	var m struct {
		Channel     string            `json:"channel"`
		TS          string            `json:"ts"`
		Text        string            `json:"text"`
		Blocks      []json.RawMessage `json:"blocks"`
		UnfurlLinks *bool             `json:"unfurl_links"`
		UnfurlMedia *bool             `json:"unfurl_media"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		s.t.Error(err)
		return refusal("invalid_json")
	}
	now := time.Now()
	if now.Sub(s.last) < time.Second {
		s.limited++
		return http.StatusTooManyRequests, http.Header{"Retry-After": {"30"}}, `{"ok":false,"error":"ratelimited"}`
	}
	s.last = now
	switch {
	case m.Text == "" || len(m.Blocks) == 0 || len(m.Blocks) > 50:
		return refusal("no_text")
	case r.URL.Path == "/api/chat.postMessage" && m.TS == "":
		if m.Channel != "#news" {
			return refusal("channel_not_found")
		}
		m.Channel, m.TS = "C0NEWS", fmt.Sprintf("%d.%06d", now.Unix(), s.calls)
		s.messages[m.TS] = &slackMessage{channel: m.Channel, text: m.Text}
		s.order = append(s.order, m.TS)
	case r.URL.Path == "/api/chat.update":
		known := s.messages[m.TS]
		if known == nil || m.Channel != known.channel { // a name is no channel here: only the ID is
			return refusal("message_not_found")
		}
		if m.UnfurlLinks != nil || m.UnfurlMedia != nil {
			return refusal("invalid_arguments")
		}
		known.text, known.changes = m.Text, known.changes+1
	default:
		return refusal("unknown_method")
	}
	// It repeats the message, which may be long.
	return http.StatusOK, http.Header{}, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"text":%q}}`, m.Channel, m.TS, m.Text+strings.Repeat("x", 10_000))
}

// shown are the messages of the channel, as they are now.
func (s *fakeSlack) shown() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ts := range s.order {
		if m := s.messages[ts]; m != nil {
			all = append(all, strings.SplitN(m.text, "\n", 2)[0])
		}
	}
	return all
}

// slackOf is a configuration with one target that posts to #news.
func slackOf(t testing.TB, dir string, change func(*config.Target)) config.Config {
	t.Helper()
	file := filepath.Join(dir, "slack.token")
	if err := os.WriteFile(file, []byte(botToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := config.Target{Name: "news", Kind: "slack", Slack: config.SlackTarget{TokenFile: file, Channel: "#news"}}
	if change != nil {
		change(&target)
	}
	site := config.Site{Title: "Riverside", URL: "https://www.example.gov/", TimeZone: "UTC", Notify: []config.Target{target}}
	return config.Config{URL: "https://pressrun.example.gov", Sites: map[string]config.Site{"www": site}}
}

func newSlack(t testing.TB) *fakeSlack {
	t.Helper()
	return &fakeSlack{t: t, messages: map[string]*slackMessage{}}
}

func TestSlackHasOneMessageForARelease(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		stop := running(t, slackOf(t, dir, nil), l, l.Notices(), to)
		released(t, l, 2, failed)
		time.Sleep(time.Minute)
		stop() // what was told is known after a start
		running(t, slackOf(t, dir, nil), l, l.Notices(), to)
		released(t, l, 1, live)
		time.Sleep(time.Minute)
		want := []string{"Riverside: release #1 failed", "Riverside: release #2 is live again"}
		if got := to.shown(); !slices.Equal(got, want) {
			t.Errorf("the channel shows %q, want %q", got, want)
		}
		for _, m := range to.messages {
			if m.changes != 1 {
				t.Errorf("%q changed %d times", m.text, m.changes)
			}
		}
		if to.limited != 0 {
			t.Errorf("it was asked too much %d times", to.limited)
		}
	})
}

func TestAMessageThatIsGoneIsPostedAnew(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		lost := false
		to.answer = func(n int) (int, http.Header, string, error) {
			if n == 2 && !lost { // somebody deleted the message before it changed
				clear(to.messages)
				lost = true
			}
			return 0, nil, "", nil
		}
		running(t, slackOf(t, dir, nil), l, l.Notices(), to)
		released(t, l, 1, failed)
		time.Sleep(time.Minute)
		if got := to.shown(); !slices.Equal(got, []string{"Riverside: release #1 failed"}) {
			t.Errorf("the channel shows %q", got)
		}
	})
}

// TestWhateverSlackAnswersTheReleaseGoesOn: what is refused, limited or nonsense is
// told in words, and taken once Slack is well again.
func TestWhateverSlackAnswersTheReleaseGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		err    error
		want   string
	}{
		"unknown channel": {200, nil, `{"ok":false,"error":"channel_not_found"}`, nil, "Slack knows no such channel"},
		"bad token":       {200, nil, `{"ok":false,"error":"invalid_auth"}`, nil, "Slack does not know the token"},
		"not invited":     {200, nil, `{"ok":false,"error":"not_in_channel"}`, nil, "/invite"},
		"limited":         {429, http.Header{"Retry-After": {"600"}}, `{"ok":false,"error":"ratelimited"}`, nil, "it answered with 429"},
		"a sign-in page":  {200, nil, `<html>Sign in`, nil, "is the address right?"},
		"an empty answer": {200, nil, ``, nil, "is the address right?"},
		"half an answer":  {200, nil, `{"ok":true,"channel":"C1"`, nil, "is the address right?"},
		"down":            {0, nil, "", errors.New("connection refused"), "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := ledgerfile.Folder(t)
			synctest.Test(t, func(t *testing.T) {
				l, to := opened(t, dir), newSlack(t)
				to.answer = func(int) (int, http.Header, string, error) { return c.status, c.header, c.body, c.err }
				running(t, slackOf(t, dir, nil), l, l.Notices(), to)
				released(t, l, 1, live)
				time.Sleep(time.Minute)
				site, err := l.Site(t.Context(), "www")
				if err != nil || site.Live.Number != 1 {
					t.Errorf("the release waited: live is #%d (%v)", site.Live.Number, err)
				}
				waiting := noticesOf(t, l, "news", ledger.NoticeWaiting)
				if len(waiting) != 2 || !strings.Contains(waiting[1].Trouble, c.want) || strings.Contains(waiting[1].Trouble, botToken) {
					t.Fatalf("waiting: %+v, want %q", waiting, c.want)
				}
				if c.status == 429 && waiting[1].Due.Sub(waiting[1].Tried) < 9*time.Minute {
					t.Errorf("it is asked again after %s", waiting[1].Due.Sub(waiting[1].Tried))
				}
				to.mu.Lock()
				to.answer = nil
				to.mu.Unlock()
				time.Sleep(30 * time.Minute)
				if got := to.shown(); !slices.Equal(got, []string{"Riverside: release #1 is live"}) {
					t.Errorf("the channel shows %q", got)
				}
			})
		})
	}
}

func TestWhatSlackNeverTookIsUndeliveredAndReplayed(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		to.answer = func(int) (int, http.Header, string, error) {
			return 200, nil, `{"ok":false,"error":"is_archived"}`, nil
		}
		running(t, slackOf(t, dir, func(c *config.Target) { c.Events = []string{"release.failed"} }), l, l.Notices(), to)
		released(t, l, 1, failed)
		time.Sleep(30 * time.Hour)
		all := noticesOf(t, l, "news", ledger.NoticeUndelivered)
		if len(all) != 1 || !strings.Contains(all[0].Trouble, "the channel is archived") {
			t.Fatalf("%+v", all)
		}
		to.mu.Lock()
		to.answer = nil
		to.mu.Unlock()
		if _, err := l.Notices().Replay(t.Context(), all[0].ID, "ops", time.Now().Add(Tried)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if got := to.shown(); !slices.Equal(got, []string{"Riverside: release #1 failed"}) {
			t.Errorf("the channel shows %q", got)
		}
	})
}

// TestAKillAtAnyStepLosesNothingThatPeopleAreTold kills the sending to people at each of
// its steps. The one message that Slack took before the kill may be posted again, as
// nothing names it;
// what was decided, and what waits for a digest, is neither lost nor told anew.
func TestAKillAtAnyStepLosesNothingThatPeopleAreTold(t *testing.T) {
	t.Parallel()
	cuts := 0
	for at, done := int64(1), false; !done && !t.Failed(); at++ {
		for _, after := range []bool{false, true} {
			dir := ledgerfile.Folder(t)
			synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight UTC
				l, to := opened(t, dir), newSlack(t)
				c := slackOf(t, dir, func(c *config.Target) {
					c.QuietHours, c.QuietHoursExcept = []string{"00:03-01:00"}, []string{"release.failed"}
				})
				ctx, kill := context.WithCancel(t.Context())
				d := &dying{Lines: l.Notices(), to: to, steps: &atomic.Int64{}, at: at, after: after, kill: kill}
				stop, again := running(t, c, l, d, d), make(chan struct{})
				go func() { // what is killed is started again at once
					<-ctx.Done()
					stop()
					running(t, c, l, l.Notices(), to)
					close(again)
				}()
				released(t, l, 1, live)               // before quiet hours
				time.Sleep(time.Minute + time.Second) // in them, until the hold's end
				released(t, l, 1, failed)             // told all the same
				time.Sleep(time.Minute + time.Second) // a second release takes the request up
				released(t, l, 1, live)               // waits
				time.Sleep(time.Hour)                 // and is told
				done = ctx.Err() == nil
				kill()
				<-again
				time.Sleep(time.Hour)
				got := to.shown()
				want := []string{"Riverside: release #1 is live", "Riverside: release #2 failed", "Riverside: what happened in the meantime"}
				found := 0
				for _, m := range got {
					if found < len(want) && m == want[found] {
						found++
					}
				}
				if found < len(want) || len(got) > len(want)+1 {
					t.Errorf("cut at step %d (after: %v): the channel shows %q, want %q", at, after, got, want)
				}
				if left := noticesOf(t, l, "news", ledger.NoticeWaiting); len(left) != 0 {
					t.Errorf("cut at step %d: %d notices are left", at, len(left))
				}
			})
			cuts++
		}
	}
	if cuts < 20 {
		t.Errorf("there were %d cuts only", cuts)
	}
	t.Logf("cuts=%d lost=0", cuts)
}

func TestQuietHoursEndWithOneDigest(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight UTC
		l, to := opened(t, dir), newSlack(t)
		running(t, slackOf(t, dir, func(c *config.Target) {
			c.Events, c.QuietHours, c.QuietHoursExcept = []string{"release.live", "release.failed", "release.recovered", "site.paused"}, []string{"22:00-07:00"}, []string{"site.paused"}
		}), l, l.Notices(), to)
		released(t, l, 1, live)
		released(t, l, 1, failed)
		if _, err := l.Decide(t.Context(), "www", release.PauseSite{Act: release.Act{By: "ops", Why: "moving"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := to.shown(); !slices.Equal(got, []string{"Riverside: releases are paused"}) {
			t.Errorf("in quiet hours the channel shows %q", got)
		}
		time.Sleep(time.Until(time.Date(2000, 1, 1, 7, 0, 30, 0, time.UTC)))
		want := []string{"Riverside: releases are paused", "Riverside: what happened in the meantime"}
		if got := to.shown(); !slices.Equal(got, want) {
			t.Errorf("afterwards the channel shows %q, want %q", got, want)
		}
		time.Sleep(24 * time.Hour)
		if got := to.shown(); len(got) != 2 {
			t.Errorf("a day later the channel shows %q", got)
		}
	})
}

// TestWhatWentWrongIsToldWithinAMinuteAmongMany: a digest that has a failure is soon.
func TestWhatWentWrongIsToldWithinAMinuteAmongMany(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		running(t, slackOf(t, dir, func(c *config.Target) { c.Events = []string{"site.*", "release.failed"} }), l, l.Notices(), to)
		for range 4 { // eight messages, of which two wait
			for _, e := range []release.Event{release.PauseSite{Act: release.Act{By: "ops", Why: "moving"}}, release.ResumeSite{Act: release.Act{By: "ops"}}} {
				if _, err := l.Decide(t.Context(), "www", e); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(time.Minute)
		if got := to.shown(); len(got) != 6 {
			t.Errorf("the channel shows %q", got)
		}
		released(t, l, 1, failed)
		time.Sleep(time.Minute)
		got := to.shown()
		if len(got) != 7 || got[6] != "Riverside: what happened in the meantime" {
			t.Errorf("a minute after the failure the channel shows %q", got)
		}
		time.Sleep(30 * time.Minute)
		if got := to.shown(); len(got) != 7 {
			t.Errorf("half an hour later the channel shows %q", got)
		}
	})
}

func TestALongQueueIsToldWithinTwoMinutes(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		half := config.Duration(30 * time.Minute)
		running(t, slackOf(t, dir, func(c *config.Target) { c.Events, c.QueueLongerThan = []string{"site.queue_long"}, &half }), l, l.Notices(), to)
		if _, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromContent, Title: "Hours"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Minute)
		if got := to.shown(); len(got) != 0 {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(3 * time.Minute)
		if got := to.shown(); !slices.Equal(got, []string{"Riverside: requests wait too long"}) {
			t.Errorf("the channel shows %q", got)
		}
	})
}

func TestWhatAnIncomingWebhookRefusesIsToldInWords(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), newSlack(t)
		to.answer = func(int) (int, http.Header, string, error) { return 404, nil, "no_service", nil }
		c := slackOf(t, dir, func(c *config.Target) {
			c.Slack, c.URL = config.SlackTarget{}, "https://hooks.slack.com/services/T/B/x"
		})
		running(t, c, l, l.Notices(), to)
		released(t, l, 1, failed)
		time.Sleep(time.Minute)
		if all := noticesOf(t, l, "news", ""); len(all) != 1 || !strings.Contains(all[0].Trouble, "the webhook was removed or is off") {
			t.Errorf("%+v", all)
		}
	})
}

// TestAnIncomingWebhookMustSayOK: whatever else answers 200 is no Slack.
func TestAnIncomingWebhookMustSayOK(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"ok": "", "<html>": "is the address right?", "": "is the address right?"} {
		dir := ledgerfile.Folder(t)
		synctest.Test(t, func(t *testing.T) {
			l, to := opened(t, dir), newSlack(t)
			to.answer = func(int) (int, http.Header, string, error) { return 200, nil, answer, nil }
			c := slackOf(t, dir, func(c *config.Target) {
				c.Slack, c.URL = config.SlackTarget{}, "https://hooks.slack.com/services/T/B/x"
			})
			running(t, c, l, l.Notices(), to)
			released(t, l, 1, failed)
			time.Sleep(time.Minute)
			all := noticesOf(t, l, "news", "")
			if len(all) != 1 || (all[0].State == ledger.NoticeDelivered) != (want == "") || !strings.Contains(all[0].Trouble, want) {
				t.Errorf("%q: %+v", answer, all)
			}
		})
	}
}
