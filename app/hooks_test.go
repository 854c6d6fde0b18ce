package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/hooks"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

const signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// hooked gives the site a hook of each dialect, and one that takes all.
func hooked(c *config.Config) {
	many := 100_000
	site := c.Sites["www"]
	site.URL = "https://www.example.gov"
	site.Hooks = []config.Hook{{Name: "cms", Dialect: "generic", Rate: &many, Burst: &many}}
	for _, name := range cms.Names() {
		h := config.Hook{Name: name, Dialect: name, Rate: &many, Burst: &many}
		if d, _ := cms.Find(name); d.Signed() {
			h.SecretFile = filepath.Join(c.State, "signing-secret")
		}
		site.Hooks = append(site.Hooks, h)
	}
	if err := os.WriteFile(filepath.Join(c.State, "signing-secret"), []byte("the next one\n"+signingSecret+"\n"), 0o600); err != nil {
		panic(err) // a folder of the test's own
	}
	c.Sites["www"] = site
}

// address makes the address of a hook.
func (b *bench) address(t *testing.T, hook string) string {
	t.Helper()
	made, err := b.client.NewHookAddress(t.Context(), "www", hook)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(made.Address)
	if err != nil {
		t.Fatal(err)
	}
	return b.url + u.Path
}

// hook calls a hook and gives the status, the answer's text and its headers.
func (b *bench) hook(t *testing.T, method, address string, header http.Header, body []byte) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (b *bench) accepted(t *testing.T) int64 {
	t.Helper()
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	return site.Accepted
}

func (b *bench) lastDelivery(t *testing.T) api.HookDelivery {
	t.Helper()
	all, err := b.client.HookDeliveries(t.Context(), "www", "", 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("the last delivery: %+v, %v", all, err)
	}
	return all[0]
}

// sample is a delivery of a dialect as it comes to an address, signed now.
func sample(t *testing.T, dialect, address, secret string) cms.Delivery {
	t.Helper()
	system, ok := cms.Find(dialect)
	if !ok {
		t.Fatalf("there is no dialect %s", dialect)
	}
	d := system.Sample()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	d.URI = u.RequestURI()
	system.Sign(&d, secret, ledger.Now())
	return d
}

func TestEachDialectIsTakenOnceAndNoForgedOneIs(t *testing.T) {
	b := start(t, hooked)
	for _, dialect := range cms.Names() {
		t.Run(dialect, func(t *testing.T) {
			system, _ := cms.Find(dialect)
			address := b.address(t, dialect)
			d := sample(t, dialect, address, signingSecret)
			before := b.accepted(t)
			status, text, header := b.hook(t, d.Method, address, d.Header, d.Body)
			if status != http.StatusOK || header.Get("Content-Type") != "application/json" || !json.Valid([]byte(text)) {
				t.Fatalf("got %d %s %s", status, header.Get("Content-Type"), text)
			}
			if got := b.accepted(t) - before; got != 1 {
				t.Errorf("%d requests were made", got)
			}
			if last := b.lastDelivery(t); last.Decision != "release" || last.Request == "" || last.Hook != dialect {
				t.Errorf("it is kept as %+v", last)
			}
			if events, err := system.Events(d); err != nil || events[0].ID != "" {
				b.doubled(t, address, d)
			}
			if !system.Signed() {
				return
			}
			b.forged(t, dialect, address)
		})
	}
}

// doubled sends the same delivery again.
func (b *bench) doubled(t *testing.T, address string, d cms.Delivery) {
	t.Helper()
	before := b.accepted(t)
	if status, text, _ := b.hook(t, d.Method, address, d.Header, d.Body); status != http.StatusOK || b.accepted(t) != before {
		t.Errorf("the same again: %d, %d requests more: %s", status, b.accepted(t)-before, text)
	}
	if last := b.lastDelivery(t); last.Decision != "again" {
		t.Errorf("the same again is kept as %+v", last)
	}
}

