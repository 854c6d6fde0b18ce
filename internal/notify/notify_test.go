package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

var (
	at   = time.Date(2026, 11, 30, 19, 2, 3, 0, time.UTC)
	site = notify.Site{Name: "www", Title: "Riverside", URL: "https://www.example.gov", App: "https://pressrun.example.gov"}
)

func ended(outcome release.Outcome, why string) *release.Release {
	r := &release.Release{Number: 12, Outcome: outcome, Why: why, Times: release.Times{Requested: at.Add(-time.Minute), Ended: at}}
	if outcome == release.Succeeded {
		r.Times.Complete = at
	}
	return r
}

func kind(t *testing.T, name string) notify.Kind {
	t.Helper()
	k, ok := notify.FindKind(name)
	if !ok {
		t.Fatalf("there is no kind %s", name)
	}
	return k
}

func TestARequestThatIsScheduledOrWithdrawnIsTold(t *testing.T) {
	about := notify.Request{ID: "req_1", Title: "Flu shots", NotBefore: at.Add(time.Hour)}
	for recorded, want := range map[string]string{
		"request.scheduled": `"Flu shots" is to go live on Riverside at Mon 30 Nov 2026, 20:02 UTC.`,
		"request.withdrawn": `"Flu shots" was withdrawn: Riverside is not released for it.`,
	} {
		fact, known := notify.Of(site, notify.Record{Kind: recorded}, nil)
		if fact = fact.About(fact.Type, about); !known || string(fact.Type) != recorded || fact.Text() != want {
			t.Errorf("%s: known %v, %s: %s", recorded, known, fact.Type, fact.Text())
		}
	}
}

func TestAnEntryOfTheAuditTrailSaysOneThing(t *testing.T) {
	for _, c := range []struct {
		record notify.Record
		of     *release.Release
		want   notify.Type
		served notify.Type
		text   string
	}{
		{notify.Record{Kind: release.KindOpened}, ended("", ""), notify.ReleaseRequested, "", "Release #12 of Riverside was asked for."},
		{notify.Record{Kind: release.KindStarting}, ended("", ""), notify.ReleaseStarted, "", "Release #12 of Riverside has started."},
		{notify.Record{Kind: release.KindComplete}, ended(release.Succeeded, ""), notify.ReleaseLive, notify.RequestLive, "Release #12 of Riverside is live."},
		{notify.Record{Kind: release.KindEnded}, ended(release.Succeeded, ""), "release.succeeded", "", "Release #12 of Riverside has ended: it is live."},
		{notify.Record{Kind: release.KindEnded}, ended(release.Failed, "no title"), "release.failed", notify.RequestFailed, "Release #12 of Riverside failed: no title."},
		{notify.Record{Kind: release.KindEnded}, ended(release.Cancelled, ""), "release.cancelled", notify.RequestFailed, "Release #12 of Riverside was cancelled."},
		{notify.Record{Kind: release.KindPaused, Why: "moving"}, nil, "site.paused", "", "Releases of Riverside are paused: moving."},
		{notify.Record{Kind: "schedule.skipped", Why: "the CMS published nothing"}, nil, notify.ScheduleSkipped, "", "There was nothing to do for a schedule of Riverside: the CMS published nothing."},
		{notify.Record{Kind: "request.accepted"}, nil, "", "", ""},
		{notify.Record{Kind: "hook.secret_made"}, nil, "", "", ""},
		{notify.Record{Kind: release.KindEnded}, nil, "", "", ""}, // its release is gone
	} {
		fact, known := notify.Of(site, c.record, c.of)
		if known != (c.want != "") || known && fact.Type != c.want {
			t.Errorf("%s is told as %q, want %q", c.record.Kind, fact.Type, c.want)
		}
		if got := notify.OfRequests(c.record, c.of); got != c.served {
			t.Errorf("%s says of its requests %q, want %q", c.record.Kind, got, c.served)
		}
		if known && fact.Text() != c.text {
			t.Errorf("%s: %q, want %q", c.record.Kind, fact.Text(), c.text)
		}
	}
}

func TestAPatternChoosesTypesOrIsAnError(t *testing.T) {
	for pattern, want := range map[string]int{"request.*": 4, "release.live": 1, "*": len(notify.Types()), "releases.live": -1, "": -1, "release.li": -1} {
		got, err := notify.Selected([]string{pattern})
		if (want < 0) != (err != nil) || err == nil && len(got) != want {
			t.Errorf("%q chooses %v, %v", pattern, got, err)
		}
	}
}

func fact(t *testing.T) notify.Fact {
	t.Helper()
	f, _ := notify.Of(site, notify.Record{Event: 7, Kind: release.KindComplete, At: at}, ended(release.Succeeded, ""))
	return f.About(notify.RequestLive, notify.Request{ID: "req_1", Entity: "node/12", Title: `Hours </script> "new"`, Source: release.FromContent, AcceptedAt: at.Add(-time.Hour)})
}

