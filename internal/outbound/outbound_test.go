package outbound

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestOnlyEncryptedAddressesAndThisMachinesOwnAreCalled(t *testing.T) {
	for address, good := range map[string]bool{
		"https://cms.example.gov/in?a=b": true, "http://127.0.0.1:9000/in": true, "http://localhost/": true, "http://[::1]:80/": true, "https://10.0.0.7/": true,
		"http://cms.example.gov/": false, "http://127.0.0.1.example.gov/": false, "http://localhost.example.gov/": false, "ftp://a/": false, "https://": false,
		"https://user:pass@cms.example.gov/": false, "https://:443/": false, "file:///etc/passwd": false, "cms": false, "": false, "https://a/#b": false, "http://169.254.169.254/": false,
	} {
		err := Check(address)
		if (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "pass") && !strings.Contains(err.Error(), "password") {
			t.Errorf("%s: the error repeats the address: %v", address, err)
		}
	}
}

func TestANameMustNotLeadToThisMachineOrTheNetworksOwnServices(t *testing.T) {
	for address, want := range map[string][2]bool{ // for any name, for this machine's
		"93.184.216.34:443": {true, true}, "10.0.0.7:443": {true, true}, "[2001:db8::1]:443": {true, true},
		"127.0.0.1:443": {false, true}, "127.9.9.9:443": {false, true}, "[::1]:443": {false, true}, "[::ffff:127.0.0.1]:443": {false, true},
		"169.254.169.254:80": {false, false}, "[fe80::1]:443": {false, false}, "0.0.0.0:443": {false, false}, "[::]:443": {false, false}, "224.0.0.1:80": {false, false},
		"nonsense": {false, false},
	} {
		for i, loopback := range []bool{false, true} {
			if got := allowed(address, loopback) == nil; got != want[i] {
				t.Errorf("%s (loopback: %v) is allowed: %v", address, loopback, got)
			}
		}
	}
}

func TestARedirectIsNotFollowedAndALargeAnswerIsCut(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			for range 64 {
				_, _ = w.Write(make([]byte, 64<<10)) // the reader goes
			}
			return
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer srv.Close()
	c, err := To(srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for path, want := range map[string]Answer{"/": {Status: 302, Whole: true}, "/large": {Status: 200}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Do(r, 1000)
		if err != nil || a.Status != want.Status || a.Whole != want.Whole || len(a.Body) > 1000 {
			t.Errorf("%s: %d, whole: %v, %d bytes (%v)", path, a.Status, a.Whole, len(a.Body), err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestAnErrorDoesNotRepeatTheAddress(t *testing.T) {
	c, err := To("http://127.0.0.1:1/token-of-the-hook", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/token-of-the-hook", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(r, 10); err == nil || strings.Contains(err.Error(), "token-of-the-hook") {
		t.Errorf("got %v", err)
	}
}
