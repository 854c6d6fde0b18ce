package trigger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/trigger"
)

// example are the rules of an example's hook, and how it is called.
func example(t testing.TB, file string) (trigger.Rules, cms.Dialect) {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // tokens of one's own
		text = bytes.Replace(text, []byte("PUT-A-HASH-HERE-see-pressrun-token-new"), fmt.Appendf(nil, "%x", sha256.Sum256([]byte(fmt.Sprint(file, n)))), 1)
	}
	c, err := config.Parse(file, "/etc/pressrun", text)
	if err != nil {
		t.Fatal(err)
	}
	site := c.Sites["www"]
	rules, err := site.RulesFor(site.Hooks[0])
	if err != nil {
		t.Fatal(err)
	}
	return rules, site.Hooks[0].System()
}

// The content types by which VA.gov's CMS decides (va_gov_content_types in
// https://github.com/department-of-veterans-affairs/va.gov-cms).
var (
	bannerTypes   = []string{"banner", "full_width_banner_alert"}
	facilityTypes = []string{"health_care_local_facility", "vba_facility", "vet_center_cap", "vet_center_outstation", "vet_center"}
	statusFields  = []string{"field_operating_status_facility", "field_operating_status_more_info"}
)

// vaDecides is VA.gov's decision as its CMS makes it, for an event of a save.
func vaDecides(e cms.Event) bool {
	published, was := e.Status == "published", e.Previous == "published"
	triggering := published || (e.Moderated && was && e.Status == "archived") || (!e.Moderated && was)
	if !triggering {
		return false
	}
	if slices.Contains(bannerTypes, e.Type) {
		return true
	}
	if !slices.Contains(facilityTypes, e.Type) || e.Previous == "" {
		return false
	}
	changed := slices.ContainsFunc(e.Fields, func(f string) bool { return slices.Contains(statusFields, f) })
	return (e.Moderated && published) || changed
}

// saved is what Drupal's module Webhooks sends of a save: the entity, and what it
// was before unless it is new.
func saved(t testing.TB, drupal cms.Dialect, want cms.Event) cms.Event {
	t.Helper()
	state := func(status string) map[string]any {
		if want.Moderated {
			return map[string]any{"moderation_state": []any{map[string]any{"value": status}}}
		}
		return map[string]any{"status": []any{map[string]any{"value": status == "published"}}}
	}
	entity, body := state(want.Status), map[string]any{"event": "entity:node:update"}
	entity["type"] = []any{map[string]any{"target_id": want.Type}}
	if want.Previous != "" {
		body["original"] = state(want.Previous)
	}
	for _, field := range want.Fields {
		entity[field] = []any{map[string]any{"value": "another"}}
	}
	body["entity"] = entity
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	events, err := drupal.Events(cms.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: text})
	if err != nil || len(events) != 1 {
		t.Fatalf("%s: %v, %v", text, events, err)
	}
	return events[0]
}

// TestTheRulesOfVAGovInAllPermutations holds the rules of the example, and what
// Drupal sends, against the decision as VA.gov's code makes it.
func TestTheRulesOfVAGovInAllPermutations(t *testing.T) {
	rules, drupal := example(t, "va.gov.yaml")
	n, releases := 0, 0
	for _, kind := range append(append([]string{"page", "nca_facility", ""}, bannerTypes...), facilityTypes...) {
		for _, moderated := range []bool{true, false} {
			states := []string{"published", "unpublished"}
			if moderated {
				states = []string{"draft", "review", "published", "archived"}
			}
			for _, status := range states {
				for _, previous := range append([]string{""}, states...) {
					for _, fields := range [][]string{nil, {"title"}, {statusFields[0]}, {"title", statusFields[1]}} {
						e := cms.Event{Type: kind, Moderated: moderated, Status: status, Previous: previous, Fields: fields}
						want := trigger.Wait
						if vaDecides(e) {
							want = trigger.Release
							releases++
						}
						if got := rules.Decide(saved(t, drupal, e)); got.Then != want {
							t.Errorf("%+v: %+v, want %s", e, got, want)
						}
						n++
					}
				}
			}
		}
	}
	if n != 10*4*(4*5+2*3) || releases < 100 {
		t.Errorf("%d permutations were tried, %d of them ask", n, releases)
	}
}