// forged sends what was not signed so.
func (b *bench) forged(t *testing.T, dialect, address string) {
	t.Helper()
	before := b.accepted(t)
	good, system := sample(t, dialect, address, signingSecret), func() cms.Dialect { d, _ := cms.Find(dialect); return d }()
	bad := map[string]cms.Delivery{"another secret": sample(t, dialect, address, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "no signature": system.Sample(), "truncated": good}
	cut := bad["truncated"]
	cut.Body = cut.Body[:len(cut.Body)-2]
	bad["truncated"] = cut
	if dialect != "prismic" { // whose secret is within the body, whatever else is there
		changed := good
		changed.Body = bytes.Replace(good.Body, []byte(`"`), []byte(` "`), 1)
		bad["serialized anew"] = changed
	}
	for name, d := range bad {
		status, text, _ := b.hook(t, d.Method, address, d.Header, d.Body)
		if status != http.StatusForbidden || b.accepted(t) != before {
			t.Errorf("%s: %d, %d requests: %s", name, status, b.accepted(t)-before, text)
		}
		if strings.Contains(text, signingSecret) {
			t.Errorf("%s: the answer has the secret", name)
		}
		if last := b.lastDelivery(t); last.Decision != "refused" || last.Why == "" {
			t.Errorf("%s: it is kept as %+v", name, last)
		}
	}
	if !timed(dialect) {
		return
	}
	old := system.Sample()
	old.URI = good.URI
	system.Sign(&old, signingSecret, ledger.Now().Add(-10*time.Minute))
	if status, text, _ := b.hook(t, old.Method, address, old.Header, old.Body); status != http.StatusForbidden || !strings.Contains(text, "clocks") {
		t.Errorf("replayed ten minutes later: %d %s", status, text)
	}
}

// timed says whether a dialect signs the time too.
func timed(dialect string) bool {
	switch dialect {
	case "kontent", "prismic", "storyblok", "github", "drupal":
		return false
	}
	return true
}

func TestBothSchemesOfOneHeaderAreToldApartByTheConfiguration(t *testing.T) {
	b := start(t, hooked)
	address := b.address(t, "storyblok")
	d, other := sample(t, "storyblok", address, signingSecret), sample(t, "standard", address, signingSecret)
	for name, value := range other.Header {
		if name != "Webhook-Signature" {
			d.Header[name] = value
		}
	}
	if status, text, _ := b.hook(t, "POST", address, d.Header, d.Body); status != http.StatusOK {
		t.Errorf("its own signature beside the other's headers: %d %s", status, text)
	}
	d.Header["Webhook-Signature"] = append(d.Header["Webhook-Signature"], other.Header["Webhook-Signature"]...)
	if status, text, _ := b.hook(t, "POST", address, d.Header, d.Body); status != http.StatusForbidden || !strings.Contains(text, "2 times") {
		t.Errorf("both signatures: %d %s", status, text)
	}
}

func TestPluginsForOtherBuildersAreAnsweredAsTheyExpect(t *testing.T) {
	b := start(t, func(c *config.Config) {
		hooked(c)
		quiet := config.Duration(time.Hour)
		site := c.Sites["www"]
		site.Quiet, site.MaxWait = &quiet, &quiet
		c.Sites["www"] = site
	})
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	multipart := http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}

	netlify := b.address(t, "netlify")
	for name, c := range map[string]struct {
		method, query string
		header        http.Header
		body, title   string
	}{
		"in the query":  {"POST", "?trigger_title=Hours+was+published&trigger_branch=main&clear_cache=true", nil, `{}`, "Hours was published"},
		"in a form":     {"POST", "", form, "trigger_title=Staff&clear_cache=true", "Staff"},
		"in JSON":       {"POST", "", nil, `{"trigger_title":"News"}`, "News"},
		"empty":         {"POST", "", nil, "", ""},
		"by GET":        {"GET", "", nil, "", ""},
		"multipart":     {"POST", "", multipart, "--x\r\n\r\nhello\r\n--x--\r\n", ""},
		"not JSON":      {"POST", "", nil, "undefined", ""},
		"-d {} of curl": {"POST", "", form, "{}", ""},
	} {
		status, text, _ := b.hook(t, c.method, netlify+c.query, c.header, []byte(c.body))
		var a hooks.Answer
		if err := json.Unmarshal([]byte(text), &a); err != nil || status != http.StatusOK || a.Request == "" || a.Events != 1 || a.State != "in_release" {
			t.Errorf("Netlify, %s: %d %s", name, status, text)
			continue
		}
		if r, err := b.client.Request(t.Context(), a.Request); err != nil || r.Title != c.title || r.Actor != "hook netlify" || r.Source != release.FromContent {
			t.Errorf("Netlify, %s: the request is %+v, %v", name, r, err)
		}
	}

	status, text, _ := b.hook(t, "GET", b.address(t, "vercel")+"?buildCache=false", nil, nil)
	var vercel struct {
		Job struct {
			ID, State string
			CreatedAt int64
		}
	}
	if err := json.Unmarshal([]byte(text), &vercel); err != nil || status != http.StatusOK || vercel.Job.ID == "" || vercel.Job.State != "PENDING" || time.Since(time.UnixMilli(vercel.Job.CreatedAt)).Abs() > time.Hour {
		t.Errorf("Vercel: %d %s", status, text)
	}
	if _, err := b.client.Request(t.Context(), vercel.Job.ID); err != nil {
		t.Errorf("Vercel's job can't be followed: %v", err)
	}

	status, text, _ = b.hook(t, "POST", b.address(t, "cloudflare")+"?branch=main", nil, nil)
	if want := `"already_exists":true,"branch":"main"`; status != http.StatusOK || !strings.Contains(text, want) || !strings.HasPrefix(text, `{"errors":[],"messages":[],"result":{`) || !strings.Contains(text, `"success":true`) {
		t.Errorf("Cloudflare: %d %s, want %s", status, text, want)
	}
}

