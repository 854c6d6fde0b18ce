package connect_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cms"
)

// TestAHookIsTestedAsItsSystemCalls sends the sample of each dialect, and looks that
// it is signed, that it is understood, and that a second one is another event.
func TestAHookIsTestedAsItsSystemCalls(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range cms.Names() {
		t.Run(name, func(t *testing.T) {
			system, _ := cms.Find(name)
			var came []cms.Delivery
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				came = append(came, cms.Delivery{Method: r.Method, URI: r.RequestURI, Query: r.URL.Query(), Header: r.Header, Body: body})
				_, _ = io.WriteString(w, `{"decision":"release","why":"It asks for a release now.","link":"https://pressrun.example.gov/requests/req_1"}`)
			}))
			t.Cleanup(srv.Close)
			args := []string{"hook", "test", "www", "--as", name, "--address", srv.URL + "/hooks/www/prh_secret", "--secret-file", secret}
			got := clitest.Run(t, clitest.Invocation{Args: args})
			if got.Code != 0 || got.Out != "Taken: It asks for a release now.\nhttps://pressrun.example.gov/requests/req_1\n" {
				t.Fatalf("%+v", got)
			}
			d := came[0]
			if err := system.Verify(d, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, clitest.Noon); err != nil {
				t.Errorf("what was sent is not signed: %v", err)
			}
			events, err := system.Events(d)
			if err != nil || len(events) == 0 {
				t.Fatalf("%v, %v", events, err)
			}
			if strings.HasSuffix(events[0].ID, "sample") {
				t.Errorf("each test would have the id %s", events[0].ID)
			}
		})
	}
}

func TestAHookTestThatCannotBeMeantIsRefused(t *testing.T) {
	for want, args := range map[string][]string{
		`"nobody" is no dialect`:           {"--as", "nobody", "--address", "https://x.example/hooks/www/prh_secret"},
		"the address is none of a hook of": {"--as", "ghost", "--address", "https://x.example/hooks/other/prh_secret"},
	} {
		got := clitest.Run(t, clitest.Invocation{Args: append([]string{"hook", "test", "www"}, args...)})
		if got.Code != 2 || !strings.Contains(got.Err, want) || strings.Contains(got.Err, "prh_secret") {
			t.Errorf("%+v, want %q and no secret", got, want)
		}
	}
}
