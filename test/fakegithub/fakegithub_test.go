package fakegithub

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The fake is only worth something if it would notice.
func TestWhatDoesNotFitTheDescriptionIsNoticed(t *testing.T) {
	described, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	const dispatches = "/repos/o/r/actions/workflows/w.yml/dispatches"
	tests := []struct {
		name, method, path, body string
		status                   int
		answer, want             string
	}{
		{"right", "POST", dispatches, `{"ref":"main","inputs":{"a":"b"},"return_run_details":true}`, 200, `{"workflow_run_id":1,"run_url":"https://a/1","html_url":"https://a/1"}`, ""},
		{"right, old", "POST", dispatches, `{"ref":"main"}`, 204, ``, ""},
		{"no ref", "POST", dispatches, `{"inputs":{}}`, 204, ``, "the request"},
		{"text for a bool", "POST", dispatches, `{"ref":"m","return_run_details":"true"}`, 204, ``, "the request"},
		{"answer without the run's address", "POST", dispatches, `{"ref":"main"}`, 200, `{"workflow_run_id":1}`, "the answer"},
		{"a status that GitHub does not give", "POST", dispatches, `{"ref":"main"}`, 201, ``, "not in the description"},
		{"a permission that there is not", "POST", "/app/installations/1/access_tokens", `{"permissions":{"actions":"admin"}}`, 201, `{"token":"x","expires_at":"x"}`, "the request"},
		{"no such call", "POST", "/repos/o/r/invented", `{}`, 200, `{}`, "no such call"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			header := http.Header{"Content-Type": {"application/json"}}
			err := described.check(exchange{request: r, body: []byte(tt.body), status: tt.status, header: header, answer: []byte(tt.answer)})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("check gave %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRunsOnlyGoForward(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.AddRepo("acme", "www", ContentRelease())
	run, err := s.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		status, conclusion string
		ok                 bool
	}{
		{"waiting", "", true},
		{"queued", "", true},
		{"completed", "", false},
		{"in_progress", "success", false},
		{"in_progress", "", true},
		{"queued", "", false},
		{"nonsense", "", false},
		{"completed", "success", true},
		{"in_progress", "", false},
		{"completed", "failure", false},
	} {
		if err := s.Step(run.ID, tt.status, tt.conclusion); (err == nil) != tt.ok {
			t.Errorf("to %s %s: %v", tt.status, tt.conclusion, err)
		}
	}
}
