package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
)

// api is a CDN's API that notes what it is told.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	// fail answers the first so many calls with this status.
	fail, status int
	answer       string
}

func newAPI(t *testing.T, answer string) *api {
	t.Helper()
	a := &api{answer: answer}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.fail > 0 {
			a.fail--
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(a.status)
			return
		}
		a.calls = append(a.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s%s%s", r.Method, r.URL.Path, r.Header.Get("Fastly-Key"), r.Header.Get("Authorization"), body)))
		_, _ = io.WriteString(w, a.answer)
	}))
	t.Cleanup(a.Close)
	return a
}

func quick(p Purger) Purger {
	switch p := p.(type) {
	case *Fastly:
		p.client.pause = time.Millisecond
	case *Cloudflare:
		p.client.pause = time.Millisecond
	case *Webhook:
		p.client.pause = time.Millisecond
	}
	return p
}

func TestWhatEachCDNIsTold(t *testing.T) {
	purge := Purge{ID: "id", Tags: []string{"news"}, Paths: []string{"/a b/", "/x*.html"}}
	for _, c := range []struct {
		address, answer string
		purge           Purge
		want            []string
	}{
		{"fastly:SVC", "{}", purge, []string{
			`POST /service/SVC/purge token{"surrogate_keys":["news"]}`,
			`POST /purge/www.example.org/a b/ token`,
			`POST /purge/www.example.org/x*.html token`,
		}},
		{"fastly:SVC", "{}", Purge{All: true}, []string{`POST /service/SVC/purge_all token`}},
		{"cloudflare:ZONE", `{"success":true}`, Purge{Paths: purge.Paths}, []string{
			`POST /zones/ZONE/purge_cache Bearer token{"files":["https://www.example.org/a%20b/","https://www.example.org/x%2A.html"]}`,
		}},
		{"cloudflare:ZONE", `{"success":true}`, Purge{Prefixes: []string{"/news/"}}, []string{
			`POST /zones/ZONE/purge_cache Bearer token{"prefixes":["www.example.org/news/"]}`,
		}},
		{"cloudflare:ZONE", `{"success":true}`, Purge{All: true}, []string{`POST /zones/ZONE/purge_cache Bearer token{"purge_everything":true}`}},
	} {
		server := newAPI(t, c.answer)
		server.fail, server.status = 2, http.StatusTooManyRequests
		p, err := Open(t.Context(), Config{Address: c.address, Token: "token", PublicURL: "https://www.example.org", Endpoint: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := quick(p).Purge(t.Context(), c.purge); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, server.calls); diff != "" {
			t.Errorf("%s: %s", c.address, diff)
		}
	}
}

func TestRefusalsAreClearAndHideSecrets(t *testing.T) {
	for _, c := range []struct {
		address, answer, want string
		status                int
	}{
		{"fastly:SVC", "", "check the token", http.StatusForbidden},
		{"fastly:SVC", "", "check the service id", http.StatusNotFound},
		{"cloudflare:ZONE", "", "check the token", http.StatusUnauthorized},
		{"cloudflare:ZONE", `{"success":false,"errors":[{"message":"no such tag"}]}`, "no such tag", http.StatusOK},
		{"cloudflare:ZONE", `<html>`, "not JSON", http.StatusOK},
	} {
		server := newAPI(t, c.answer)
		if c.status != http.StatusOK {
			server.fail, server.status = 1, c.status
		}
		p, err := Open(t.Context(), Config{Address: c.address, Token: "s3cr3t", PublicURL: "https://www.example.org", Endpoint: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, err = quick(p).Purge(t.Context(), Purge{Paths: []string{"/a"}})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s %d: %v, want it to say %q", c.address, c.status, err, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"":                   "KIND:NAME",
		"akamai:1":           "not known",
		"fastly:SVC":         "FASTLY_API_TOKEN",
		"cloudflare:ZONE":    "CLOUDFLARE_API_TOKEN",
		"varnish:server":     "not an address",
		"webhook:nowhere":    "not a URL",
		"cloudfront:":        "KIND:NAME",
		"varnish:http://a,b": "not an address",
	} {
		if _, err := Open(t.Context(), Config{Address: address}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", address, err, want)
		}
	}
}

// cloudFront is CloudFront's API: an invalidation is in progress when first
// looked at, and completed then.
type cloudFront struct {
	mu         sync.Mutex
	references map[string]string
	looked     map[string]int
	busy       bool
}

func (c *cloudFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	if r.Method == http.MethodGet {
		id := filepath.Base(r.URL.Path)
		status := "InProgress"
		if c.looked[id]++; c.looked[id] > 1 {
			status = "Completed"
		}
		_, _ = fmt.Fprintf(w, "<Invalidation><Id>%s</Id><Status>%s</Status></Invalidation>", id, status)
		return
	}
	body, _ := io.ReadAll(r.Body)
	text := string(body)
	reference := between(text, "<CallerReference>", "</CallerReference>")
	if c.busy && !strings.Contains(text, "<Path>/*</Path>") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>TooManyInvalidationsInProgress</Code></Error></ErrorResponse>")
		return
	}
	if _, ok := c.references[reference]; !ok {
		c.references[reference] = text
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, "<Invalidation><Id>I-%s</Id><Status>InProgress</Status></Invalidation>", reference)
}

func between(s, start, end string) string {
	_, s, _ = strings.Cut(s, start)
	s, _, _ = strings.Cut(s, end)
	return s
}

func openCloudFront(t *testing.T, fake *cloudFront) *CloudFront {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	fake.references, fake.looked = map[string]string{}, map[string]int{}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	p, err := NewCloudFront(t.Context(), CloudFrontOptions{Distribution: "E1", Tags: true, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	p.minDelay = time.Millisecond
	return p
}

func TestCloudFrontInvalidatesOnceForARelease(t *testing.T) {
	fake := &cloudFront{}
	p := openCloudFront(t, fake)
	purge := Purge{ID: "pressrun-www-7-abc", Tags: []string{"news"}, Paths: []string{"/a b/", "/x*"}, Prefixes: []string{"/c/"}}
	for range 2 {
		receipt, err := p.Purge(t.Context(), purge)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(t.Context(), receipt); err != nil {
			t.Fatal(err)
		}
	}
	if len(fake.references) != 1 {
		t.Fatalf("%d invalidations for one purge", len(fake.references))
	}
	for _, item := range []string{"<Path>#news</Path>", "<Path>/a%20b/</Path>", "<Path>/x%2A</Path>", "<Path>/c/*</Path>", "<Quantity>4</Quantity>"} {
		if !strings.Contains(fake.references[purge.ID], item) {
			t.Errorf("no %s in %s", item, fake.references[purge.ID])
		}
	}
}

func TestABusyDistributionGetsOneWildcard(t *testing.T) {
	fake := &cloudFront{busy: true}
	p := openCloudFront(t, fake)
	if _, err := p.Purge(t.Context(), Purge{ID: "x", Paths: []string{"/a"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(fake.references["x-all"], "<Path>/*</Path>") {
		t.Fatalf("%v", fake.references)
	}
}

// recorder is a CDN that notes purges and can be down.
type recorder struct {
	purges []Purge
	down   bool
}

func (r *recorder) String() string                      { return "recorder" }
func (r *recorder) Abilities() Abilities                { return Abilities{Paths: 100, Prefixes: 5} }
func (r *recorder) Wait(context.Context, Receipt) error { return nil }
func (r *recorder) Purge(_ context.Context, p Purge) (Receipt, error) {
	if r.down {
		return nil, errors.New("it is down")
	}
	r.purges = append(r.purges, p)
	return nil, nil
}

func TestSyncTellsTheCDNOfEachChangeOnce(t *testing.T) {
	home := t.TempDir()
	build := filepath.Join(home, "build")
	write := func(name, body string) {
		t.Helper()
		file := filepath.Join(build, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(body), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	dest, err := destination.Open(t.Context(), "file://"+filepath.Join(home, "www"), destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	publish := func() {
		t.Helper()
		if _, err := engine.Run(t.Context(), dest, engine.Options{Source: build, Site: "www"}); err != nil {
			t.Fatal(err)
		}
	}
	cdn := &recorder{}
	sync := func() (Report, error) { return Sync(t.Context(), dest, cdn, Options{Site: "www"}) }

	if _, err := sync(); err == nil {
		t.Error("a purge before the first release")
	}
	write("index.html", "1")
	write("a.html", "1")
	publish()
	if r, err := sync(); err != nil || !r.Purge.All {
		t.Fatalf("the first release: %+v, %v", r, err)
	}
	publish()
	if r, err := sync(); err != nil || !r.Purge.Empty() {
		t.Fatalf("nothing changed: %+v, %v", r, err)
	}
	write("a.html", "2")
	publish()
	cdn.down = true
	var pending *PendingError
	if _, err := sync(); !errors.As(err, &pending) {
		t.Fatalf("the CDN is down: %v", err)
	}
	write("index.html", "2")
	publish()
	cdn.down = false
	r, err := sync()
	if err != nil {
		t.Fatal(err)
	}
	// What the CDN missed is told with what came after.
	if diff := cmp.Diff([]string{"/", "/a", "/a.html", "/index.html"}, r.Purge.Paths); diff != "" {
		t.Error(diff)
	}
	if r, err := sync(); err != nil || !r.Purge.Empty() || len(cdn.purges) != 2 {
		t.Fatalf("told already: %+v, %v", r, err)
	}
	if r, err := Sync(t.Context(), dest, cdn, Options{Site: "www", All: true}); err != nil || !r.Purge.All || r.Purge.ID == "" {
		t.Fatalf("asked for everything: %+v, %v", r, err)
	}
}

func TestTheWebhookIsSigned(t *testing.T) {
	var got Purge
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s := r.Header.Get("X-Pressrun-Signature-256"); !strings.HasPrefix(s, "sha256=") || len(s) != 71 {
			t.Errorf("signature %q", s)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	p, err := Open(t.Context(), Config{Address: "webhook:" + server.URL + "/hidden-token", Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	want := Purge{ID: "i", Paths: []string{"/a"}}
	if _, err := p.Purge(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	server.Close()
	p.(*Webhook).client.pause = time.Microsecond
	_, err = p.Purge(t.Context(), want)
	if err == nil || strings.Contains(err.Error()+p.String(), "hidden-token") {
		t.Errorf("the error tells the address: %v", err)
	}
}
