package cdn

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// quick is retry for tests.
var quick = RetryPolicy{Tries: 10, First: time.Millisecond, Max: 2 * time.Millisecond}

const secret = "s3cr3t-token"

// api is a CDN's API that notes what it is told.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	heads []http.Header
	// answer decides on the nth call, from 0; nil answers 200 and success.
	answer func(n int, w http.ResponseWriter)
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		n := len(a.calls)
		a.calls = append(a.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.EscapedPath(), body)))
		a.heads = append(a.heads, r.Header.Clone())
		if a.answer != nil {
			a.answer(n, w)
			return
		}
		_, _ = io.WriteString(w, `{"success":true,"errors":[],"status":"ok"}`)
	}))
	t.Cleanup(a.Close)
	return a
}

// open makes the purger of an address, whose API is the fake's.
func (a *api) open(t *testing.T, address, public string) Purger {
	t.Helper()
	p, err := Open(t.Context(), Config{
		Address: address, PublicURL: public, Tags: true, Endpoint: a.URL, Retry: quick,
		Getenv: func(string) string { return secret },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbered(n int, format string) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func quoted(list []string) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestEachCDNIsToldExactly(t *testing.T) {
	tags := numbered(257, "t%d")
	for _, c := range []struct {
		name, address, public string
		set                   Set
		want                  []string
	}{
		{"fastly tags, 256 a call", "fastly:SVC", "https://www.example.org", Set{Tags: tags}, []string{
			`POST /service/SVC/purge {"surrogate_keys":` + quoted(tags[:256]) + `}`,
			`POST /service/SVC/purge {"surrogate_keys":["t256"]}`,
		}},
		{"fastly paths", "fastly:SVC", "https://www.example.org", Set{Paths: []string{"/a b/", "/caf\u00e9*.html"}}, []string{
			`POST /purge/www.example.org/a%20b/`, `POST /purge/www.example.org/caf%C3%A9*.html`,
		}},
		{"fastly everything", "fastly:SVC", "", Set{All: true}, []string{`POST /service/SVC/purge_all`}},
		{"cloudflare in its order, 100 a call", "cloudflare:Z", "https://www.example.org", Set{Tags: tags[:101], Paths: []string{"/a b/"}, Prefixes: []string{"/news/"}}, []string{
			`POST /zones/Z/purge_cache {"tags":` + quoted(tags[:100]) + `}`,
			`POST /zones/Z/purge_cache {"tags":["t100"]}`,
			`POST /zones/Z/purge_cache {"files":["https://www.example.org/a%20b/"]}`,
			`POST /zones/Z/purge_cache {"prefixes":["www.example.org/news"]}`,
		}},
		{"cloudflare everything of the host", "cloudflare:Z", "https://www.example.org", Set{All: true}, []string{`POST /zones/Z/purge_cache {"hosts":["www.example.org"]}`}},
		{"cloudflare everything below a folder", "cloudflare:Z", "https://www.example.org/docs/", Set{All: true}, []string{`POST /zones/Z/purge_cache {"prefixes":["www.example.org/docs"]}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAPI(t)
			receipt, err := carry(t.Context(), a.open(t, c.address, c.public), c.set)
			if err != nil || !finished(receipt) {
				t.Fatalf("%+v, %v", receipt, err)
			}
			slices.Sort(c.want)
			slices.Sort(a.calls)
			if diff := cmp.Diff(c.want, a.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, h := range a.heads {
				if h.Get("Fastly-Key") != secret && h.Get("Authorization") != "Bearer "+secret {
					t.Errorf("no token in %v", h)
				}
				if strings.HasPrefix(c.address, "fastly") && (h.Get("Fastly-Soft-Purge") == "1") == c.set.All {
					t.Errorf("soft purge: %q", h.Get("Fastly-Soft-Purge"))
				}
			}
		})
	}
}

func TestAThrottledPurgeIsTriedAgain(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504, 408} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			a := newAPI(t)
			a.answer = func(n int, w http.ResponseWriter) {
				if n < 9 {
					w.WriteHeader(status)
					return
				}
				_, _ = io.WriteString(w, `{"success":true}`)
			}
			if _, err := carry(t.Context(), a.open(t, "cloudflare:Z", "https://www.example.org"), Set{Tags: []string{"a"}}); err != nil {
				t.Fatal(err)
			}
			if len(a.calls) != 10 {
				t.Errorf("%d calls", len(a.calls))
			}
		})
	}
}

func TestATryWaitsForSecondsAndAsLongAsItIsTold(t *testing.T) {
	p := RetryPolicy{}.orDefault()
	if p.Tries < 10 {
		t.Errorf("%d tries", p.Tries)
	}
	for attempt := range 40 {
		full := min(p.First<<min(attempt, 20), p.Max)
		if got := p.pause(attempt); got < full/2 || got > full {
			t.Errorf("pause before try %d: %s, want %s to %s", attempt+2, got, full/2, full)
		}
	}
	for header, want := range map[string]time.Duration{"12": 12 * time.Second, "100000": maxRetryAfter, "0": 0} {
		got, ok := retryAfter(&http.Response{Header: http.Header{"Retry-After": {header}}})
		if !ok || got != want {
			t.Errorf("Retry-After %s: %s, %v", header, got, ok)
		}
	}
	for _, header := range []string{"", "-1", "soon"} {
		if got, ok := retryAfter(&http.Response{Header: http.Header{"Retry-After": {header}}}); ok {
			t.Errorf("Retry-After %q: %s", header, got)
		}
	}
}

func TestARefusalIsPendingAndSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		address, answer string
		status, calls   int
		want            string
	}{
		{"fastly:SVC", `{"msg":"Provided credentials are missing or invalid"}`, 401, 1, "purge_select"},
		{"fastly:SVC", `no`, 404, 1, "check the service id"},
		{"cloudflare:Z", `{"success":false}`, 403, 1, "check that the token may purge"},
		{"cloudflare:Z", `{"success":false,"errors":[{"code":1094,"message":"Unable to purge"}]}`, 200, 2, `1094 "Unable to purge"`},
		{"cloudflare:Z", `<html>`, 200, 1, "not JSON"},
		{"cloudflare:Z", `elsewhere`, 302, 1, "302"},
		{"cloudflare:Z", "busy\x1b[31m", 503, 10, "503 Service Unavailable"},
	} {
		t.Run(c.address+" "+strconv.Itoa(c.status), func(t *testing.T) {
			a := newAPI(t)
			a.answer = func(_ int, w http.ResponseWriter) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}
			set := Set{Site: "www", Release: 7, Tags: []string{"a"}}
			receipt, err := carry(t.Context(), a.open(t, c.address, "https://www.example.org"), set)
			p, ok := errors.AsType[*PendingError](err)
			if !ok || finished(receipt) {
				t.Fatalf("%+v, %v", receipt, err)
			}
			if diff := cmp.Diff(set, p.Receipt.Left); diff != "" || !cmp.Equal(p.Receipt, receipt) {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			text := err.Error()
			if !strings.Contains(text, c.want) || !strings.Contains(text, "live at the origin") || strings.Count(text, "live at the origin") != 1 {
				t.Errorf("%s", text)
			}
			if strings.Contains(text, secret) || strings.ContainsAny(text, "\x1b\n") {
				t.Errorf("unfit for a log: %q", text)
			}
			if len(a.calls) != c.calls {
				t.Errorf("%d calls, want %d", len(a.calls), c.calls)
			}
		})
	}
}

// TestAPurgeGoesOnWhereItStopped cuts a purge of five calls at each of them, and
// lets another process go on with the receipt.
func TestAPurgeGoesOnWhereItStopped(t *testing.T) {
	set := Set{Site: "www", Release: 7, Sequence: 9, Tags: numbered(250, "t%d"), Paths: numbered(120, "/%d")}
	whole := newAPI(t)
	if _, err := carry(t.Context(), whole.open(t, "cloudflare:Z", "https://www.example.org"), set); err != nil {
		t.Fatal(err)
	}
	for cut := range whole.calls {
		a := newAPI(t)
		a.answer = func(n int, w http.ResponseWriter) {
			_, _ = io.WriteString(w, fmt.Sprintf(`{"success":%t}`, n != cut))
		}
		receipt, err := carry(t.Context(), a.open(t, "cloudflare:Z", "https://www.example.org"), set)
		if err == nil {
			t.Fatalf("cut at call %d: no error", cut)
		}
		text, err := json.Marshal(receipt)
		if err != nil {
			t.Fatal(err)
		}
		var later Receipt
		if err := json.Unmarshal(text, &later); err != nil {
			t.Fatal(err)
		}
		later, err = resume(t.Context(), a.open(t, "cloudflare:Z", "https://www.example.org"), later)
		if err != nil || !finished(later) {
			t.Fatalf("cut at call %d: %+v, %v", cut, later, err)
		}
		if diff := cmp.Diff(set, later.Set); diff != "" {
			t.Errorf("the receipt forgot what was asked (-want +got):\n%s", diff)
		}
		want := slices.Insert(slices.Clone(whole.calls), cut, whole.calls[cut]) // the refused one twice, no other
		if diff := cmp.Diff(want, a.calls); diff != "" {
			t.Errorf("cut at call %d (-want +got):\n%s", cut, diff)
		}
	}
}

func TestAReceiptIsOfItsCDNAlone(t *testing.T) {
	a := newAPI(t)
	_, err := resume(t.Context(), a.open(t, "fastly:OTHER", ""), Receipt{CDN: "fastly:SVC", Left: Set{All: true}})
	if err == nil || len(a.calls) > 0 || !strings.Contains(err.Error(), "fastly:OTHER") {
		t.Errorf("%v, calls %v", err, a.calls)
	}
	if r, err := resume(t.Context(), a.open(t, "fastly:SVC", ""), Receipt{CDN: "fastly:SVC"}); err != nil || !finished(r) || len(a.calls) > 0 {
		t.Errorf("a receipt that is done: %+v, %v, calls %v", r, err, a.calls)
	}
}

func TestATailIsPartedLikeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOf(rapid.SampledFrom([]kind{kindTag, kindPath, kindPrefix})).Draw(t, "kinds")
		slices.Sort(kinds)
		var items []item
		for i, k := range kinds {
			items = append(items, item{k, strconv.Itoa(i)})
		}
		r := callLimits{total: rapid.IntRange(1, 5).Draw(t, "total"), prefixes: rapid.IntRange(0, 3).Draw(t, "prefixes"), mixed: rapid.Bool().Draw(t, "mixed")}
		all := r.batches(items)
		if !slices.Equal(slices.Concat(all...), items) {
			t.Fatalf("%v is not %v", all, items)
		}
		for n, batch := range all {
			prefixes := len(values(batch, kindPrefix))
			if len(batch) == 0 || len(batch) > r.total || (r.prefixes > 0 && prefixes > r.prefixes) {
				t.Fatalf("batch %v does not keep %+v", batch, r)
			}
			tail := r.batches(slices.Concat(all[n:]...))
			if !cmp.Equal(tail, all[n:], cmp.AllowUnexported(item{})) {
				t.Fatalf("the tail from %d is parted as %v", n, tail)
			}
		}
	})
}

func TestAReferenceIsOfTheDeployAndTheItems(t *testing.T) {
	base := Set{Site: "w w/w", Release: 7, Sequence: 9, Paths: []string{"/a", "/b"}}
	reference := func(change func(*Set)) string {
		s := base
		change(&s)
		return s.reference(s.items())
	}
	same := reference(func(*Set) {})
	if same != reference(func(*Set) {}) {
		t.Error("not the same for the same")
	}
	seen := map[string]bool{same: true}
	for _, r := range []string{
		reference(func(s *Set) { s.Site = "www" }),
		reference(func(s *Set) { s.Release = 8 }),
		reference(func(s *Set) { s.Sequence = 10 }), // rolled back and forward again
		reference(func(s *Set) { s.Once = "now" }),
		reference(func(s *Set) { s.Paths = []string{"/a"} }),
		reference(func(s *Set) { s.Paths, s.Prefixes = []string{"/a"}, []string{"/b"} }),
		reference(func(s *Set) { s.Site = strings.Repeat("x", 300) }),
	} {
		if seen[r] || len(r) > 110 || strings.ContainsAny(r, " /") {
			t.Errorf("reference %q", r)
		}
		seen[r] = true
	}
}

func TestAWebhookIsSignedByTheStandard(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	a := newAPI(t)
	a.answer = func(n int, w http.ResponseWriter) { w.WriteHeader([]int{502, 204, 204}[n]) }
	p, err := Open(t.Context(), Config{
		Address: "webhook:" + a.URL + "/hook/t0ken", PublicURL: "https://www.example.org", Retry: quick,
		Getenv: func(name string) string {
			if name != "PRESSRUN_CDN_WEBHOOK_SECRET" {
				t.Errorf("asked for %s", name)
			}
			return "whsec_" + base64.StdEncoding.EncodeToString(key) + "\n"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.Name(), "t0ken") {
		t.Errorf("the name shows the address's token: %s", p.Name())
	}
	set := Set{Site: "www", Release: 7, Sequence: 9, Tags: []string{"a"}, Paths: numbered(250, "/%d")}
	if _, err := carry(t.Context(), p, set); err != nil {
		t.Fatal(err)
	}
	if len(a.calls) != 3 {
		t.Fatalf("%d calls", len(a.calls))
	}
	var got Set
	for n, c := range a.calls {
		body := strings.TrimPrefix(c, "POST /hook/t0ken ")
		h := a.heads[n]
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."+body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("webhook-signature") != want {
			t.Errorf("call %d: signature %q, want %q", n, h.Get("webhook-signature"), want)
		}
		if len(body) > 20_000 {
			t.Errorf("call %d has %d bytes", n, len(body))
		}
		var m webhookMessage
		if err := json.Unmarshal([]byte(body), &m); err != nil || m.Type != "pressrun.purge" || m.Timestamp.IsZero() {
			t.Fatalf("%+v, %v", m, err)
		}
		if n > 0 { // the first was refused, and came again
			got.Site, got.Release, got.Sequence = m.Data.Site, m.Data.Release, m.Data.Sequence
			got.Tags, got.Paths = append(got.Tags, m.Data.Tags...), append(got.Paths, m.Data.Paths...)
		}
	}
	if diff := cmp.Diff(set, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	ids := []string{a.heads[0].Get("webhook-id"), a.heads[1].Get("webhook-id"), a.heads[2].Get("webhook-id")}
	if ids[0] == "" || ids[0] != ids[1] || ids[1] == ids[2] {
		t.Errorf("a retry has the id of the message, another message another: %v", ids)
	}
}

func TestAWebhookThatIsDownTellsNoToken(t *testing.T) {
	a := newAPI(t)
	p, err := Open(t.Context(), Config{Address: "webhook:" + a.URL + "/hook/t0ken", Retry: RetryPolicy{Tries: 2, First: 1, Max: 1}, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	_, err = carry(t.Context(), p, Set{All: true})
	if err == nil || strings.Contains(err.Error(), "t0ken") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}

func TestACanceledPurgeEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(RetryPolicy{})
		c.retry.HTTPClient.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody}, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.do(ctx, call{method: http.MethodPost, url: "http://cdn.example/"})
		if err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestOpenRefusesWhatItCanNotUse(t *testing.T) {
	none := func(string) string { return "" }
	some := func(string) string { return secret }
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		config Config
		want   string // in the error; "" for none
	}{
		{Config{Address: "fastly:SVC", SecretFile: file, Getenv: none}, ""},
		{Config{Address: "varnish:http://127.0.0.1:6081,http://v2:6081", PublicURL: "https://www.example.org"}, ""},
		{Config{Address: "webhook:http://127.0.0.1:1/x", Getenv: none}, ""},
		{Config{}, "KIND:NAME"},
		{Config{Address: "cloudfront:"}, "KIND:NAME"},
		{Config{Address: "akamai:x"}, "not known"},
		{Config{Address: "fastly:SVC", Getenv: none}, "FASTLY_API_TOKEN"},
		{Config{Address: "fastly:SVC", SecretFile: file + "x"}, "read the CDN's secret"},
		{Config{Address: "cloudflare:Z", PublicURL: "https://www.example.org", Getenv: none}, "CLOUDFLARE_API_TOKEN"},
		{Config{Address: "cloudflare:Z", Getenv: some}, "--public-url"},
		{Config{Address: "cloudflare:Z", PublicURL: "www.example.org", Getenv: some}, "not a URL"},
		{Config{Address: "varnish:127.0.0.1:6081", PublicURL: "https://www.example.org"}, "http://varnish:6081"},
		{Config{Address: "varnish:http://user:pw@v:6081", PublicURL: "https://www.example.org"}, "without a name and password"},
		{Config{Address: "varnish:http://127.0.0.1:6081"}, "--public-url"},
		{Config{Address: "webhook:http://hooks.example.org/x", Getenv: none}, "https"},
		{Config{Address: "webhook:https://hooks.example.org/x", Getenv: func(string) string { return "whsec_short" }}, "24 to 64 bytes"},
	} {
		t.Run(c.config.Address+" "+c.config.PublicURL, func(t *testing.T) {
			p, err := Open(t.Context(), c.config)
			if c.want == "" {
				if err != nil || p.Name() == "" {
					t.Fatalf("%v, %v", p, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "pw") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestNoCDNHasNoPurger(t *testing.T) {
	if p, err := Open(t.Context(), Config{Address: "none"}); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

func TestAFinishedReceiptNamesNothingLeft(t *testing.T) {
	if text, err := json.Marshal(Receipt{CDN: "fastly:1", Set: Set{All: true}}); err != nil || strings.Contains(string(text), "left") {
		t.Errorf("%s, %v", text, err)
	}
}
