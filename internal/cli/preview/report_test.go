package preview_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

func TestARunTellsTheAppOfItsPreview(t *testing.T) {
	var got api.PreviewReport
	mux := http.NewServeMux()
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"value": "%s of %s"}`, r.Header.Get("Authorization"), r.URL.Query().Get("audience"))
	})
	mux.HandleFunc("POST /v1/github/previews/reports", func(w http.ResponseWriter, r *http.Request) {
		if want := "Bearer Bearer secret of http://" + r.Host; r.Header.Get("Authorization") != want {
			t.Errorf("the app was shown %q, want %q", r.Header.Get("Authorization"), want)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if got.PullRequest != 12 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"title": "Conflict", "detail": "the app waits for no report of this run"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	app := httptest.NewServer(mux)
	defer app.Close()
	made := filepath.Join(t.TempDir(), "preview.json")
	document := `{"name": "pull-12-x", "address": "https://pull-12-x.preview.example.gov", "files": 4, "differences": {"release": 3, "pages": [{"path": "a.html", "change": "added"}]}}`
	if err := os.WriteFile(made, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(other, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file, pull, request string
		code                      int
		want                      string
	}{
		{"good", made, "12", app.URL + "/token", exit.OK, "the app knows of the preview of pull request 12"},
		{"that nobody waits for", made, "13", app.URL + "/token", exit.Conflict, "waits for no report"},
		{"without a word of GitHub's", made, "12", "", exit.Unauthorized, "id-token: write"},
		{"of something else", other, "12", app.URL + "/token", exit.Usage, "preview create --json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", c.request)
			t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
			run := clitest.Run(t, clitest.Invocation{Args: []string{"preview", "report", c.file, "--app", app.URL, "--site", "www", "--pull-request", c.pull, "--token", "T"}})
			if run.Code != c.code || !strings.Contains(run.Out+run.Err, c.want) {
				t.Errorf("got %d\n%s%s\nwant %d and %q", run.Code, run.Out, run.Err, c.code, c.want)
			}
		})
	}
	if got.Site != "www" || got.Token != "T" || got.Files != 4 || !strings.Contains(string(got.Differences), "a.html") {
		t.Errorf("the app was told %+v", got)
	}
}
