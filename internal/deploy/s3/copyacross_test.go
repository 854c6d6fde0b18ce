package s3_test

import (
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func TestVersityGWCopiesAcrossBuckets(t *testing.T) {
	gw := servers.StartVersityGW(t)
	bucket := func(t *testing.T) store.Store {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		return open(t, dir[len(gw.Data)+1:], s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
	}
	storetest.RunAcross(t, func(t *testing.T) (from, to store.Store) {
		t.Helper()
		return bucket(t), bucket(t)
	})
}

func TestWhatAStoreWontCopyAcrossBucketsIsReadAndWritten(t *testing.T) {
	for name, fault := range map[string]*fakes3.Fault{
		"it copies":          nil,
		"it does not know":   {Status: http.StatusNotImplemented, Code: "NotImplemented"},
		"its policy forbids": {Status: http.StatusForbidden, Code: "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.RunAcross(t, func(t *testing.T) (from, to store.Store) {
				t.Helper()
				server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
					if r.Header.Get("X-Amz-Copy-Source") == "" {
						return nil
					}
					return fault
				}}
				server.Bucket("a", nil)
				server.Bucket("b", nil)
				o := s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, MaxAttempts: 1}
				return open(t, "a", o), open(t, "b", o)
			})
		})
	}
}

// TestAnAnswerWithoutAnEndIsNotReadToIt: content on its way through this machine is
// as long as its store says.
func TestAnAnswerWithoutAnEndIsNotReadToIt(t *testing.T) {
	endless := &counted{}
	from := open(t, "a", s3.Options{Endpoint: "http://one", AccessKey: "a", SecretKey: "s", MaxAttempts: 1, HTTPClient: client(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1, Body: endless, Request: r}, nil
	})})
	fake := &fakes3.Server{}
	fake.Bucket("b", nil)
	to := open(t, "b", s3.Options{Endpoint: "http://two", AccessKey: "a", SecretKey: "s", HTTPClient: fake})
	_, err := to.Copy(t.Context(), store.Copy{Key: "k", From: "k", FromStore: from})
	if err == nil || endless.n > 1<<20 || len(fake.Objects("b")) != 0 {
		t.Errorf("%v, after %d bytes", err, endless.n)
	}
}

// counted gives bytes for as long as it is read; no test waits for 64 MB.
type counted struct{ n int }

func (c *counted) Read(p []byte) (int, error) {
	if c.n += len(p); c.n > 64<<20 {
		return 0, io.EOF
	}
	return len(p), nil
}

func (*counted) Close() error { return nil }
