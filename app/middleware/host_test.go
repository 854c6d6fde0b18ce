package middleware

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestOnlyNamesOfThisMachineAreRight(t *testing.T) {
	for _, c := range []struct {
		host, address, access string
		right                 bool
	}{
		{"localhost:8080", "", "loopback", true},
		{"LOCALHOST", "", "loopback", true},
		{"127.0.0.1:8080", "", "loopback", true},
		{"[::1]:8080", "", "loopback", true},
		{"pressrun.test:8080", "http://pressrun.test:8080", "loopback", true},
		{"evil.example", "", "loopback", false},
		{"evil.example:8080", "http://pressrun.test:8080", "loopback", false},
		{"192.0.2.1", "", "loopback", false},
		{"localhost.evil.example", "", "loopback", false},
		{"evil.example", "", "token", true},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Host = c.host
		p := WrongHost(config.Config{URL: c.address, Pages: config.Pages{Access: c.access}}, r)
		if (p == nil) != c.right {
			t.Errorf("%s at %q with access %s: %v", c.host, c.address, c.access, p)
		}
		if p != nil && (p.Status != http.StatusMisdirectedRequest || p.Code != "wrong_host") {
			t.Errorf("%s: %+v", c.host, p)
		}
	}
}
