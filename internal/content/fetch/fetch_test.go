package fetch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/pace"
)

// world answers in place of a network.
type world func(*http.Request) (*http.Response, error)

// RoundTrip answers.
func (w world) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// given is one answer of a world.
type given struct {
	status     int
	body       string
	to         string // where it leads to
	cut, fails bool
}

func (g given) answer() (*http.Response, error) {
	if g.fails {
		return nil, errors.New("connection refused")
	}
	r := reply(g.status, g.body)
	if g.to != "" {
		r.Header.Set("Location", g.to)
	}
	if g.cut {
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(g.body), &broken{}))
	}
	return r, nil
}

func asking(t *testing.T, o Options) *Client {
	t.Helper()
	o.URL, o.Pace = "https://cms.example.gov", pace.New(pace.Limits{})
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var list = content.Request{Method: http.MethodGet, URL: "https://cms.example.gov/posts?page=2"}

func TestWhatHelpsIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		answers []given
		want    string
		tries   int64
	}{
		"good at once":       {answers: []given{{status: 200, body: "good"}}, tries: 1},
		"good in the end":    {answers: bad(503, 5), tries: 6},
		"never good":         {answers: bad(500, 99), want: "after 6 tries: GET /posts?page=2 answered 500", tries: 6},
		"not there":          {answers: bad(404, 99), want: "check the address and the kind", tries: 1},
		"not allowed":        {answers: bad(403, 99), want: "check the credential", tries: 1},
		"no connection":      {answers: []given{{fails: true}}, want: "connection refused", tries: 6},
		"not what it is":     {answers: []given{{status: 200, body: "<html>"}}, want: "is not a list", tries: 6},
		"cut off":            {answers: []given{{status: 200, body: "go", cut: true}}, want: "unexpected EOF", tries: 6},
		"leads to elsewhere": {answers: []given{{status: 302, to: "https://other.example/"}}, want: "answered 302", tries: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			client := asking(t, Options{Transport: world(func(*http.Request) (*http.Response, error) {
				n++
				return c.answers[min(n, len(c.answers))-1].answer()
			})})
			err := client.Ask(t.Context(), list, func(a Answer) error {
				if string(a.Body) != "good" {
					return content.ErrNotAList
				}
				return nil
			})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			if tries, _, _ := client.Figures(); tries != c.tries {
				t.Errorf("%s: %d tries, want %d", name, tries, c.tries)
			}
		})
	}
}

func bad(status, times int) []given {
	return append(slices.Repeat([]given{{status: status, body: `{"message": "Sorry"}`}}, times), given{status: 200, body: "good"})
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A small answer that unpacks to a huge one is given up, once.
func TestABombIsNotUnpacked(t *testing.T) {
	const part = 1 << 20
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(make([]byte, part)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bomb := bytes.Repeat(packed.Bytes(), 2*mostBytes/part) // of several members, RFC 1952 section 2.2
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	}))
	defer server.Close()
	client, err := New(Options{URL: server.URL, Pace: pace.New(pace.Limits{})})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	err = client.Ask(t.Context(), content.Request{Method: http.MethodGet, URL: server.URL + "/posts"}, func(Answer) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "larger than 67.1 MB") || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// What a source leads to outside of itself is not asked, and a secret is in no error.
func TestOnlyTheSourceIsAsked(t *testing.T) {
	client := asking(t, Options{
		Credential: Credential{Query: url.Values{"key": {"prs_secret"}}},
		Transport: world(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("key") != "prs_secret" || r.URL.Query().Get("page") != "2" {
				t.Errorf("asked %s", r.URL)
			}
			return reply(404, ""), nil
		}),
	})
	for _, address := range []string{list.URL, "https://other.example/posts", "http://cms.example.gov/posts", "https://cms.example.gov:444/", "file:///etc/passwd", "/posts", ":"} {
		err := client.Ask(t.Context(), content.Request{Method: http.MethodGet, URL: address}, func(Answer) error { return nil })
		if err == nil || strings.Contains(err.Error(), "prs_secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if n, _, _ := client.Figures(); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTheClockIsTheSourcesOwn(t *testing.T) {
	ours := time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status int
		date   string
		want   time.Time
		own    bool
	}{
		{200, "Sat, 21 Nov 2026 16:00:00 GMT", ours.Add(-time.Hour), false},
		{405, "Sat, 21 Nov 2026 16:00:00 GMT", ours.Add(-time.Hour), false},
		{200, "", ours, true},
		{200, "yesterday", ours, true},
	} {
		client := asking(t, Options{Now: func() time.Time { return ours }, Transport: world(func(*http.Request) (*http.Response, error) {
			r := reply(c.status, "")
			r.Header.Set("Date", c.date)
			return r, nil
		})})
		if at, own, err := client.Clock(t.Context()); !at.Equal(c.want) || own != c.own || err != nil {
			t.Errorf("%+v: %s, %v, %v", c, at, own, err)
		}
	}
}