func TestTheFirstOfAReleaseHasNotJoinedOne(t *testing.T) {
	b := start(t, hooked)
	if _, text, _ := b.hook(t, "POST", b.address(t, "cloudflare"), nil, nil); !strings.Contains(text, `"already_exists":false`) {
		t.Errorf("the first: %s", text)
	}
}

func TestAnAddressThatOpensNothingTellsNothing(t *testing.T) {
	b := start(t, hooked)
	address := b.address(t, "cms")
	secret := address[strings.LastIndex(address, "/")+1:]
	want := ""
	for name, path := range map[string]string{
		"another secret": "/hooks/www/prh_aaaaaaaaaaaaaaaaaaaaaaaaaa", "another site": "/hooks/docs/" + secret, "no such site": "/hooks/none/" + secret,
		"no secret": "/hooks/www/", "no site": "/hooks/", "in the query": "/hooks/www?secret=" + secret, "in another place": "/hooks/" + secret + "/www",
		"longer": "/hooks/www/" + secret + "a", "in capitals": "/hooks/www/" + strings.ToUpper(secret), "the hook's name": "/hooks/www/cms",
	} {
		status, text, _ := b.hook(t, "POST", b.url+path, http.Header{"Authorization": {"Bearer " + secret}}, []byte(`{}`))
		if status != http.StatusNotFound || strings.Contains(text, secret) || want != "" && text != want {
			t.Errorf("%s: %d %s", name, status, text)
		}
		want = text
	}
	for _, method := range []string{"PUT", "DELETE", "HEAD"} {
		if status, _, header := b.hook(t, method, address, nil, nil); status != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d", method, status)
		}
	}
	if status, _, header := b.hook(t, "OPTIONS", address, nil, nil); status != http.StatusNoContent || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a browser that asks first: %d %v", status, header)
	}
	if got := b.accepted(t); got != 0 {
		t.Errorf("%d requests were made", got)
	}
}

func TestAnAddressIsReplacedAndRevoked(t *testing.T) {
	b := start(t, hooked)
	first := b.address(t, "cms")
	opens := func(address string) bool {
		status, _, _ := b.hook(t, "POST", address, nil, []byte(`{}`))
		return status == http.StatusOK
	}
	rotate := func(hours int) string {
		t.Helper()
		made, err := b.client.RotateHookAddress(t.Context(), "www", "cms", api.RotateInput{OverlapHours: hours})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(made.Address)
		if err != nil {
			t.Fatal(err)
		}
		return b.url + u.Path
	}
	second := rotate(24)
	if !opens(first) || !opens(second) {
		t.Error("with an overlap not both are good")
	}
	third := rotate(0)
	if opens(first) || opens(second) || !opens(third) {
		t.Error("without an overlap it is not the new one alone that is good")
	}
	if err := b.client.RevokeHookAddresses(t.Context(), "www", "cms"); err != nil || opens(third) {
		t.Errorf("revoked: %v, good is %v", err, opens(third))
	}
	for name, token := range map[string]string{"an editor": "editor-token", "a CMS": "cms-token", "a run": "run-token"} {
		if _, err := b.client.WithToken(token).NewHookAddress(t.Context(), "www", "cms"); err == nil {
			t.Errorf("%s made an address", name)
		}
	}
	if _, err := b.client.NewHookAddress(t.Context(), "www", "nobody"); err == nil || !strings.Contains(err.Error(), "dialect") {
		t.Errorf("a hook that is not configured: %v", err)
	}
}

