package cdn

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/servers"
)

// behindVarnish runs a real Varnish with the VCL of the guide before an origin
// whose every answer is another.
func behindVarnish(t *testing.T) (address string, get func(host, path string) string) {
	t.Helper()
	var version atomic.Int64
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		switch {
		case strings.HasPrefix(r.URL.Path, "/news/"):
			w.Header().Set("X-Amz-Meta-Cache-Tag", "news, list,p:"+strings.TrimPrefix(r.URL.Path, "/news/"))
		case strings.HasPrefix(r.URL.Path, "/newsletter/"):
			w.Header().Set("X-Amz-Meta-Cache-Tag", "newsletter,a.b")
		}
		_, _ = fmt.Fprintf(w, "%s%s %d", r.Host, r.URL.Path, version.Add(1))
	}))
	t.Cleanup(origin.Close)
	vcl, err := os.ReadFile("../../docs/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	address = servers.StartVarnish(t, string(vcl), origin.URL)
	return address, func(host, path string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, response.Status, err)
		}
		for _, name := range []string{"X-Ban-Url", "X-Ban-Host", "X-Amz-Meta-Cache-Tag"} {
			if response.Header.Get(name) != "" {
				t.Errorf("visitors see the header %s", name)
			}
		}
		return string(body)
	}
}

func TestVarnishForgetsWhatItIsToldAndNothingElse(t *testing.T) {
	address, get := behindVarnish(t)
	const host, neighbour = "www.example.org", "other.example.org"
	p, err := Open(t.Context(), Config{Address: "varnish:" + address, PublicURL: "https://" + host, Retry: quick})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"/", "/a", "/b/1", "/b/2", "/news/1", "/news/2", "/newsletter/", "/caf%C3%A9", "/x%20y+z", "/news(1)/"}
	for _, c := range []struct {
		name  string
		set   Set
		fresh []string
	}{
		{"a tag", Set{Tags: []string{"list"}}, []string{"/news/1", "/news/2"}},
		{"a tag in another case", Set{Tags: []string{"NEWS"}}, []string{"/news/1", "/news/2"}},
		{"a tag that ends the list", Set{Tags: []string{"p:2"}}, []string{"/news/2"}},
		{"many tags", Set{Tags: append(numbered(700, "tag-number-%d"), "p:1")}, []string{"/news/1"}},
		{"a part of a tag", Set{Tags: []string{"lis", "new"}}, nil},
		{"a tag with signs of patterns", Set{Tags: []string{"a.b", "(.*)", "p.1"}}, []string{"/newsletter/"}},
		{"an address", Set{Paths: []string{"/a"}}, []string{"/a"}},
		{"addresses that are encoded", Set{Paths: []string{"/caf\u00e9", "/x y+z"}}, []string{"/caf%C3%A9", "/x%20y+z"}},
		{"a folder", Set{Prefixes: []string{"/b/"}}, []string{"/b/1", "/b/2"}},
		{"a start of addresses", Set{Prefixes: []string{"/news("}}, []string{"/news(1)/"}},
		{"a bit of each", Set{Tags: []string{"p:1"}, Paths: []string{"/a"}, Prefixes: []string{"/b/"}}, []string{"/a", "/b/1", "/b/2", "/news/1"}},
		{"everything", Set{All: true}, all},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := map[string]string{neighbour: get(neighbour, "/a")}
			for _, path := range all {
				before[path] = get(host, path)
				if again := get(host, path); again != before[path] {
					t.Fatalf("%s is not cached: %q, then %q", path, before[path], again)
				}
			}
			if _, err := carry(t.Context(), p, c.set); err != nil {
				t.Fatal(err)
			}
			for _, path := range all {
				if fresh := get(host, path) != before[path]; fresh != slices.Contains(c.fresh, path) {
					t.Errorf("%s: fresh is %v", path, fresh)
				}
			}
			if get(neighbour, "/a") != before[neighbour] {
				t.Error("another site behind the same Varnish was dropped")
			}
		})
	}
}

func TestVarnishRefusesABanThatIsNone(t *testing.T) {
	address, get := behindVarnish(t)
	get("www.example.org", "/a")
	p, err := Open(t.Context(), Config{Address: "varnish:" + address, PublicURL: "https://www.example.org", Retry: quick})
	if err != nil {
		t.Fatal(err)
	}
	v, ok := p.(*varnish)
	if !ok {
		t.Fatalf("%T", p)
	}
	for header, pattern := range map[string]string{"X-Ban-Tags": "(", "X-Nothing": "x"} {
		if err := v.ban(t.Context(), address, header, pattern); err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("%s: %s: %v", header, pattern, err)
		}
	}
}

func TestOneVarnishThatIsAwayDoesNotKeepTheOthersStale(t *testing.T) {
	address, get := behindVarnish(t)
	away := "http://" + servers.FreeAddress(t)
	p, err := Open(t.Context(), Config{
		Address: "varnish:" + away + "," + address, PublicURL: "https://www.example.org", Retry: RetryPolicy{Tries: 2, First: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := get("www.example.org", "/a")
	receipt, err := carry(t.Context(), p, Set{Paths: []string{"/a"}})
	if err == nil || finished(receipt) || !strings.Contains(err.Error(), away) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if get("www.example.org", "/a") == before {
		t.Error("the server that is there was not told")
	}
}

func TestAServerWithoutOurVCLIsTold(t *testing.T) {
	for status, want := range map[int]string{http.StatusForbidden: "add it to the acl", http.StatusNotFound: "docs/varnish.vcl", http.StatusMethodNotAllowed: "docs/varnish.vcl", http.StatusNotImplemented: "docs/varnish.vcl"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		p, err := Open(t.Context(), Config{Address: "varnish:" + server.URL, PublicURL: "https://www.example.org", Retry: quick})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := carry(t.Context(), p, Set{All: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
