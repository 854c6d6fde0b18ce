package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func TestWhatAStoreLacksIsFoundOutAndSaidOnce(t *testing.T) {
	for name, c := range map[string]struct {
		server *fakes3.Server
		want   []store.MissingCapability
		says   string
	}{
		"nothing": {&fakes3.Server{}, nil, ""},
		"conditional writes": {
			&fakes3.Server{Unconditional: true},
			[]store.MissingCapability{store.MissingIfMatch, store.MissingIfAbsent},
			"two deploys at once would not notice each other",
		},
		"conditional deletes": {&fakes3.Server{Lacks: fakes3.Lacks{DeleteIfMatch: true}}, []store.MissingCapability{store.MissingDeleteIfMatch}, "looked at before it is deleted"},
		"checksums":           {&fakes3.Server{Lacks: fakes3.Lacks{Checksums: true}}, []store.MissingCapability{store.MissingChecksums, store.MissingStoredChecksums}, "damage on the way is not noticed"},
		"website redirects":   {&fakes3.Server{Lacks: fakes3.Lacks{WebsiteRedirect: true}}, []store.MissingCapability{store.MissingRedirects}, "pages with status 200 that redirect by themselves"},
		"metadata":            {&fakes3.Server{Lacks: fakes3.Lacks{Metadata: true}}, []store.MissingCapability{store.MissingMetadata}, "no cache tags"},
		"copies":              {&fakes3.Server{Lacks: fakes3.Lacks{Copy: true}}, []store.MissingCapability{store.MissingCopies}, "no release is kept"},
		"headers of copies":   {&fakes3.Server{Lacks: fakes3.Lacks{CopyHeaders: true}}, []store.MissingCapability{store.MissingCopyHeaders}, "sends the file again"},
	} {
		t.Run(name, func(t *testing.T) {
			server := c.server
			dest := fake(t, server)
			for _, first := range []bool{true, false} {
				r, err := engine.Run(t.Context(), dest, options(small().write(t)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, r.MissingCapabilities, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b store.MissingCapability) bool { return a < b })); diff != "" {
					t.Error(diff)
				}
				if said := strings.Join(r.Warnings, "\n"); len(r.Warnings) != len(c.want)*map[bool]int{true: 1}[first] || (first && !strings.Contains(said, c.says)) {
					t.Errorf("first %v: said %q", first, r.Warnings)
				}
			}
			for key := range server.Objects("b") {
				if strings.Contains(key, "probe") {
					t.Errorf("%s stayed behind", key)
				}
			}
			// A change of headers and of content arrives all the same.
			next := options(small().with("news/index.html", "later").write(t))
			next.Rules = rules.Rules{Headers: []rules.HeaderRule{{Match: "about/index.html", Set: map[string]string{"cache-control": "no-store"}}}}
			if _, err := engine.Run(t.Context(), dest, next); err != nil {
				t.Fatal(err)
			}
			objects := server.Objects("b")
			if got := objects["about/index.html"].Header.Get("Cache-Control"); got != "no-store" || string(objects["news/index.html"].Body) != "later" {
				t.Errorf("served with %q, %q", got, objects["news/index.html"].Body)
			}
		})
	}
}

func TestWithoutConditionalDeletesFilesAreLookedAtFirst(t *testing.T) {
	server := &fakes3.Server{Lacks: fakes3.Lacks{DeleteIfMatch: true}}
	dest := fake(t, server)
	if _, err := engine.Run(t.Context(), dest, options(small().with("a.txt", "a").with("b.txt", "b").write(t))); err != nil {
		t.Fatal(err)
	}
	if _, err := dest.Site.Put(t.Context(), store.SmallPut("a.txt", "content-type: text/plain\n", []byte("edited by hand"), store.Condition{})); err != nil {
		t.Fatal(err)
	}
	r, err := engine.Run(t.Context(), dest, options(small().write(t)))
	if err != nil || r.Deleted != 1 || !strings.Contains(strings.Join(r.Warnings, " "), "a.txt is not deleted: someone else has changed it") {
		t.Fatalf("%d deleted, %q, %v", r.Deleted, r.Warnings, err)
	}
	if objects := server.Objects("b"); string(objects["a.txt"].Body) != "edited by hand" || objects["b.txt"].Body != nil {
		t.Error("the bucket holds something else")
	}
}