func TestABodyThatIsTooLargeIsRefusedAndTheConnectionClosed(t *testing.T) {
	b := start(t, hooked)
	address := b.address(t, "cms")
	if status, text, _ := b.hook(t, "POST", address, nil, bytes.Repeat([]byte(" "), hooks.MaxBody)); status != http.StatusUnprocessableEntity {
		t.Errorf("a body of just 1 MiB: %d %s", status, text)
	}
	for name, body := range map[string]io.Reader{
		"told":     bytes.NewReader(make([]byte, 30<<20)),
		"not told": io.MultiReader(bytes.NewReader(make([]byte, 30<<20))),
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			continue // the connection was closed while it was sent
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
			t.Errorf("30 MB, %s: %s, closed is %v", name, resp.Status, resp.Close)
		}
	}
	if got := b.accepted(t); got != 0 {
		t.Errorf("%d requests were made", got)
	}
}

func TestAFloodIsToldToWaitAndStarvesNobody(t *testing.T) {
	b := start(t, func(c *config.Config) {
		hooked(c)
		few := 3
		c.Sites["www"].Hooks[0].Rate, c.Sites["www"].Hooks[0].Burst = &few, &few
	})
	flood, other := b.address(t, "cms"), b.address(t, "netlify")
	limited := 0
	for range 10 {
		status, text, header := b.hook(t, "POST", flood, nil, []byte(`{}`))
		if status != http.StatusTooManyRequests {
			continue
		}
		limited++
		if wait, err := strconv.Atoi(header.Get("Retry-After")); err != nil || wait < 1 || wait > 20 {
			t.Errorf("it is told to wait %q: %s", header.Get("Retry-After"), text)
		}
	}
	if limited < 6 {
		t.Errorf("of 10 calls %d were limited", limited)
	}
	if status, text, _ := b.hook(t, "POST", other, nil, nil); status != http.StatusOK {
		t.Errorf("another hook meanwhile: %d %s", status, text)
	}
}

func TestRulesDecideWhatWaitsAndWhatCountsNot(t *testing.T) {
	b := start(t, func(c *config.Config) {
		hooked(c)
		site := c.Sites["www"]
		site.Triggers = config.Triggers{Otherwise: "wait", Rules: []config.Rule{
			{Rule: "banners", Type: []string{"banner"}, Then: "release"},
			{Rule: "drafts", Status: []string{"draft"}, Then: "ignore"},
		}}
		c.Sites["www"] = site
	})
	address := b.address(t, "cms")
	send := func(body string) hooks.Answer {
		t.Helper()
		status, text, _ := b.hook(t, "POST", address, nil, []byte(body))
		var a hooks.Answer
		if err := json.Unmarshal([]byte(text), &a); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", body, status, text)
		}
		return a
	}
	if a := send(`{"event":"page.updated","key":"1","type":"page","id":"7","title":"Hours","status":"draft"}`); a.Decision != "ignore" || a.Request != "" || !strings.Contains(a.Why, "drafts") {
		t.Errorf("a draft: %+v", a)
	}
	for i, want := range []string{"wait", "again"} {
		if a := send(`{"event":"page.updated","key":"2","type":"page","id":"7","title":"Hours","url":"/hours/"}`); a.Decision != want || a.Request != "" {
			t.Errorf("a page, time %d: %+v", i+1, a)
		}
	}
	changes, err := b.client.Changes(t.Context(), "www")
	if err != nil || len(changes) != 1 || changes[0].Title != "Hours" || changes[0].Link != "https://www.example.gov/hours/" {
		t.Fatalf("what waits is %+v, %v", changes, err)
	}
	if page := b.page(t, "/sites/www"); !strings.Contains(page, "Goes out with the next release") || !strings.Contains(page, "Hours") {
		t.Errorf("the page does not show the change: %s", page)
	}
	a := send(`{"event":"banner.published","key":"3","type":"banner","id":"1","title":"Snow <b>day</b>","user":"Ana"}`)
	r, err := b.client.Request(t.Context(), a.Request)
	if err != nil || r.Actor != "Ana" || r.Entity != "banner/1" || r.Key != "3" || !strings.Contains(r.Reason, "banners") {
		t.Errorf("a banner: %+v, %+v, %v", a, r, err)
	}
	events, err := b.app.ledger.Events(t.Context(), "www", 0, 10)
	if err != nil || !strings.Contains(fmt.Sprint(events), "Ana (hook cms)") {
		t.Errorf("the audit trail says %+v, %v", events, err)
	}
	b.run(t, b.job(t), release.Ready)
	if changes, err := b.client.Changes(t.Context(), "www"); err != nil || len(changes) != 0 {
		t.Errorf("after the release wait %+v, %v", changes, err)
	}
}

