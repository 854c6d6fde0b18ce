package cdn

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// refusedByCloudFront are what CloudFront wants encoded: all that is not ASCII and
// the unsafe characters of RFC 1738, 2.2.
var refusedByCloudFront = regexp.MustCompile("[^!-~]|[<>\"{}|\\\\^~\\[\\]`]")

// strict is a CloudFront that refuses a batch for one path, and each for which
// also says so.
func strict(t *testing.T, also func(path string) bool) (Purger, *[]string) {
	t.Helper()
	awsEnvironment(t)
	var mu sync.Mutex
	taken := []string{}
	path := regexp.MustCompile(`<Path>(.*?)</Path>`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "<Invalidation><Id>I</Id><Status>Completed</Status></Invalidation>")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var paths []string
		for _, m := range path.FindAllStringSubmatch(string(body), -1) {
			m[1] = html.UnescapeString(m[1])
			if refusedByCloudFront.MatchString(m[1]) || also(m[1]) || slices.Contains(paths, m[1]) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidArgument</Code><Message>Your request contains one or more invalid invalidation paths.</Message></Error></ErrorResponse>`)
				return
			}
			paths = append(paths, m[1])
		}
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, paths...)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "<Invalidation><Id>I</Id><Status>InProgress</Status></Invalidation>")
	}))
	t.Cleanup(server.Close)
	return cloudFrontAt(t, "E1", server.URL, "https://www.example.org"), &taken
}

func noOther(string) bool { return false }

func TestCloudFrontTakesWhatItRefusesByAWildcard(t *testing.T) {
	for _, c := range []struct {
		name string
		want []string
	}{
		{"js/runtime~main.js", []string{"/js/runtime*"}},
		{"docs/x[1].pdf", []string{"/docs/x*"}},
		{"tags/a|b/index.html", []string{"/tags/a*"}},
		{"~user/index.html", []string{"/*"}},
		{"(shop)/[slug]/page.js", []string{"/(shop)/*"}},
		{"a/100%.html", []string{"/a/100%25.html"}},
		{"q^2{x}.html", []string{"/q%5E2%7Bx%7D.html"}},
		{`win\path.html`, []string{"/win%5Cpath.html"}},
		{"caf\u00e9/\u30c6.html", []string{"/caf%C3%A9/%E3%83%86.html"}},
		{"caf\u00e9/b~.html", []string{"/caf%C3%A9/b*"}},
		{"it's(1),a+b;c=d&e@f!$.html", []string{"/it's(1),a+b;c=d&e@f!$.html"}},
		{"end*", []string{"/end*"}},
		{"d*/x.html", []string{"/d*/x.html"}},
		{"#first.html", []string{"/%23first.html"}}, // and no tag
		{"q?x.html", []string{"/q%3Fx.html"}},
		{"p%zz.html", []string{"/p%25zz.html"}},
		{"%2e%2e/x.html", []string{"/%252e%252e/x.html"}},
		{`quote"'.html`, []string{"/quote%22'.html"}},
		{"back`tick.html", []string{"/back%60tick.html"}},
		{strings.Repeat("\u8a9e", 330) + "/index.html", []string{"/" + strings.Repeat("%E8%AA%9E", 330) + "*"}}, // as long as a key can be: 3,000 characters of 4,000
	} {
		t.Run(c.name, func(t *testing.T) {
			p, taken := strict(t, noOther)
			in := Input{Site: "www", Release: 1, Changes: []Change{{Path: c.name, Reason: plan.ReasonContent}}, Held: []Object{{Path: c.name}, {Path: "other.html"}}}
			receipt, err := carry(t.Context(), p, Plan(in, p.Limits()).Set)
			if err != nil || !finished(receipt) || len(receipt.Refused) > 0 {
				t.Errorf("%+v, %v", receipt, err)
			}
			slices.Sort(*taken)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, *taken); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// More of them than CloudFront takes wildcards at once: they are folded.
func TestManyUnsafeNamesAreFoldedIntoFewWildcards(t *testing.T) {
	p, taken := strict(t, noOther)
	in := Input{Site: "www", Release: 1}
	for n := range 60 {
		name := fmt.Sprintf("f%d/chunk%d~a.js", n%4, n)
		in.Held = append(in.Held, Object{Path: name}, Object{Path: fmt.Sprintf("pages/p%d.html", n)})
		in.Changes = append(in.Changes, Change{Path: name, Reason: plan.ReasonContent})
	}
	in.Changes = append(in.Changes, Change{Path: "pages/p1.html", Reason: plan.ReasonContent})
	d := Plan(in, p.Limits())
	if len(d.Set.Prefixes) == 0 || len(d.Set.Prefixes) > cloudFrontPlanned || d.Set.All {
		t.Fatalf("%+v", d.Set)
	}
	if _, err := carry(t.Context(), p, d.Set); err != nil {
		t.Fatal(err)
	}
	for _, c := range in.Changes {
		if !slices.ContainsFunc(*taken, func(path string) bool {
			start, star := strings.CutSuffix(path, "*")
			return path == "/"+c.Path || star && strings.HasPrefix("/"+c.Path, start)
		}) {
			t.Errorf("%s is reached by none of %q", c.Path, *taken)
		}
	}
}

// A note that an earlier version left names a path as it is: resuming sends it.
func TestAnUnsafePathThatIsPendingGoesOn(t *testing.T) {
	p, taken := strict(t, noOther)
	set := Set{Site: "www", Paths: []string{"/a.html", "/x~1.js", "/x~2.js"}}
	if receipt, err := resume(t.Context(), p, Receipt{CDN: p.Name(), Set: set, Left: set}); err != nil || !finished(receipt) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if diff := cmp.Diff([]string{"/a.html", "/x*"}, *taken); diff != "" {
		t.Error(diff)
	}
}

// What else a CDN refuses is found out by halves: the folder is purged in its place,
// and all others exactly.
func TestARefusedItemDoesNotSinkTheOthers(t *testing.T) {
	p, taken := strict(t, func(path string) bool { return path == "/odd/b.html" || path == "/root.html" })
	set := Set{Site: "www", Release: 2, Paths: append(numbered(200, "/n/%d.html"), "/odd/b.html")}
	receipt, err := carry(t.Context(), p, set)
	if err != nil || !finished(receipt) || !slices.Equal(receipt.Refused, []string{"/odd/b.html"}) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if want := append(numbered(200, "/n/%d.html"), "/odd/*"); !slices.Equal(*taken, want) {
		t.Errorf("took %q", *taken)
	}
	receipt, err = carry(t.Context(), p, Set{Site: "www", Release: 3, Paths: []string{"/root.html", "/z.html"}})
	if err != nil || !finished(receipt) || (*taken)[len(*taken)-1] != "/*" {
		t.Errorf("%+v, %v; took %q", receipt, err, (*taken)[201:])
	}
}

func TestACDNThatRefusesEverythingIsNotPromisedToBeFinished(t *testing.T) {
	p, _ := strict(t, func(string) bool { return true })
	receipt, err := carry(t.Context(), p, Set{Site: "www", Paths: numbered(1000, "/%d.html")})
	if err == nil || finished(receipt) || strings.Contains(err.Error(), "--resume") || !strings.Contains(err.Error(), "another try is refused too") {
		t.Errorf("%+v, %v", receipt, err)
	}
	if len(receipt.Refused) > maxRefused+1 {
		t.Errorf("%d items were tried by themselves", len(receipt.Refused))
	}
}

// The other CDNs are asked by the very address that browsers ask them by, and one
// that they refuse does not sink the others.
func TestEachCDNIsAskedAsBrowsersAsk(t *testing.T) {
	paths := []string{"/a|b(1).html", "/c[2]~^.html", "/x/bad.html", "/z.html"}
	for _, c := range []struct {
		kind, address string
		want          []string
	}{
		// z.html may be left to the purge of everything, which comes in place of what is refused.
		{"fastly", "fastly:S", []string{"/purge/www.example.org/a|b(1).html", "/purge/www.example.org/c[2]~%5E.html", "/service/S/purge_all"}},
		{"varnish", "", []string{"/a|b(1).html", "/c[2]~%5E.html", "/z.html", "BAN ^/x/"}},
		{"cloudflare", "cloudflare:Z", []string{`{"files":["https://www.example.org/a|b(1).html","https://www.example.org/c[2]~%5E.html"]}`, `{"files":["https://www.example.org/z.html"]}`, `{"prefixes":["www.example.org/x"]}`}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			var mu sync.Mutex
			var took []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				told := r.RequestURI
				if c.kind == "cloudflare" {
					told = string(body)
				}
				if r.Method == "BAN" {
					told = "BAN " + r.Header.Get("X-Ban-Url")
				}
				if strings.Contains(told, "bad.html") {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if !slices.Contains(took, told) {
					took = append(took, told)
				}
				_, _ = io.WriteString(w, `{"success":true}`)
			}))
			t.Cleanup(server.Close)
			if c.address == "" {
				c.address = "varnish:" + server.URL
			}
			p, err := Open(t.Context(), Config{Address: c.address, PublicURL: "https://www.example.org", Endpoint: server.URL, Retry: quick, Getenv: func(string) string { return secret }})
			if err != nil {
				t.Fatal(err)
			}
			receipt, err := carry(t.Context(), p, Set{Site: "www", Paths: paths})
			if err != nil || !slices.Equal(receipt.Refused, []string{"/x/bad.html"}) {
				t.Errorf("%+v, %v", receipt, err)
			}
			for _, w := range c.want {
				if !slices.Contains(took, w) {
					t.Errorf("%q was not told; told %q", w, took)
				}
			}
		})
	}
}
