package s3_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func TestVersityGWCopiesAcrossBuckets(t *testing.T) {
	gw := servers.StartVersityGW(t)
	bucket := func(t *testing.T) deploy.Store {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		return open(t, dir[len(gw.Data)+1:], s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
	}
	storetest.RunAcross(t, func(t *testing.T) (from, to deploy.Store) {
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
			storetest.RunAcross(t, func(t *testing.T) (from, to deploy.Store) {
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
