package githubapp

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) *http.Response

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// GitHub makes the App of exactly this
// (https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest#github-app-manifest-parameters).
func TestTheAppMayDoWhatPressrunNeedsAndNoMore(t *testing.T) {
	want := `{"name":"Pressrun for acme","url":"https://pressrun.example.gov","hook_attributes":{"url":"https://pressrun.example.gov/v1/github/webhooks","active":true},` +
		`"redirect_url":"https://pressrun.example.gov/setup/created","callback_urls":["https://pressrun.example.gov/signin/github/callback"],` +
		`"setup_url":"https://pressrun.example.gov/setup/installed","public":false,"default_events":["workflow_run","workflow_job","repository"],` +
		`"default_permissions":{"actions":"write","deployments":"write","members":"read","metadata":"read"}}`
	if diff := cmp.Diff(want, NewManifest("https://pressrun.example.gov/", "Pressrun for acme", false, false).JSON()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	here := NewManifest("http://127.0.0.1:8080", strings.Repeat("a", 50), true, true)
	if here.HookAttributes.Active || utf8.RuneCountInString(here.Name) > maxAppName || !slices.Contains(here.DefaultEvents, EventProtectionRule) {
		t.Errorf("%+v", here)
	}
}

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
