package doctor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestTheReceiverOfTracesIsTried(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(secret, []byte("Authorization: Bearer key-of-traces\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || len(body) != 0 || r.Header.Get("Content-Type") != "application/x-protobuf":
			w.WriteHeader(http.StatusBadRequest)
		case r.URL.Path != "/v1/traces":
			w.WriteHeader(http.StatusNotFound)
		case r.Header.Get("Authorization") != "Bearer key-of-traces":
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer srv.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct {
		to           config.Target
		result, says string
	}{
		"well":         {config.Target{URL: srv.URL, SecretFile: secret}, ok, "takes traces"},
		"no key":       {config.Target{URL: srv.URL}, failed, "401"},
		"another path": {config.Target{URL: srv.URL + "/otlp", SecretFile: secret}, failed, "404"},
		"not there":    {config.Target{URL: gone.URL}, failed, "refused"},
		"no secret":    {config.Target{URL: srv.URL, SecretFile: secret + "-not"}, failed, "read its secret"},
	} {
		c.to.Name, c.to.Kind = "traces", "otlp"
		checks := traces(t.Context(), config.Site{Notify: []config.Target{{Name: "cms", Kind: "webhook"}, c.to}})
		if len(checks) != 1 || checks[0].Result != c.result || !strings.Contains(checks[0].Detail, c.says) || checks[0].Name != "traces to traces" || strings.Contains(checks[0].Detail, "key-of-traces") {
			t.Errorf("%s: %+v", name, checks)
		}
		if c.result != ok && checks[0].Do == "" {
			t.Errorf("%s: nothing is said to do", name)
		}
	}
}
