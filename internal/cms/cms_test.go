package cms

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// delivery is a dialect's sample, signed.
func delivery(d Dialect, now time.Time) Delivery {
	sample := d.Sample()
	d.Sign(&sample, secret, now)
	return sample
}

func signedDialects() []Dialect {
	return slices.DeleteFunc(slices.Clone(dialects), func(d Dialect) bool { return !d.Signed() })
}

func TestTheTableOfDialectsIsSortedAndFindable(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the names are not sorted, or one is there twice: %q", names)
	}
	for _, name := range names {
		if d, ok := Find(name); !ok || d.Name() != name || d.Title() == "" {
			t.Errorf("%s: found %v, %v", name, d, ok)
		}
	}
	if _, ok := Find("nobody"); ok {
		t.Error("a dialect of no name was found")
	}
}

func TestASignedDeliveryIsTakenAndNoForgedOne(t *testing.T) {
	for _, d := range signedDialects() {
		t.Run(d.Name(), func(t *testing.T) {
			good := delivery(d, noon)
			if err := d.Verify(good, []string{secret}, noon.Add(tolerance)); err != nil {
				t.Fatalf("a good delivery is refused: %v", err)
			}
			if err := d.Verify(good, []string{"the next one", secret}, noon); err != nil {
				t.Errorf("while a secret is changed, the old one is refused: %v", err)
			}
			bad := map[string]Delivery{}
			for name := range good.Header {
				changed := good
				changed.Header = good.Header.Clone()
				changed.Header.Del(name)
				bad["without "+name] = changed
			}
			body := good
			body.Body = append([]byte(" "), good.Body...)
			bad["another body"] = body
			cut := good
			cut.Body = good.Body[:len(good.Body)/2]
			bad["half a body"] = cut
			for name, forged := range bad {
				if d.Verify(forged, []string{secret}, noon) == nil && !harmless(d, name) {
					t.Errorf("%s: it was taken", name)
				}
			}
			for name, secrets := range map[string][]string{"no secrets": nil, "an empty secret": {""}, "another secret": {"whsec_bm90IHRoaXMgb25lIGhlcmU="}} {
				err := d.Verify(good, secrets, noon)
				if _, ok := errors.AsType[*SignatureError](err); !ok {
					t.Errorf("%s: got %v", name, err)
				} else if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the error tells the secret", name)
				}
			}
		})
	}
}

// harmless lists what a scheme does not sign: the rest of the request is the same.
func harmless(d Dialect, without string) bool {
	switch d.Name() {
	case "prismic": // its secret is in the body; only what holds it counts
		return without != "half a body"
	}
	return strings.HasPrefix(without, "without ") && !strings.Contains(strings.ToLower(without), "signature") &&
		(!strings.Contains(without, "Contentful") || strings.Contains(without, "Idempotency")) && !strings.Contains(without, "Webhook-")
}

func TestAnOldDeliveryIsRefusedWhereTheSchemeHasATime(t *testing.T) {
	for _, name := range []string{"contentful", "ghost", "sanity", "standard", "wagtail", "wordpress"} {
		d, _ := Find(name)
		for _, off := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
			err := d.Verify(delivery(d, noon), []string{secret}, noon.Add(off))
			if err == nil || !strings.Contains(err.Error(), "set the clocks right") {
				t.Errorf("%s, clocks %s apart: got %v", name, off, err)
			}
		}
	}
}

func TestOneHeaderOfTwoSchemesIsReadByTheHooksOwn(t *testing.T) {
	std, _ := Find("standard")
	block, _ := Find("storyblok")
	both := delivery(std, noon)
	both.Header.Add("Webhook-Signature", delivery(block, noon).Header.Get("Webhook-Signature"))
	for _, d := range []Dialect{std, block} {
		if err := d.Verify(both, []string{secret}, noon); err == nil || !strings.Contains(err.Error(), "is there 2 times") {
			t.Errorf("%s: two signatures: got %v", d.Name(), err)
		}
	}
	if err := block.Verify(delivery(std, noon), []string{secret}, noon); err == nil || !strings.Contains(err.Error(), "is this hook's dialect right?") {
		t.Errorf("Standard Webhooks' signature at a hook of Storyblok: got %v", err)
	}
}