// TestVersityGWLacksOnlyNestedKeys: also with the state in a bucket of its own, where
// the site's is probed by itself.
func TestVersityGWLacksOnlyNestedKeys(t *testing.T) {
	gw := servers.StartVersityGW(t, "site", "state")
	for _, state := range []string{"", "s3://state/of/www"} {
		dest, err := destination.Open(t.Context(), "s3://site/www"+strings.ReplaceAll(state, "/", "-"), destination.Options{
			Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, State: state,
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := engine.Run(t.Context(), dest, options(small().write(t)))
		if err != nil || !slices.Equal(r.MissingCapabilities, []store.MissingCapability{store.MissingNestedKeys}) || len(r.Warnings) != 0 {
			t.Fatalf("%v %q %v", r.MissingCapabilities, r.Warnings, err)
		}
		var names []string
		if err := dest.Site.List(t.Context(), "", func(i store.Info) error { names = append(names, i.Key); return nil }); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "probe") }) {
			t.Errorf("a probe stayed behind: %q", names)
		}
	}
}

// TestARealStoreThatChecksNothingIsFoundOut: moto takes content that differs from
// its checksum.
func TestARealStoreThatChecksNothingIsFoundOut(t *testing.T) {
	moto := servers.StartMoto(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, moto+"/site", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	dest, err := destination.Open(t.Context(), "s3://site", destination.Options{Endpoint: moto, AccessKey: "a", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := engine.Run(t.Context(), dest, options(small().write(t)))
	if err != nil || !slices.Contains(r.MissingCapabilities, store.MissingChecksums) {
		t.Fatalf("%v %q %v", r.MissingCapabilities, r.Warnings, err)
	}
	t.Logf("moto lacks %v", r.MissingCapabilities)
}

// TestADestinationOfAnEarlierVersionIsProbedOnce: its head says nothing of its
// store.
func TestADestinationOfAnEarlierVersionIsProbedOnce(t *testing.T) {
	probes := 0
	server := &fakes3.Server{Lacks: fakes3.Lacks{WebsiteRedirect: true}}
	server.Before = func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "/probe") {
			probes++
		}
		return nil
	}
	dest := fake(t, server)
	dir := small().write(t)
	if _, err := engine.Run(t.Context(), dest, options(dir)); err != nil {
		t.Fatal(err)
	}
	o, err := dest.State.Get(t.Context(), "head")
	if err != nil {
		t.Fatal(err)
	}
	head, err := manifest.ParseHead(o.Body, "")
	if err != nil {
		t.Fatal(err)
	}
	head.Store = nil
	body, err := head.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dest.State.Put(t.Context(), store.SmallPut("head", manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
	before := probes
	for range 2 {
		r, err := engine.Run(t.Context(), dest, options(dir))
		if err != nil || !slices.Equal(r.MissingCapabilities, []store.MissingCapability{store.MissingRedirects}) {
			t.Fatal(r.MissingCapabilities, err)
		}
	}
	if before == 0 || probes != 2*before {
		t.Errorf("%d probes, then %d", before, probes)
	}
}

// A store that is overloaded as it is tried must not be taken for one that does
// not copy, since nobody would ask again.
func TestAStoreThatIsBusyIsNotTakenForOneThatDoesNotCopy(t *testing.T) {
	busy := true
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if busy && r.Header.Get("X-Amz-Copy-Source") != "" {
			return &fakes3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	}}
	dest := fakeTrying(t, server, 1)
	if r, err := engine.Run(t.Context(), dest, options(small().write(t))); err == nil || r.Live || len(server.Objects("b")["index.html"].Body) > 0 {
		t.Errorf("live %t, %v", r.Live, err)
	}
	busy = false
	r, err := engine.Run(t.Context(), dest, options(small().write(t)))
	if err != nil || len(r.MissingCapabilities) > 0 {
		t.Errorf("the store lacks %q, %v", r.MissingCapabilities, err)
	}
}
