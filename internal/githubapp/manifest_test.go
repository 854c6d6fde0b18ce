package githubapp

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) *http.Response

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// The code comes with an address that anybody can write.
func TestACodeLeadsNowhereElse(t *testing.T) {
	for _, code := range []string{"../../user/repos", "a/b", "a?x=y", "a#b", "%2e%2e"} {
		asked := ""
		_, err := Convert(t.Context(), "https://github.test/api/v3", code, roundTrip(func(r *http.Request) *http.Response {
			asked = r.URL.RequestURI()
			answer := httptest.NewRecorder()
			answer.WriteHeader(http.StatusNotFound)
			return answer.Result()
		}))
		if want := "/api/v3/app-manifests/" + escaped(code) + "/conversions"; err == nil || asked != want {
			t.Errorf("%q: GitHub was asked for %s (%v), want %s", code, asked, err, want)
		}
	}
}

func escaped(code string) string {
	return map[string]string{"../../user/repos": "..%2F..%2Fuser%2Frepos", "a/b": "a%2Fb", "a?x=y": "a%3Fx=y", "a#b": "a%23b", "%2e%2e": "%252e%252e"}[code]
}