func TestContentfulSignsTheQueryEscapedTwice(t *testing.T) {
	d, _ := Find("contentful")
	sample := d.Sample()
	sample.URI = "/hooks/www/abc?title=a%20b&x=1"
	d.Sign(&sample, secret, noon)
	if got := contentfulPath(sample.URI); got != "/hooks/www/abc?title%253Da%252520b%2526x%253D1" {
		t.Errorf("the path is signed as %s", got)
	}
	if err := d.Verify(sample, []string{secret}, noon); err != nil {
		t.Error(err)
	}
	moved := sample
	moved.URI = "/hooks/www/abc?title=other"
	if d.Verify(moved, []string{secret}, noon) == nil {
		t.Error("a delivery for another address was taken")
	}
	without := sample
	without.Header = sample.Header.Clone()
	without.Header.Set(contentfulHeaders, "x-contentful-topic")
	if err := d.Verify(without, []string{secret}, noon); err == nil || !strings.Contains(err.Error(), "anybody could set the time") {
		t.Errorf("the time is not signed: got %v", err)
	}
}

func TestWhatEachSystemTells(t *testing.T) {
	for name, want := range map[string]Event{
		"contentful": {ID: "sample", Name: "Entry.publish", Action: Published, Type: "page", Entity: "5KsDBWseXY6QegucYAoacS", Title: "Opening hours", User: "ana", Environment: "master", At: noon},
		"datocms":    {ID: "sample", Name: "item.publish", Action: Published, Type: "page", Entity: "42", Title: "Opening hours", Environment: "main", Status: "published", At: noon},
		"directus":   {Name: "pages.items.update", Action: Published, Type: "pages", Entity: "42", Title: "Opening hours", User: "ana", Status: "published"},
		"drupal":     {ID: "sample", Name: "entity:node:update", Action: Updated, Type: "page", Entity: "42", Title: "Opening hours", URL: "/opening-hours", Language: "en", User: "ana", Status: "published"},
		"generic":    {Name: "page.published", Action: Published, Type: "page", Entity: "42", Title: "Opening hours", User: "Ana Silva", URL: "/opening-hours/"},
		"ghost":      {Action: Published, Type: "post", Entity: "6b02194e9777201fddcb6094", Title: "Opening hours", URL: "opening-hours", User: "Ana Silva", Status: "published", Previous: "draft", Fields: []string{"status"}, At: noon},
		"github":     {ID: "sample", Name: "push", Action: Updated, Type: "push", Entity: "example/www", Title: "Change the footer", User: "ana", Environment: "main", Fields: []string{"layouts/footer.html"}, At: noon},
		"kontent":    {Name: "content_item.published", Action: Published, Type: "page", Entity: "42", Title: "Opening hours", Language: "en", Status: "published", Environment: "8d20758c-d74c-4f59-ae04-ee928c0816b7", At: noon},
		"prismic":    {ID: hashID(hashID("api-update", "XyQ-sample"), "XyQ1BRAAACEAqSxy"), Name: "api-update", Action: Published, Type: "document", Entity: "XyQ1BRAAACEAqSxy", Environment: "example"},
		"sanity":     {ID: "sample", Name: "update", Action: Updated, Type: "page", Entity: "opening-hours", Title: "Opening hours", URL: "opening-hours", Environment: "production", At: noon},
		"standard":   {ID: "msg_sample", Name: "page.published", Action: Published, Type: "page", Entity: "42", Title: "Opening hours", URL: "/opening-hours/", User: "Ana Silva", Status: "published", Previous: "draft", At: noon},
		"storyblok":  {Name: "published", Action: Published, Type: "story", Entity: "42", Title: "The user ana@example.gov published the Story Opening hours (opening-hours)", URL: "opening-hours", Environment: "1"},
		"strapi":     {ID: hashID("entry.publish", "page", "42", "2026-11-28T12:00:00.000Z"), Name: "entry.publish", Action: Published, Type: "page", Entity: "42", Title: "Opening hours", Language: "en", Status: "published", At: noon},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := Find(name)
			if !ok {
				t.Fatal("no such dialect")
			}
			got, err := d.Events(d.Sample())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Event{want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnEventOfATypeThatNobodyKnowsIsStillOne: what a CMS learns to say after us must
// not be lost.
func TestAnEventOfATypeThatNobodyKnowsIsStillOne(t *testing.T) {
	for name, sent := range map[string]Delivery{
		"contentful": {Header: newHeader("X-Contentful-Topic", "ContentManagement.Hologram.beam"), Body: []byte(`{"sys":{"id":"1"}}`)},
		"datocms":    {Header: http.Header{}, Body: []byte(`{"entity_type":"hologram","event_type":"beam"}`)},
		"directus":   {Header: http.Header{}, Body: []byte(`{"event":"holograms.beam"}`)},
		"drupal":     {Header: http.Header{}, Body: []byte(`{"event":"entity:hologram:beam","entity":{}}`)},
		"generic":    {Header: http.Header{}, Body: []byte(`{"event":"hologram.beamed"}`)},
		"ghost":      {URI: "/hooks/www/x/hologram.beamed", Header: http.Header{}, Body: []byte(`{"hologram":{"current":{}}}`)},
		"github":     {Header: newHeader("X-GitHub-Event", "hologram"), Body: []byte(`{}`)},
		"kontent":    {Header: http.Header{}, Body: []byte(`{"notifications":[{"message":{"object_type":"hologram","action":"beamed"}}]}`)},
		"prismic":    {Header: http.Header{}, Body: []byte(`{"type":"hologram"}`)},
		"sanity":     {Header: newHeader("Sanity-Operation", "beam"), Body: []byte(`{"_id":"1"}`)},
		"standard":   {Header: http.Header{}, Body: []byte(`{"type":"hologram.beamed"}`)},
		"storyblok":  {Header: http.Header{}, Body: []byte(`{"action":"beamed"}`)},
		"strapi":     {Header: newHeader("X-Strapi-Event", "hologram.beam"), Body: []byte(`{"event":"hologram.beam"}`)},
	} {
		d, _ := Find(name)
		sent.Method = "POST"
		if events, err := d.Events(sent); err != nil || len(events) != 1 || events[0].Action == Test {
			t.Errorf("%s: %+v, %v", name, events, err)
		}
	}
}

func TestActionsInTheWordsOfSystems(t *testing.T) {
	for name, want := range map[string]Action{
		"post.published": Published, "post.published.edited": Updated, "post.unpublished": Unpublished, "page.scheduled": Scheduled, "page.unscheduled": Updated,
		"entry.create": Created, "media.delete": Deleted, "items.update": Updated, "archive": Archived, "unarchive": Updated, "entity:node:insert": Created,
		"trashed": Deleted, "review-workflows.updateEntryStage": Updated, "site.changed": Changed, "": Changed, "test-trigger": Test, "wp_insert_post": Created,
	} {
		if got := actionIn(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestWhatADrupalSaveDid(t *testing.T) {
	d, _ := Find("drupal")
	for _, c := range []struct {
		name, body string
		want       Action
		fields     []string
	}{
		{"draft to published", `{"event":"entity:node:update","entity":{"moderation_state":[{"value":"published"}]},"original":{"moderation_state":[{"value":"draft"}]}}`, Published, nil},
		{"published and saved again", `{"event":"entity:node:update","entity":{"moderation_state":[{"value":"published"}],"field_operating_status":[{"value":"closed"}],"field_a":[1]},"original":{"moderation_state":[{"value":"published"}],"field_a":[1]}}`, Updated, []string{"field_operating_status"}},
		{"published to archived", `{"event":"entity:node:update","entity":{"moderation_state":[{"value":"archived"}]},"original":{"moderation_state":[{"value":"published"}]}}`, Archived, nil},
		{"published to draft", `{"event":"entity:node:update","entity":{"status":[{"value":false}]},"original":{"status":[{"value":true}]}}`, Unpublished, nil},
		{"created published", `{"event":"entity:node:create","entity":{"status":[{"value":true}]}}`, Published, nil},
		{"deleted", `{"event":"entity:node:delete","entity":{"status":[{"value":true}]}}`, Deleted, nil},
		{"a rule of ECA", `{"event":"publish","type":"banner","id":7,"title":"Closed today"}`, Published, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := d.Events(Delivery{Body: []byte(c.body), Header: http.Header{}})
			if err != nil || len(got) != 1 {
				t.Fatalf("%v, %v", got, err)
			}
			if got[0].Action != c.want || !slices.Equal(got[0].Fields, c.fields) {
				t.Errorf("%s %q, want %s %q", got[0].Action, got[0].Fields, c.want, c.fields)
			}
		})
	}
}

// TestAnOlderModuleOfDrupalIsKnownByItsHeaders: they were longer once, and its
// signature is of SHA-1.
func TestAnOlderModuleOfDrupalIsKnownByItsHeaders(t *testing.T) {
	d, _ := Find("drupal")
	sent := Delivery{Method: "POST", Header: newHeader("X-Drupal-Webhooks-Event", "entity:node:create", "X-Drupal-Webhooks-Delivery", "7"), Body: []byte(`{"entity":{"nid":[{"value":1}],"status":[{"value":true}]}}`)}
	sent.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac(sha1.New, []byte(secret), sent.Body)))
	if err := d.Verify(sent, []string{secret}, noon); err != nil {
		t.Error(err)
	}
	events, err := d.Events(sent)
	if err != nil || events[0].ID != "7" || events[0].Name != "entity:node:create" || events[0].Action != Published {
		t.Errorf("%+v, %v", events, err)
	}
}

// captured reads deliveries that real servers sent.
func captured(t testing.TB, file string) []Delivery {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []Delivery
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			M, U, B string
			H       map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		d := Delivery{Method: line.M, URI: line.U, Body: []byte(line.B), Header: http.Header{}}
		for name, value := range line.H {
			d.Header.Set(name, value)
		}
		all = append(all, d)
	}
	return all
}

func TestARealGhostIsUnderstood(t *testing.T) {
	d, _ := Find("ghost")
	type seen struct {
		Name, Type, Title, Status, Previous string
		Action                              Action
	}
	var got []seen
	ids := map[string]bool{}
	for _, sent := range captured(t, "testdata/ghost-5.130.6.jsonl") {
		events, err := d.Events(sent)
		if err != nil {
			t.Fatal(err)
		}
		e := events[0]
		got = append(got, seen{e.Name, e.Type, e.Title, e.Status, e.Previous, e.Action})
		ids[e.ID] = true
		at, err := instant(pairs(sent.Header.Get(ghostSignature))["t"], time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(sent, []string{"not the secret of the capture"}, at); err == nil || !strings.Contains(err.Error(), "matches none") {
			t.Errorf("%s: got %v", sent.URI, err)
		}
	}
	want := []seen{
		{"post.published", "post", "hello", "published", "draft", Published},
		{"site.changed", "site", "", "", "", Changed},
		{"post.published.edited", "post", "hello2", "published", "", Updated},
		{"site.changed", "site", "", "", "", Changed},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(ids) != 4 {
		t.Errorf("four deliveries have %d ids", len(ids))
	}
}

func TestARealDirectusIsUnderstood(t *testing.T) {
	d, _ := Find("directus")
	sent := captured(t, "testdata/directus-11.3.5.jsonl")
	var got []Event
	for _, one := range sent {
		events, err := d.Events(one)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, events...)
	}
	user := "b4214072-1afd-462f-b094-d22dea5fe6a8"
	want := []Event{
		{Name: "articles.items.create", Action: Created, Type: "articles", Entity: "1", User: user},
		{Name: "articles.items.update", Action: Published, Type: "articles", Entity: "1", User: user, Status: "published"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMappingReadsAnyJSON(t *testing.T) {
	m := Mapping{"event": "kind", "id": "items.0.uid", "title": "items.0.names.en", "user": "by", "key": "delivery"}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	got, err := Mapped(m).Events(Delivery{Header: http.Header{}, Body: []byte(`{"kind":"page_was_published","delivery":"d-1","items":[{"uid":17,"names":{"en":"Opening hours"}}],"by":"undefined","type":"not mapped"}`)})
	want := []Event{{ID: "d-1", Name: "page_was_published", Action: Published, Entity: "17", Title: "Opening hours"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []Mapping{{"titel": "a"}, {"title": ""}, {"title": "a..b"}} {
		if bad.Check() == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

func TestAnEmptyOrFormBodyAsksForARelease(t *testing.T) {
	d, _ := Find("generic")
	for _, sent := range []Delivery{
		{Header: http.Header{}},
		{Header: newHeader("Content-Type", "application/x-www-form-urlencoded"), Body: []byte("a=b")},
	} {
		if got, err := d.Events(sent); err != nil || len(got) != 1 || got[0].Action != Changed {
			t.Errorf("%q: %v, %v", sent.Body, got, err)
		}
	}
}

func TestABodyThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ dialect, kind, body, want string }{
		{"sanity", "application/json", ``, "the body is empty"},
		{"sanity", "application/json", `{"a":`, "at byte"},
		{"sanity", "application/json", `[1]`, "no JSON object"},
		{"sanity", "application/json", `null`, "the body is null"},
		{"sanity", "application/json", `{} {}`, "goes on after its JSON object"},
		{"sanity", "application/json", "{\"a\":\"\xff\"}", "not UTF-8"},
		{"directus", "application/x-www-form-urlencoded", `{"event":}`, "sent as a form"},
		{"directus", "application/json", `{"key":"1"}`, "the body has no event"},
		{"sanity", "multipart/form-data; boundary=x", `--x`, "a multipart form"},
		{"standard", "application/json", `{}`, "the body has no type"},
		{"storyblok", "application/json", `{}`, "the body has no action"},
		{"kontent", "application/json", `{"notifications":[{}]}`, "the body has no notifications"},
		{"prismic", "application/json", `{}`, "the body has no type"},
		{"strapi", "application/json", `{}`, "X-Strapi-Event"},
		{"drupal", "application/json", `{}`, "neither an event"},
		{"contentful", "application/json", `{}`, "X-Contentful-Topic"},
		{"github", "application/json", `{}`, "X-GitHub-Event"},
	} {
		d, _ := Find(c.dialect)
		_, err := d.Events(Delivery{Header: newHeader("Content-Type", c.kind), Body: []byte(c.body)})
		if _, ok := errors.AsType[*FormatError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: got %v, want an error with %q", c.dialect, c.body, err, c.want)
		}
	}
}

// FuzzMapping reads any JSON by any path: what is not there, or of another type, is
// empty.
func FuzzMapping(f *testing.F) {
	f.Add("items.0.title", []byte(`{"items":[{"title":"Opening hours"}]}`))
	f.Add("a.b", []byte(`{"a":{"b":[1,{"c":null}]}}`))
	f.Add("-1.99999999999999999999", []byte(`{"-1":[]}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		m := Mapping{}
		for _, name := range mappable {
			m[name] = path
		}
		if m.Check() != nil {
			return
		}
		events, err := Mapped(m).Events(Delivery{Method: "POST", Header: http.Header{}, Body: body})
		if err == nil && (len(events) != 1 || len(events[0].Fields) > len(body)) {
			t.Errorf("%q read %+v from %d bytes", path, events, len(body))
		}
	})
}

// FuzzDialects gives every dialect any headers and any body: none may take what
// nobody signed, and none may read more events than the body has bytes.
func FuzzDialects(f *testing.F) {
	for i, d := range dialects {
		sent := delivery(d, noon)
		f.Add(i, "Content-Type", "application/json", sent.Body)
	}
	f.Add(0, "Webhook-Signature", "v1,AAAA", []byte(`{"a":[1,{"b":null}]}`))
	f.Add(slices.Index(Names(), "standard"), "Webhook-Signature", "v1a,"+base64.StdEncoding.EncodeToString(make([]byte, 64)), []byte(`{"type":"a"}`))
	f.Add(slices.Index(Names(), "kontent"), kontentSignature, base64.StdEncoding.EncodeToString(make([]byte, 32)), []byte(`{"notifications":[{"message":{"action":"published"}}]}`))
	f.Fuzz(func(t *testing.T, i int, name, value string, body []byte) {
		d := dialects[(i%len(dialects)+len(dialects))%len(dialects)]
		sent := Delivery{Method: "POST", URI: "/hooks/www/x?" + value, Header: d.Sample().Header, Body: body}
		if sent.Header == nil {
			sent.Header = http.Header{}
		}
		sent.Header.Set(name, value)
		keys := []string{"a secret that the fuzzer does not have: " + secret, publicKey + "7kWyEAh9YQ5tHkP1xq6W6oNVN6eYIDhZBCk0q3ZQ0Yg="}
		if d.Signed() && d.Verify(sent, keys, noon) == nil {
			t.Errorf("%s took what nobody signed", d.Name())
		}
		events, err := d.Events(sent)
		if err == nil && (len(events) == 0 || len(events) > max(1, len(body))) {
			t.Errorf("%s read %d events from %d bytes", d.Name(), len(events), len(body))
		}
	})
}
