package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// Two ways of one thing, beside each other over a store that answers each request
// after 20 ms. The time is fake (testing/synctest): the figures are the same on a
// busy machine.
const (
	waysPages   = 300
	waysLatency = 20 * time.Millisecond
	// S3 Standard in us-east-1, in US dollars for 1,000 PUT, COPY or LIST requests
	// (https://aws.amazon.com/s3/pricing/).
	waysPrice = 0.005
)

// A bucket that an older tool filled holds no CRC. Where its ETags are MD5s the
// first deploy takes its files over; where they are none (KMS) somebody has to let
// the guard pass, and everything is sent.
func TestFilesOfAnotherToolAreTakenOverByTheirMD5(t *testing.T) {
	t.Parallel()
	pages := waySite("")
	source := writeSite(t, pages)
	var sent [2]int
	for n, way := range []string{"etag=md5", "etag=other"} {
		objects := map[string]fakes3.Object{}
		for name, body := range pages {
			tag := md5.Sum([]byte(body))
			if n == 1 {
				tag = md5.Sum([]byte("sealed " + body))
			}
			objects[name] = fakes3.Object{Body: []byte(body), ETag: `"` + hex.EncodeToString(tag[:]) + `"`}
		}
		synctest.Test(t, func(t *testing.T) {
			server, dest := wayStore(t, objects, fakes3.Lacks{Checksums: true}, false)
			slow(server)
			o := engine.Options{Source: source, Site: "www"}
			r, err := engine.Run(t.Context(), dest, o)
			stopped := false
			if _, ok := errors.AsType[*guard.Error](err); ok {
				stopped = true
				o.Allow = []string{guard.ForeignFiles}
				r, err = engine.Run(t.Context(), dest, o)
			}
			if err != nil || !r.Live || stopped != (n == 1) {
				t.Fatalf("live %t, stopped %t: %v", r.Live, stopped, err)
			}
			sent[n] = r.Uploaded
			tell(way, r, fmt.Sprintf(" stopped_by_guard=%t", stopped))
		})
	}
	if sent[0] != 0 || sent[1] != len(pages) {
		t.Errorf("sent %v, want 0 and %d", sent, len(pages))
	}
}

// What a release replaces is kept by the bucket's versions, or by a copy of each.
func TestReplacedFilesAreKeptByVersionsOrCopies(t *testing.T) {
	t.Parallel()
	var requests [2]int64
	for n, way := range []string{"kept=versions", "kept=copies"} {
		first, second := writeSite(t, waySite("")), writeSite(t, waySite("second "))
		synctest.Test(t, func(t *testing.T) {
			server, dest := wayStore(t, nil, fakes3.Lacks{}, n == 0)
			slow(server)
			if _, err := engine.Run(t.Context(), dest, engine.Options{Source: first, Site: "www"}); err != nil {
				t.Fatal(err)
			}
			r, err := engine.Run(t.Context(), dest, engine.Options{Source: second, Site: "www"})
			if err != nil || !r.Live {
				t.Fatalf("live %t: %v", r.Live, err)
			}
			requests[n] = r.Requests
			tell(way, r, "")
			back, err := engine.Rollback(t.Context(), dest, 0, engine.Options{Site: "www"})
			if err != nil || !back.Live {
				t.Fatalf("rollback: live %t: %v", back.Live, err)
			}
			tell(way+" rollback", back, "")
		})
	}
	if requests[1]-requests[0] < waysPages-10 {
		t.Errorf("requests %v: a copy of each page is one more", requests)
	}
}

func tell(way string, r deploy.Result, more string) {
	fmt.Printf("%s seconds=%.2f requests=%d sent=%d usd=%.4f%s\n", way, r.Seconds, r.Requests, r.Uploaded, float64(r.Requests)/1000*waysPrice, more)
}

func waySite(version string) map[string]string {
	pages := map[string]string{"index.html": "<title>home</title>" + version}
	for n := range waysPages - 1 {
		pages[fmt.Sprintf("news/%02d/page-%04d.html", n%50, n)] = fmt.Sprintf("<title>page %d</title>%s", n, version)
	}
	return pages
}

func writeSite(t *testing.T, pages map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range pages {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func wayStore(t *testing.T, objects map[string]fakes3.Object, lacks fakes3.Lacks, versioned bool) (*fakes3.Server, store.Destination) {
	t.Helper()
	server := &fakes3.Server{Lacks: lacks, Versioned: versioned, PageSize: 1000}
	server.Bucket(bucket, objects)
	place, err := s3.Open(t.Context(), bucket, "", s3.Options{Endpoint: "http://fake", AccessKey: accessKey, SecretKey: secretKey, HTTPClient: server})
	if err != nil {
		t.Fatal(err)
	}
	return server, store.Destination{Site: place, State: place.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
}

func slow(server *fakes3.Server) {
	server.Before = func(*http.Request) *fakes3.Fault {
		time.Sleep(waysLatency)
		return nil
	}
}