func TestAnEventForLaterIsReleasedThen(t *testing.T) {
	b := start(t, hooked)
	at := ledger.Now().Add(time.Hour).Truncate(time.Second)
	address := b.address(t, "cms")
	send := func(body string) hooks.Answer {
		t.Helper()
		_, text, _ := b.hook(t, "POST", address, nil, []byte(body))
		var a hooks.Answer
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatalf("%s: %s", body, text)
		}
		return a
	}
	a := send(fmt.Sprintf(`{"event":"page.scheduled","key":"k","not_before":%q}`, at.Format(time.RFC3339)))
	if r, err := b.client.Request(t.Context(), a.Request); err != nil || a.State != "scheduled" || !r.NotBefore.Equal(at) {
		t.Errorf("%+v, %+v, %v", a, r, err)
	}
	moved := send(fmt.Sprintf(`{"event":"page.scheduled","key":"k","not_before":%q}`, at.Add(time.Hour).Format(time.RFC3339)))
	if moved.Request == "" || moved.Request == a.Request {
		t.Errorf("put off to another time it is lost: %+v", moved)
	}
	if far := send(`{"event":"page.scheduled","not_before":"2999-01-01T00:00:00Z"}`); far.Request != "" {
		t.Errorf("in a thousand years: %+v", far)
	}
}

func TestNoSecretIsInLogsPagesOrWhatTheAPITells(t *testing.T) {
	log := &logged{}
	zero := config.Duration(0)
	conf := config.Config{
		State: t.TempDir(), Listen: "127.0.0.1:0", Pages: config.Pages{Access: "token"},
		Tokens: []config.Token{{Name: "ops", Role: "operator", SHA256: auth.HashToken(operatorToken)}},
		Sites:  map[string]config.Site{"www": {Title: "The library", TimeZone: "UTC", Runner: "local", Quiet: &zero}},
	}
	hooked(&conf)
	b := serving(t, Options{Config: conf, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	address := b.address(t, "ghost")
	secret := address[strings.LastIndex(address, "/")+1:]
	d := sample(t, "ghost", address+"/post.published", signingSecret)
	said := ""
	for _, body := range [][]byte{d.Body, []byte("{"), bytes.Repeat([]byte("x"), 2<<20)} {
		for _, method := range []string{"POST", "GET", "PUT"} {
			_, text, header := b.hook(t, method, address+"/post.published", d.Header, body)
			said += text + fmt.Sprint(header)
		}
	}
	for _, path := range []string{"/sites/www", "/v1/sites/www/hooks", "/v1/sites/www/deliveries", "/v1/events?site=www", "/v1/sites/www"} {
		said += b.page(t, path)
	}
	for _, text := range []string{secret, signingSecret, auth.HashToken(secret)} {
		if strings.Contains(log.String(), text) || strings.Contains(said, text) {
			t.Errorf("%.8s... is in what is logged or told", text)
		}
	}
}

// page reads what an operator's program reads at a path.
func (b *bench) page(t *testing.T, path string) string {
	t.Helper()
	_, text, _ := b.hook(t, "GET", b.url+path, http.Header{"Authorization": {"Bearer " + operatorToken}, "Accept": {"application/json"}}, nil)
	return text
}