func TestAWebhookIsACloudEventThatTheOfficialLibraryVerifies(t *testing.T) {
	f := fact(t)
	k, id := kind(t, "webhook"), f.ID("cms")
	body, err := k.Body(id, f)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"specversion":"1.0","id":"%s","source":"https://pressrun.example.gov/sites/www","type":"pressrun.request.live","subject":"requests/req_1","time":"2026-11-30T19:02:03Z","datacontenttype":"application/json","data":{` +
		`"site":{"name":"www","title":"Riverside","url":"https://www.example.gov","page":"https://pressrun.example.gov/sites/www"},` +
		`"release":{"number":12,"outcome":"succeeded","requests":0,"live_at":"2026-11-30T19:02:03Z","page":"https://pressrun.example.gov/sites/www/releases/12"},` +
		`"request":{"id":"req_1","entity":"node/12","title":"Hours \u003c/script\u003e \"new\"","source":"content","accepted_at":"2026-11-30T18:02:03Z","page":"https://pressrun.example.gov/requests/req_1"},` +
		`"text":"\"Hours \u003c/script\u003e \\\"new\\\"\" is live on Riverside, with release #12."}}`
	if string(body) != fmt.Sprintf(want, id) {
		t.Errorf("got\n%s, want\n"+want, body, id)
	}
	secrets := []string{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	var keys []string
	for _, s := range secrets {
		key, err := notify.ReadSecret(s)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	header := http.Header{}
	for name, value := range k.Header(id, body, keys, time.Now()) {
		header.Set(name, value)
	}
	for _, s := range secrets {
		wh, err := standardwebhooks.NewWebhook(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.Verify(body, header); err != nil {
			t.Errorf("a receiver that has %s: %v", s, err)
		}
		if wh.Verify(append(body, '\n'), header) == nil {
			t.Error("another body is verified")
		}
	}
}

func TestAnIDIsTheSameForTheSameFactAlone(t *testing.T) {
	f := fact(t)
	id := f.ID("cms")
	other := f.About(notify.RequestLive, notify.Request{ID: "req_2"})
	later := f
	later.At = at.Add(time.Microsecond)
	for name, got := range map[string]string{"another target": f.ID("slack"), "another request": other.ID("cms"), "a ledger that was restored": later.ID("cms")} {
		if got == id {
			t.Errorf("%s has the same id", name)
		}
	}
	if f.ID("cms") != id || !strings.HasPrefix(id, "msg_") {
		t.Errorf("%s is not the same again", id)
	}
}

func TestASecretIsOneOfStandardWebhooks(t *testing.T) {
	for text, good := range map[string]bool{
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": true, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": false, "whsec_short": false, "whsec_": false, "a word": false,
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)): false,
	} {
		if _, err := notify.ReadSecret(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNetlifyAndDatoCMSAreToldAsTheyExpect(t *testing.T) {
	netlify, dato := kind(t, "netlify"), kind(t, "datocms")
	for _, c := range []struct {
		event string
		of    *release.Release
		state string
		dato  string
	}{
		{release.KindStarting, &release.Release{Number: 12}, "building", ""},
		{release.KindComplete, ended(release.Succeeded, ""), "ready", "success"},
		{release.KindEnded, ended(release.Failed, "no title"), "error", "error"},
		{release.KindOpened, ended("", ""), "", ""},
		{release.KindEnded, ended(release.Succeeded, ""), "", ""}, // told when it went live
	} {
		f, _ := notify.Of(site, notify.Record{Kind: c.event, At: at}, c.of)
		if netlify.Can(f.Type) != (c.state != "") || dato.Can(f.Type) != (c.dato != "") {
			t.Errorf("%s: told to netlify %v, to datocms %v", f.Type, netlify.Can(f.Type), dato.Can(f.Type))
			continue
		}
		var deploy struct {
			ID, State string
			Error     *string `json:"error_message"`
			Status    string
		}
		if c.state != "" {
			body, err := netlify.Body("id", f)
			if err != nil || json.Unmarshal(body, &deploy) != nil {
				t.Fatal(err)
			}
			if deploy.State != c.state || deploy.ID != "www-12" || (deploy.Error != nil) != (c.state == "error") {
				t.Errorf("netlify is told %s", body)
			}
		}
		if c.dato != "" {
			body, err := dato.Body("id", f)
			if err != nil || string(body) != `{"status":"`+c.dato+`"}` {
				t.Errorf("datocms is told %s (%v)", body, err)
			}
		}
	}
}

// netlifyClaims reads a JWT of algorithm HS256 by RFC 7515's own words.
func netlifyClaims(t *testing.T, token, secret string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) != parts[2] {
		t.Error("the signature is wrong")
	}
	var claims map[string]string
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return claims
}

func TestNetlifysSignatureIsAJWTWithTheBodysHash(t *testing.T) {
	body := []byte(`{"state":"ready"}`)
	header := kind(t, "netlify").Header("id", body, []string{"the newest", "an older"}, at)
	claims := netlifyClaims(t, header["X-Webhook-Signature"], "the newest")
	if claims["iss"] != "netlify" || claims["sha256"] != fmt.Sprintf("%x", sha256.Sum256(body)) {
		t.Errorf("it claims %v", claims)
	}
	if h := kind(t, "netlify").Header("id", body, nil, at); h["X-Webhook-Signature"] != "" {
		t.Error("it is signed without a secret")
	}
}

func TestAReleaseWithNothingToDoServesItsRequests(t *testing.T) {
	of := ended(release.Unchanged, "nothing to do: the content is as it was for release #11")
	of.SameAs = 11
	record := notify.Record{Kind: release.KindEnded}
	fact, known := notify.Of(site, record, of)
	if !known || fact.Type != "release.unchanged" || fact.Text() != "Release #12 of Riverside was not built: nothing to do: the content is as it was for release #11." {
		t.Errorf("%s: %s", fact.Type, fact.Text())
	}
	if got := notify.OfRequests(record, of); got != notify.RequestLive {
		t.Errorf("its requests are told %q", got)
	}
	about := fact.About(notify.RequestLive, notify.Request{ID: "req_1"})
	if want := "The request req_1 is live on Riverside, with release #11: nothing has changed since."; about.Text() != want {
		t.Errorf("got %s", about.Text())
	}
}
