package content

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/outbound"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the specification's example

// world answers calls without a network.
type world func(r *http.Request) (*http.Response, error)

func (w world) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func says(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func publisher(t *testing.T, w world) *Publisher {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := NewPublisher(Options{
		Log: slog.New(slog.DiscardHandler), Transport: w,
		Config: &config.Config{Sites: map[string]config.Site{"www": {
			Before:    config.Before{URL: "https://cms.example.org/publish-due", SecretFile: file},
			Schedules: []config.Schedule{{Name: "hourly"}, {Name: "working", Continuous: true}},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var slot = timetable.Slot{Site: "www", Schedule: "hourly", At: time.Date(2026, 11, 30, 14, 55, 0, 0, time.UTC)}

func TestTheCallIsSignedAndNamesTheSlot(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	p := publisher(t, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Errorf("the signature: %v", err)
		}
		if want := `{"site":"www","schedule":"hourly","slot":"2026-11-30T14:55:00Z"}`; string(body) != want {
			t.Errorf("got %s", body)
		}
		ids = append(ids, r.Header.Get("Webhook-Id"))
		return says(200, `{"published": 2, "pages": ["a", "b"]}`)
	})
	for range 2 {
		if n, err := p.Publish(t.Context(), slot); n != 2 || err != nil {
			t.Errorf("published %d (%v)", n, err)
		}
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("ids %v", ids)
	}
	if !p.Calls("www", "hourly") || p.Calls("www", "working") || p.Calls("docs", "hourly") {
		t.Error("the wrong schedules have calls")
	}
}

func TestAnAnswerThatDoesNotSayIsTriedAgainForABoundedTime(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		err    error
		want   string // "" where it is an answer
	}{
		"nothing":        {status: 204},
		"none":           {status: 200, body: `{"published": 0}`},
		"an error":       {status: 500, want: "it answered 500"},
		"not allowed":    {status: 401, want: "it answered 401"},
		"empty":          {status: 200, want: "does not say"},
		"a page":         {status: 200, body: "<html>", want: "does not say"},
		"no number":      {status: 200, body: `{"published": "3"}`, want: "does not say"},
		"less than 0":    {status: 200, body: `{"published": -1}`, want: "does not say"},
		"something else": {status: 200, body: `{"ok": true}`, want: "does not say"},
		"too much":       {status: 200, body: strings.Repeat(" ", mostAnswer) + `{"published": 1}`, want: "more than 64 kB"},
		"moved":          {status: 302, want: "it answered 302"},
		"away":           {err: errors.New("connection refused"), want: "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, begun := 0, time.Now()
				p := publisher(t, func(*http.Request) (*http.Response, error) {
					if tries++; c.err != nil {
						return nil, c.err
					}
					return says(c.status, c.body)
				})
				n, err := p.Publish(t.Context(), slot)
				if c.want == "" && (err != nil || n != 0 || tries != 1) {
					t.Errorf("got %d (%v) in %d tries", n, err, tries)
				}
				if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || tries != 4 || time.Since(begun) > 2*time.Minute) {
					t.Errorf("got %d (%v) in %d tries and %s", n, err, tries, time.Since(begun))
				}
			})
		})
	}
}

func FuzzPublished(f *testing.F) {
	f.Add([]byte(`{"published": 3}`))
	f.Add([]byte(`{"published": 1e3}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := readPublished(outbound.Answer{Status: http.StatusOK, Body: body, Whole: true})
		if n < 0 || n > mostPublished || err != nil && n != 0 {
			t.Errorf("published %d (%v)", n, err)
		}
	})
}