// TestTheCasesOfVAGovsOwnTests are those of its ContentReleaseTriggerTraitTest and
// EntityEventSubscriberTest, in words.
func TestTheCasesOfVAGovsOwnTests(t *testing.T) {
	rules, drupal := example(t, "va.gov.yaml")
	for _, c := range []struct {
		name  string
		event cms.Event
		want  trigger.Then
		rule  string
	}{
		{"a banner is published", cms.Event{Type: "banner", Moderated: true, Status: "published", Previous: "draft"}, trigger.Release, "banners"},
		{"a new banner", cms.Event{Type: "full_width_banner_alert", Moderated: true, Status: "published"}, trigger.Release, "banners"},
		{"a banner is archived", cms.Event{Type: "full_width_banner_alert", Moderated: true, Status: "archived", Previous: "published"}, trigger.Release, "banners that end"},
		{"a draft of a banner", cms.Event{Type: "banner", Moderated: true, Status: "draft", Previous: "published"}, trigger.Wait, ""},
		{"a banner that was a draft is archived", cms.Event{Type: "banner", Moderated: true, Status: "archived", Previous: "draft"}, trigger.Wait, ""},
		{"a banner without workflow is taken off", cms.Event{Type: "banner", Status: "unpublished", Previous: "published"}, trigger.Release, "banners that end"},
		{"a page is published", cms.Event{Type: "page", Moderated: true, Status: "published", Previous: "draft"}, trigger.Wait, ""},
		{"a facility is published", cms.Event{Type: "vet_center", Moderated: true, Status: "published", Previous: "draft"}, trigger.Release, "facilities"},
		{"a new facility", cms.Event{Type: "vet_center", Moderated: true, Status: "published"}, trigger.Wait, ""},
		{"a facility without workflow, another title", cms.Event{Type: "vba_facility", Status: "published", Previous: "published", Fields: []string{"title"}}, trigger.Wait, ""},
		{"a facility without workflow, another status", cms.Event{Type: "vba_facility", Status: "published", Previous: "published", Fields: statusFields[:1]}, trigger.Release, "operating status"},
		{"a facility is archived with another status", cms.Event{Type: "vet_center_cap", Moderated: true, Status: "archived", Previous: "published", Fields: statusFields[1:]}, trigger.Release, "operating status of what is archived"},
		{"a facility is archived", cms.Event{Type: "vet_center_cap", Moderated: true, Status: "archived", Previous: "published"}, trigger.Wait, ""},
		{"a cemetery, which VA.gov left out", cms.Event{Type: "nca_facility", Moderated: true, Status: "published", Previous: "draft", Fields: statusFields}, trigger.Wait, ""},
	} {
		if got := rules.Decide(saved(t, drupal, c.event)); got.Then != c.want || got.Rule != c.rule {
			t.Errorf("%s: %+v, want %s by %q", c.name, got, c.want, c.rule)
		}
	}
}

// TestMozillasRules hold on to what its Wagtail hooked: each publish and unpublish.
func TestMozillasRules(t *testing.T) {
	rules, wagtail := example(t, "mozilla.yaml")
	for name, want := range map[string]trigger.Then{
		"page.published": trigger.Release, "page.unpublished": trigger.Release, "page.moved": trigger.Wait, "page.scheduled": trigger.Wait, "page.updated": trigger.Wait,
		"hook.test": trigger.Ignore,
	} {
		events, err := wagtail.Events(cms.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: fmt.Appendf(nil, `{"type":%q,"data":{"type":"home.HomePage","id":"3"}}`, name)})
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.Decide(events[0]); got.Then != want {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
}
