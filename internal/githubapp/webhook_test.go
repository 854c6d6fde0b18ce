package githubapp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/test/fakegithub"
)

func signed(signature string) http.Header {
	h := http.Header{}
	h.Set("X-Hub-Signature-256", signature)
	return h
}

func TestVerifyHook(t *testing.T) {
	body := fakegithub.Example("workflow_run.completed.1")
	sha1sum := hmac.New(sha1.New, []byte("new"))
	sha1sum.Write(body)
	onlySHA1 := http.Header{}
	onlySHA1.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(sha1sum.Sum(nil)))
	tests := []struct {
		name    string
		header  http.Header
		secrets []string
		want    error
	}{
		{"by the secret", signed(fakegithub.Sign("new", body)), []string{"new"}, nil},
		{"by the old secret while it is replaced", signed(fakegithub.Sign("old", body)), []string{"new", "old"}, nil},
		{"by another secret", signed(fakegithub.Sign("theirs", body)), []string{"new", "old"}, ErrForged},
		{"of another body", signed(fakegithub.Sign("new", append(body, ' '))), []string{"new"}, ErrForged},
		{"unsigned", http.Header{}, []string{"new"}, ErrUnsigned},
		{"SHA-1 only", onlySHA1, []string{"new"}, ErrUnsigned},
		{"SHA-1 in the place of SHA-256", signed("sha1=" + hex.EncodeToString(sha1sum.Sum(nil))), []string{"new"}, ErrUnsigned},
		{"no hex", signed("sha256=zz"), []string{"new"}, ErrForged},
		{"cut short", signed(fakegithub.Sign("new", body)[:20]), []string{"new"}, ErrForged},
		{"no secret is configured", signed(fakegithub.Sign("", body)), nil, ErrForged},
		{"an empty secret is configured", signed(fakegithub.Sign("", body)), []string{""}, ErrForged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := VerifyWebhook(tt.header, body, tt.secrets); !errors.Is(err, tt.want) {
				t.Errorf("VerifyWebhook gave %v, want %v", err, tt.want)
			}
		})
	}
}

func TestParseHook(t *testing.T) {
	tests := []struct {
		event, example string
		status, note   string
	}{
		{"workflow_run", "workflow_run.completed.1", "completed", ""},
		{"workflow_run", "workflow_run.requested.3", "queued", "GitHub's queue"},
		{"workflow_job", "workflow_job.queued.5", "queued", "for a runner"},
		{"workflow_job", "workflow_job.waiting.7", "queued", "protection rule"},
		{"workflow_job", "workflow_job.in_progress.3", "in_progress", "runs on GitHub"},
		{"workflow_job", "workflow_job.completed.1", "in_progress", "runs on GitHub"},
		{"installation", "installation.deleted", "", ""},
		{"ping", "ping.ping", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.example, func(t *testing.T) {
			hook, err := ParseWebhook(tt.event, fakegithub.Example(tt.example))
			if err != nil {
				t.Fatal(err)
			}
			if hook.Status != tt.status {
				t.Errorf("the status is %q, want %q", hook.Status, tt.status)
			}
			if tt.status != "" && (hook.Run.ID == "" || hook.Run.Attempt < 1 || hook.Repository == "") {
				t.Errorf("the webhook names no run: %+v", hook)
			}
			if tt.note != "" && !strings.Contains(hook.RunStatus().Note(), tt.note) {
				t.Errorf("the note is %q, want %q in it", hook.RunStatus().Note(), tt.note)
			}
		})
	}
}

func TestParseHookOfWhatWeDoNotKnow(t *testing.T) {
	if hook, err := ParseWebhook("of_tomorrow", []byte(`{"whatever":1}`)); err != nil || hook.Event != "of_tomorrow" {
		t.Errorf("an unknown event gave %+v, %v, want it to be let pass", hook, err)
	}
	whole := fakegithub.Example("workflow_run.completed.1")
	for _, body := range []string{"", "{", string(whole[:len(whole)/2]), `{}`, `[]`, `{"workflow_run":{}}`} {
		if hook, err := ParseWebhook("workflow_run", []byte(body)); err == nil {
			t.Errorf("%.40q gave %+v, want an error", body, hook)
		}
	}
}

func TestWebhooksAreReadAsEncodingJSONReadsThem(t *testing.T) {
	bodies := map[string][]byte{
		"twice the same name": []byte(`{"action":"requested","workflow_run":{"id":1,"id":2},"action":"completed"}`),
		"no UTF-8":            []byte("{\"action\":\"a\xff\",\"workflow_run\":{\"display_title\":\"\\ud800\"}}"),
		"null for everything": []byte(`{"action":null,"workflow_run":null,"workflow_job":{"labels":null,"run_id":null},"repositories":null}`),
		"a number for a text": []byte(`{"action":1}`),
		"a part of a number":  []byte(`{"workflow_run":{"id":1.5}}`),
		"more after the end":  []byte(`{} {}`),
		"a broken rest":       []byte(`{"action":"completed","sender":{"type":tru}}`),
	}
	examples, err := filepath.Glob("../../test/fakegithub/testdata/webhooks/*.json")
	if err != nil || len(examples) < 20 {
		t.Fatalf("%d examples were found (%v)", len(examples), err)
	}
	for _, file := range examples {
		if bodies[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			var got, want webhookBody
			failed, refused := jsonv2.Unmarshal(body, &got, lenient), json.Unmarshal(body, &want)
			if (failed == nil) != (refused == nil) {
				t.Fatalf("it gave %v, encoding/json %v", failed, refused)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(webhookBody{})); failed == nil && diff != "" {
				t.Errorf("it is read otherwise (-encoding/json +ours):\n%s", diff)
			}
		})
	}
}

func FuzzParseHook(f *testing.F) {
	f.Add("workflow_run", fakegithub.Example("workflow_run.completed.1"))
	f.Add("workflow_job", fakegithub.Example("workflow_job.queued.5"))
	f.Add("installation", fakegithub.Example("installation.created.1"))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		hook, err := ParseWebhook(event, body)
		if err == nil && hook.Run.ID != "" && (hook.Run.Attempt < 1 || hook.Repository == "") {
			t.Errorf("the webhook names no attempt or no repository: %+v", hook)
		}
	})
}
