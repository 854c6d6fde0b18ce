package cms

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKontentExample is the example of the vendor's library
// (https://github.com/kontent-ai/webhook-helper-js, lib/test/signatures/signature.spec.ts,
// 3.0.4), with the line ends that Kontent.ai sends.
func TestKontentExample(t *testing.T) {
	d, _ := Find("kontent")
	const known, signature = "BHPyfqwSy1iJjcscOB+GSkDf9THrBlfcKkwtADJdbP4=", "CF9/hYLw2CDcVp2wW39OFUglh++fGdHFeOhiWxM3jZg="
	body := strings.ReplaceAll(`{
  "notifications": [
    {
      "data": {
        "system": {
          "id": "aa7f127f-1920-4454-a89a-0609aba8ea6f",
          "name": "This changes everything!",
          "codename": "this_changes_everything_",
          "collection": "marketing",
          "workflow": "default",
          "workflow_step": "published",
          "language": "default",
          "type": "product_update",
          "last_modified": "2024-03-25T07:55:57.0563735Z"
        }
      },
      "message": {
        "environment_id": "0f5b6cb2-ea82-014e-ac74-f71e7e8b6aee",
        "object_type": "content_item",
        "action": "published",
        "delivery_slot": "published"
      }
    }
  ]
}`, "\n", "\r\n")
	sent := Delivery{Method: "POST", Body: []byte(body), Header: newHeader(kontentSignature, signature)}
	if err := d.Verify(sent, []string{known}, noon); err != nil {
		t.Error(err)
	}
	older := Delivery{Method: "POST", Body: sent.Body, Header: newHeader(kontentOlder, signature)}
	if err := d.Verify(older, []string{known}, noon); err != nil {
		t.Errorf("by the older header: %v", err)
	}
	older.Header.Set(kontentSignature, base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if d.Verify(older, []string{known}, noon) == nil {
		t.Error("the older header was taken in place of the one that is wrong")
	}
	got, err := d.Events(sent)
	want := []Event{{
		Name: "content_item.published", Action: Published, Type: "product_update", Entity: "aa7f127f-1920-4454-a89a-0609aba8ea6f", Title: "This changes everything!",
		Language: "default", Status: "published", Environment: "0f5b6cb2-ea82-014e-ac74-f71e7e8b6aee", At: time.Date(2024, 3, 25, 7, 55, 57, 56373500, time.UTC),
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// Several notifications come in one call; those about drafts say so.
func TestWhatKontentTells(t *testing.T) {
	d, _ := Find("kontent")
	for name, c := range map[string]struct {
		body string
		want []Event
	}{
		"two at once": {
			`{"notifications":[{"data":{"system":{"id":"1","name":"A","type":"page","workflow_step":"review","language":"es"}},"message":{"object_type":"content_item","action":"workflow_step_changed","delivery_slot":"preview","action_context":{"previous_workflow":"default","previous_workflow_step":"draft"}}},
			  {"data":{"system":{"id":"2","name":"logo.png"}},"message":{"object_type":"asset","action":"deleted","delivery_slot":"published"}}]}`,
			[]Event{
				{Name: "preview.content_item.workflow_step_changed", Action: Changed, Type: "page", Entity: "1", Title: "A", Language: "es", Status: "review", Previous: "draft"},
				{Name: "asset.deleted", Action: Deleted, Type: "asset", Entity: "2", Title: "logo.png"},
			},
		},
		"a legacy webhook": {
			`{"data":{"items":[{"id":"3","codename":"opening_hours","language":"en-us","type":"page"}],"taxonomies":[]},"message":{"id":"n-1","project_id":"p","type":"content_item_variant","operation":"publish","api_name":"delivery_production","created_timestamp":"2026-11-28T12:00:00Z"}}`,
			[]Event{{ID: "n-1", Name: "content_item_variant.publish", Action: Published, Type: "page", Entity: "3", Title: "opening_hours", Language: "en-us", Environment: "p", At: noon}},
		},
	} {
		got, err := d.Events(Delivery{Header: http.Header{}, Body: []byte(c.body)})
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}
