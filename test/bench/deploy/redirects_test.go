package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakekvs"
	"github.com/pressrun/pressrun/test/fakes3"
)

// wayRedirects are a quarter each of 301, 302, 307 and 308.
const wayRedirects = 200

// Redirects are objects that lead on, or those and keys of a CloudFront KeyValueStore
// that a function answers from. Behind origin access control CloudFront asks S3's REST
// endpoint, which knows no redirect: the status that was asked for comes from the
// function alone.
func TestRedirectsAreObjectsOrAlsoKeys(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	var right [2]int
	for n, way := range []string{"redirects=keys", "redirects=objects"} {
		var sources []string
		for _, to := range []string{"/news/00/page-0000.html", "/news/01/page-0001.html"} {
			sources = append(sources, writeSite(t, redirected(to)))
		}
		synctest.Test(t, func(t *testing.T) {
			server, dest := wayStore(t, nil, fakes3.Lacks{}, false)
			slow(server)
			keys := &fakekvs.Server{Before: func(*http.Request) *fakekvs.Fault {
				time.Sleep(waysLatency)
				return nil
			}}
			o := engine.Options{Site: "www"}
			if n == 0 {
				var err error
				if o.Redirects, err = redirectkv.Open(t.Context(), redirectkv.Config{ARN: fakekvs.ARN, HTTPClient: keys}); err != nil {
					t.Fatal(err)
				}
			}
			for i, what := range []string{"all new", "a tenth changed", "nothing changed"} {
				o.Source = sources[min(i, 1)]
				before := len(keys.Calls())
				r, err := engine.Run(t.Context(), dest, o)
				if err != nil || !r.Live {
					t.Fatalf("live %t: %v", r.Live, err)
				}
				tell(way, r, fmt.Sprintf(" what=%q calls_of_the_store=%d", what, len(keys.Calls())-before))
			}
			for _, value := range keys.Keys() {
				if status, _, ok := strings.Cut(value, " "); ok && strings.Contains("301 302 307 308", status) {
					right[n]++
				}
			}
		})
	}
	fmt.Printf("addresses with the status that was asked for, behind origin access control: %d of %d, and %d without the store\n", right[0], wayRedirects, right[1])
	if right[0] != wayRedirects || right[1] != 0 {
		t.Errorf("right: %v", right)
	}
}

// redirected is a site with redirects, a tenth of which lead to an address that the next
// release changes.
func redirected(to string) map[string]string {
	pages := waySite("")
	var rules strings.Builder
	for i := range wayRedirects {
		target := "/news/02/page-0002.html"
		if i%10 == 0 {
			target = to
		}
		fmt.Fprintf(&rules, "/old/%03d %s %d\n", i, target, []int{301, 302, 307, 308}[i%4])
	}
	pages["_redirects"] = rules.String()
	return pages
}
